"""How far a run is."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class RunState:
    """How far a run is; written last, so that it only ever names what is complete.

    Args:
        epochs_done: Epochs whose checkpoint is written.
        best_epoch: Epoch of the best dev F1, from 1; 0 before the first.
        best_f1: That F1, lenient micro, in [0, 1].
        finished: Whether training is over.
        history: One row of metrics an epoch.
        calibration: Temperature of the best checkpoint and what it was fitted on, see
            ``gmf.training.calibration``; ``None`` before the end, or where dev says too little.
        digests: SHA-256 of each file of a checkpoint from which training can go on, by its folder's
            name and its own.
    """

    epochs_done: int = 0
    best_epoch: int = 0
    best_f1: float = -1.0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    calibration: dict[str, Any] | None = None
    digests: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def add(self, row: dict[str, Any]) -> None:
        """Note a further epoch."""
        self.epochs_done += 1
        self.history.append(row)
        f1 = row["dev"]["lenient"]["micro"]["f1"]
        if f1 > self.best_f1:
            self.best_epoch, self.best_f1 = self.epochs_done, f1

    def after(self, epochs: int) -> "RunState":
        """Return the state as it was after its first epochs."""
        state = RunState(digests=self.digests)
        for row in self.history[:epochs]:
            state.add(row)
        return state

    def kept(self) -> dict[int, bool]:
        """Return the epochs whose checkpoints stay, and whether training may go on from each.

        It may from the last and, if that is damaged, from the one before; the best of both stay.
        """
        if self.finished:
            return {self.epochs_done: False, self.best_epoch: False}
        last = (self, self.after(self.epochs_done - 1))
        going = {state.epochs_done for state in last}
        return {n: n in going for state in last for n in (state.epochs_done, state.best_epoch)}
