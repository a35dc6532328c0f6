"""``gmf train``: one run from a preset or a file, or one for each of k folds."""

from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.output import Device, say, write
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


def train(
    preset: Preset,
    overrides: Overrides = None,
    run: RunFolder = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, help="Train that many runs, each with another part of train and dev."),
    ] = None,
    accept_changes: AcceptChanges = False,
    device: Device = "auto",
    tracker: Trackers = None,
) -> None:
    """Train a model; the same command goes on with a run that was killed.

    Examples:
      gmf train twitter2017 data.folder=DATA
      gmf train twitter2017 data.folder=DATA encoders=minilm-mobilenet seed=2
      gmf train umt.twitter2015 data.folder=DATA training.epochs=5
      gmf train twitter2017 data.folder=DATA --folds 5
    """
    # Here, not above: help needs no torch.
    from gmf.experiments.setting import describe_setting

    config = checked_config(preset, overrides, device=device, trackers=tracker)
    folder = run or Path("runs") / (run_name(preset, config) + (f"-folds{folds}" if folds else ""))
    if not is_helping():
        for line in describe_setting(preset, config):
            say(line)
        say(f"run folder: {folder}")
    if folds:
        from gmf.cli.series import train_folds

        train_folds(config, folder, folds=folds, trackers=tracker, accept_changes=accept_changes)
        return
    state = train_shown(config, folder, trackers=tracker, accept_changes=accept_changes)
    if is_helping():
        return
    write(
        f"{folder}: best dev F1 {100 * state.best_f1:.2f} (lenient micro) in epoch "
        f"{state.best_epoch} of {state.epochs_done}"
    )
    if fitted := state.calibration:
        write(
            f"confidences at temperature {fitted['temperature']:.2f}, fitted on dev: expected "
            f"calibration error {100 * fitted['expected_error_before']:.1f}% before, "
            f"{100 * fitted['expected_error_after']:.1f}% after"
        )
