"""``gmf train --folds`` and ``gmf curve``: series of runs that go on when killed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    is_helping,
    run_name,
    train_shown,
)

if TYPE_CHECKING:
    from gmf.experiments.series import SeriesRun
    from gmf.training.config import RunConfig
    from gmf.training.run import Splits
    from gmf.training.run_folder import RunState


def train_folds(config: "RunConfig", folder: Path, *, folds: int, **options: Any) -> None:
    """Train a run for each fold and print the mean of what they reach on their dev parts."""
    from gmf.evaluation.significance import summarise_seeds
    from gmf.experiments.series import fold_splits

    splits = fold_splits(config, folds, on_note=_tell)
    runs = _run(config, folder, splits, kind=f"{folds} folds", **options)
    summary = summarise_seeds([run.f1 for run in runs])
    if is_helping():
        return
    write(
        f"{folder}: dev F1 {100 * summary.mean:.2f} ± {100 * summary.deviation:.2f} (lenient "
        f"micro, mean and deviation of {folds} folds)"
    )


def curve(
    preset: Preset,
    overrides: Overrides = None,
    sizes: Annotated[
        str,
        typer.Option(help="Sizes of train with commas: numbers of samples, or shares."),
    ] = "10%,25%,50%,100%",
    run: RunFolder = None,
    accept_changes: AcceptChanges = False,
    device: Device = "auto",
    tracker: Trackers = None,
) -> None:
    """Train on ever more of the data and print what each size reaches on dev; resumable.

    Examples:
      gmf curve twitter2017 data.folder=DATA --sizes 100,1000,50%,100%
    """
    # Here, not above: help needs no torch.
    from gmf.experiments.series import size_splits

    config = checked_config(preset, overrides, device=device, trackers=tracker)
    splits = size_splits(config, sizes.split(","), on_note=_tell)
    folder = run or Path("runs") / f"{run_name(preset, config)}-curve"
    _run(config, folder, splits, kind="curve", trackers=tracker, accept_changes=accept_changes)
    if not is_helping():
        write(f"{folder}: {len(splits)} sizes")


def _tell(note: str) -> None:
    if not is_helping():
        say(note)


def _run(
    config: "RunConfig",
    folder: Path,
    splits: "dict[str, Splits]",
    *,
    kind: str,
    **options: Any,
) -> "list[SeriesRun]":
    from gmf.experiments.series import facts_of, run_series

    def train_one(path: Path, parts: "Splits") -> "RunState":
        _tell(f"run folder: {path}")
        return train_shown(config, path, splits=parts, **options)

    facts = {"kind": kind, **facts_of(config, splits)}
    runs = run_series(folder, splits, train_one=train_one, facts=facts)
    if is_helping():
        return runs
    table = Table("run", "train", "dev", "dev F1", "epoch")
    for one in runs:
        table.add_row(
            one.name, f"{one.train:,}", f"{one.dev:,}", f"{100 * one.f1:.2f}", str(one.epoch)
        )
    tables.print(table)
    return runs
