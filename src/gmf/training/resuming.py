"""From where a killed run goes on, and what changed since it was last worked on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gmf.core.errors import CheckpointError
from gmf.core.files import sha256_of
from gmf.models.checkpoint import META, WEIGHTS
from gmf.training.inputs import DECISIVE
from gmf.training.run_files import OPTIMIZER, checkpoint_folder
from gmf.training.run_state import RunState


def last_whole(run: Path, state: RunState, on_note: Callable[[str], None]) -> RunState:
    """Return the state after the last epoch whose files are whole.

    Raises:
        CheckpointError: If those of its best epoch are not, without which the run would end
            with another model than it reached; or if files cannot be read.
    """
    for epochs in range(state.epochs_done, 0, -1):
        earlier = state.after(epochs) if epochs < state.epochs_done else state
        if not (fault := _fault(run, state, epochs, goes_on=True)):
            if lost := _fault(run, state, earlier.best_epoch, goes_on=False):
                raise CheckpointError(
                    f"{lost}; it is the best so far (epoch {earlier.best_epoch}), and the run "
                    "cannot go on without it: bring it back, or train in another folder with "
                    "--run"
                )
            return earlier
        if checkpoint_folder(run, epochs).exists() or epochs == state.epochs_done:
            on_note(f"warning: {fault}; the checkpoint before it is used")
    if state.epochs_done:
        on_note(f"warning: {run}: no checkpoint is whole; training begins again")
    return RunState()


def check_best(run: Path, state: RunState) -> None:
    """Refuse a finished run whose best checkpoint is not what was written.

    Raises:
        CheckpointError: If it is not, or cannot be read.
    """
    if state.best_epoch and (lost := _fault(run, state, state.best_epoch, goes_on=False)):
        raise CheckpointError(
            f"{lost}; it is the best of a finished run: bring it back, or train in another folder "
            "with --run"
        )


def _fault(run: Path, state: RunState, epoch: int, *, goes_on: bool) -> str:
    """Return what is wrong with the files of a checkpoint; empty if nothing is."""
    folder = checkpoint_folder(run, epoch)
    names = {META, WEIGHTS, *([OPTIMIZER] if goes_on else [])}
    digests = state.digests.get(folder.name, {})
    for name in sorted(names | (digests.keys() if goes_on else digests.keys() - {OPTIMIZER})):
        try:
            digest = sha256_of(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            return f"{folder / name}: absent"
        except OSError as error:
            raise CheckpointError(
                f"{folder / name}: cannot be read ({error.strerror}); run the same command "
                "again when it can"
            ) from error
        if digest != digests.get(name, digest):
            return f"{folder / name}: damaged, it is not what was written"
    return ""


def note_changes(
    before: dict[str, Any],
    provenance: dict[str, Any],
    state: RunState,
    on_note: Callable[[str], None],
) -> None:
    """Note in a run's provenance, and tell, what was otherwise when it was last worked on."""
    provenance["continued"] = [*before.get("continued", [])]
    keys = (*DECISIVE, "hardware", "processes", "device")
    earlier = {k: before[k] for k in keys if k in before and before[k] != provenance.get(k)}
    if not earlier:
        return
    provenance["continued"].append({"after_epoch": state.epochs_done, "before": earlier})
    for key in ("processes", "device"):
        if key in earlier:
            on_note(
                f"goes on with {key} {provenance[key]}, {earlier[key]} before: the batches are the "
                "same, dropout and rounding are not"
            )
    if accepted := sorted(earlier.keys() & set(DECISIVE)):
        on_note(f"warning: goes on though these changed: {', '.join(accepted)}")
