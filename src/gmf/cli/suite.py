"""``gmf suite``: the paper's comparison, trained, scored and reported."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from gmf.cli.output import Device, messages, results, say, write
from gmf.core.device import compute_on
from gmf.core.errors import CheckpointError, ConfigError
from gmf.evaluation.image_controls import parse_controls
from gmf.experiments.suite.manifest import MANIFEST, Manifest
from gmf.experiments.suite.plan import PlannedRun, SuiteOptions, name_folders, plan_runs
from gmf.experiments.suite.pool import RunEvent, default_jobs
from gmf.experiments.suite.report import remove_report, write_report
from gmf.experiments.suite.reporting.figures.style import check_installed
from gmf.experiments.suite.run import check_data, run_suite
from gmf.experiments.suite.settings import read_settings
from gmf.experiments.suite.single_run import is_scored, state_of

suite_app = typer.Typer(
    no_args_is_help=True,
    help="The paper's comparison: every system, ablation and sweep in one report.",
)


@suite_app.command("paper")
def paper(
    data: Annotated[
        list[Path], typer.Option(help="Data folder; its name is the data set's. Repeatable.")
    ],
    encoders: Annotated[
        str, typer.Option(help="A packaged pair, or '{text: NAME, image: NAME}'.")
    ] = "minilm-mobilenet",
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 1 to N of models and ablations.")] = 3,
    sweep_seeds: Annotated[int, typer.Option(min=1, help="Seeds 1 to N of sweeps.")] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="tables, ablations, sweeps, or a pattern on names such as 'gmf-alpha-*'. "
            "Repeatable."
        ),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="YAML: pattern on names to a list of key=value.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time; a core each by default.")
    ] = None,
    images: Annotated[
        str,
        typer.Option(
            help="What models that read images are scored under: real, none, blank, shuffled, "
            "noise, with commas; all is all of these."
        ),
    ] = "real",
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Stop after these; the same command goes on."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of runs, manifest and report.")] = Path(
        "suite-output"
    ),
    device: Device = "auto",
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on with killed runs though their data, images, code or encoders changed.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run and stop.")
    ] = False,
) -> None:
    """Train, score and report every system; the same command goes on with a killed suite."""
    compute_on(device)
    options = SuiteOptions(
        data=name_folders(data),
        encoders=encoders,
        seeds=seeds,
        sweep_seeds=sweep_seeds,
        only=only or (),
        settings={} if settings is None else read_settings(settings),
        controls=tuple(name for name in parse_controls(images) if name != "real"),
    )
    runs = plan_runs(options, out)
    if dry_run:
        results.print(_plan_table(runs))
        return
    # The report needs it, and that must not show after hours.
    check_installed()
    with _watching(len(runs)) as on_event:
        done = run_suite(
            runs,
            out,
            options=options,
            jobs=jobs or default_jobs(),
            minutes=minutes,
            accept_changes=accept_changes,
            on_event=on_event,
        )
    for run, error in done.failed:
        say(f"failed: {run.name}: {error}")
    _write_report(out)
    number = len(runs) - len(done.failed) - len(done.left)
    write(f"{out}: {number} of {len(runs)} runs finished, see {MANIFEST}")
    if done.left:
        say(f"time is up: {len(done.left)} runs are left; the same command goes on")
    if done.failed:
        say("the same command tries the failed runs again")
    if done.failed or done.left:
        raise typer.Exit(1)


@suite_app.command("report")
def report(
    out: Annotated[Path, typer.Argument(help="Folder of a suite.")],
) -> None:
    """Write the report again from the runs that are finished; nothing is trained."""
    if not (out / MANIFEST).is_file():
        raise CheckpointError(f"{out}: no suite here; expected {MANIFEST}")
    _write_report(out)


def _write_report(out: Path) -> None:
    manifest = Manifest(out)
    for row in manifest.rows.values():
        for warning in row.get("warnings", ()):
            say(f"warning: {row['folder']}: {warning}")
    finished = manifest.finished()
    if not finished:
        remove_report(out)
        say("no run is finished, so there is nothing to report")
        return
    check_data(finished)
    write_report(
        finished,
        out,
        data=manifest.data,
        encoders=manifest.encoders,
        unfinished=manifest.unfinished(),
    )
    write(f"report of {len(finished)} runs: {out / 'report.html'}")


def _plan_table(runs: Sequence[PlannedRun]) -> Table:
    table = Table("data", "variant", "seed", "preset", "epochs", "state")
    for run in runs:
        epochs = run.config.training.epochs
        row = run.dataset, run.variant, str(run.seed), run.preset, str(epochs), _standing(run)
        table.add_row(*row)
    table.caption = f"runs: {len(runs)}"
    return table


def _standing(run: PlannedRun) -> str:
    try:
        state = state_of(run)
        if is_scored(run):
            return "finished"
    except ConfigError as error:
        return str(error)
    if state.finished:
        return "to score"
    return f"after epoch {state.epochs_done}" if state.epochs_done else "to do"


@contextmanager
def _watching(total: int) -> Generator["_Watch"]:
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, TimeElapsedColumn(), console=messages, disable=not messages.is_terminal
    ) as bar:
        yield _Watch(bar, total)


class _Watch:
    """Shows the suite on stderr: a bar of all runs, and one of each that is running."""

    def __init__(self, bar: Progress, total: int) -> None:
        self.bar, self.whole = bar, bar.add_task("starting", total=total)
        self.tasks: dict[Path, TaskID] = {}
        self.counts: Counter[str] = Counter()

    def __call__(self, event: RunEvent) -> None:
        run = event.run
        if event.kind == "started":
            epochs = run.config.training.epochs
            self.tasks[run.folder] = self.bar.add_task(run.name, total=epochs)
        elif event.kind == "epoch":
            self.bar.update(self.tasks[run.folder], completed=event.epoch)
        else:
            self.counts[event.kind] += 1
            if run.folder in self.tasks:
                self.bar.remove_task(self.tasks.pop(run.folder))
                say(f"{event.kind}: {run.name}: {event.text.splitlines()[-1]}")
        done, failed = self.counts["finished"], self.counts["failed"]
        self.bar.update(
            self.whole,
            completed=done + failed,
            description=f"{len(self.tasks)} running, {done} finished, {failed} failed",
        )
