"""One run of the suite: train, score on the test split, write both down."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from gmf.core.files import replacing, write_text
from gmf.evaluation.files.write import write_pairs
from gmf.evaluation.image_controls import CONTROLS, Control
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.suite.finished_run import (
    PREDICTIONS,
    RESULT,
    FinishedRun,
    predictions_of,
)
from gmf.experiments.suite.plan import PlannedRun
from gmf.training.run import train
from gmf.training.run_folder import RunFolder
from gmf.training.run_state import RunState


def state_of(run: PlannedRun) -> RunState:
    """Return how far the training of a run is.

    Raises:
        ConfigError: If its folder holds a run of another configuration.
    """
    return RunFolder(run.folder).read(run.config)


def is_scored(run: PlannedRun) -> bool:
    """Return whether a run is trained and scored.

    Raises:
        ConfigError: If its folder holds a run of another configuration.
    """
    return state_of(run).finished and (run.folder / RESULT).exists() and not _left(run)


def _left(run: PlannedRun) -> list[Control]:
    return [name for name in run.controls if not predictions_of(run.folder, name).exists()]


def finish(
    run: PlannedRun,
    *,
    accept_changes: bool = False,
    on_epoch: Callable[[dict[str, Any]], None] = lambda _: None,
) -> FinishedRun:
    """Train and score a run, or do what is left of it.

    Of its checkpoints the best one stays.

    Args:
        run: The run.
        accept_changes: Whether to go on with it though its data, code or the like changed.
        on_epoch: Called with the metrics of each epoch.

    Raises:
        GmfError: If training or scoring fails; see ``train`` and ``evaluate_run``.
    """
    state, notes = state_of(run), list[str]()
    if not state.finished:
        state, _ = train(
            run.config,
            run.folder,
            accept_changes=accept_changes,
            on_epoch=on_epoch,
            on_note=notes.append,
        )
    RunFolder(run.folder).keep_best_only()  # Scoring comes last: what is scored is not done again.
    if not (run.folder / RESULT).exists():
        _score(run, state, notes)
    for control in _left(run):
        evaluation = evaluate_run(run.folder, control=control)
        _tell(run, [*evaluation.notes, *evaluation.warnings])
        with replacing(predictions_of(run.folder, control)) as partial:
            write_pairs(partial, evaluation.pairs)
    return FinishedRun(run.dataset, run.variant, run.seed, run.folder)


def _tell(run: PlannedRun, notes: Sequence[str]) -> None:
    """Add what a control told to the result of a run, each thing once."""
    path = run.folder / RESULT
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    warnings = [*dict.fromkeys([*result["warnings"], *notes])]
    if warnings != result["warnings"]:
        write_text(path, json.dumps({**result, "warnings": warnings}, indent=1) + "\n")


def _score(run: PlannedRun, state: RunState, notes: Sequence[str]) -> None:
    for control in CONTROLS:  # Predicted by other code, or of other data, than these will be.
        predictions_of(run.folder, control).unlink(missing_ok=True)
    evaluation = evaluate_run(run.folder)
    seconds: float = sum(row["train_seconds"] + row["dev_seconds"] for row in state.history)
    minutes = round(seconds / 60, 3)
    result = {
        "minutes": minutes,
        "epochs": state.epochs_done,
        "best_epoch": state.best_epoch,
        "dev_f1": state.best_f1,
        "warnings": [*notes, *evaluation.notes, *evaluation.warnings],
        "report": evaluation.report.to_dict(),
    }
    with replacing(run.folder / PREDICTIONS) as partial:
        write_pairs(partial, evaluation.pairs)
    # The result comes last: where it is, the predictions are there.
    write_text(run.folder / RESULT, json.dumps(result, indent=1) + "\n")
