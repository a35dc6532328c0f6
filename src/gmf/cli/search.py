"""``gmf search``: options by the best dev F1, with Optuna."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gmf.cli.output import Device, say, tables, write
from gmf.cli.training_runs import (
    AcceptChanges,
    Overrides,
    Preset,
    RunFolder,
    Trackers,
    checked_config,
    refuse_several_processes,
    run_name,
    train_shown,
)
from gmf.core.extras import require_extra

if TYPE_CHECKING:
    from gmf.experiments.search import Trial
    from gmf.training.config import RunConfig
    from gmf.training.run_folder import RunState


def search(
    preset: Preset,
    overrides: Overrides = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            metavar="KEY=VALUES",
            help="What to try: LOW..HIGH, log:LOW..HIGH, or A,B,C; repeatable. For example "
            "training.learning_rate=log:1e-5..1e-4.",
        ),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Runs to end with.")] = 20,
    run: RunFolder = None,
    accept_changes: AcceptChanges = False,
    device: Device = "auto",
    tracker: Trackers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search options by the best dev F1, with Optuna; the same command goes on when killed.

    Examples:
      gmf search twitter2017 data.folder=DATA --try training.batch_size=8,16,32
    """
    require_extra("optuna", extra="search", purpose="gmf search")
    refuse_several_processes("gmf search")
    # Here, not above: help needs no torch, and the extra may be absent.
    from gmf.experiments.presets import load_run_config
    from gmf.experiments.search import corners, parse_space
    from gmf.experiments.search import search as run_search
    from gmf.experiments.series import facts_of
    from gmf.training.run import read_splits

    config = checked_config(preset, overrides, device=device, trackers=tracker)
    distributions = parse_space(space or [])

    def config_with(options: list[str]) -> "RunConfig":
        return load_run_config(preset, [*(overrides or []), *options])

    for option in corners(distributions):
        config_with([option])
    folder = run or Path("runs") / f"{run_name(preset, config)}-search"

    def train_one(path: Path, options: list[str]) -> "RunState":
        say(f"run folder: {path}: {' '.join(options)}")
        config = config_with(options)
        return train_shown(config, path, trackers=tracker, accept_changes=accept_changes)

    ended = run_search(
        folder,
        distributions,
        trials=trials,
        seed=config.seed,
        facts=facts_of(config, {"all": read_splits(config)}),
        train_one=train_one,
        on_trial=lambda trial: say(f"{trial.name}: {_percent(trial.f1)}"),
    )
    _show(ended, folder, as_json=as_json)


def _show(ended: "list[Trial]", folder: Path, *, as_json: bool) -> None:
    from gmf.experiments.search import best_of

    best = best_of(ended)
    if as_json:
        rows = [{"run": t.name, "options": t.options, "dev_f1": t.f1} for t in ended]
        write(json.dumps({"folder": str(folder), "best": best.name, "trials": rows}, indent=2))
        return
    table = Table("run", "options", "dev F1")
    for trial in sorted(
        ended, key=lambda trial: -1 if trial.f1 is None else trial.f1, reverse=True
    ):
        table.add_row(trial.name, "\n".join(trial.options), _percent(trial.f1))
    tables.print(table)
    write(f"{folder / best.name}: best dev F1 {_percent(best.f1)} with {' '.join(best.options)}")


def _percent(f1: float | None) -> str:
    return "failed" if f1 is None else f"{100 * f1:.2f}"
