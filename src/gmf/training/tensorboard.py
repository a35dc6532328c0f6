"""TensorBoard scalars, when tensorboard is installed."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class Scalars:
    """Writes the scalars of a run; does nothing without a writer.

    Args:
        writer: A ``SummaryWriter`` or ``None``.
    """

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def step(self, step: int, loss: float) -> None:
        """Write the loss of one batch."""
        if self.writer:
            self.writer.add_scalar("train/loss", loss, step)

    def epoch(self, row: dict[str, Any]) -> None:
        """Write the mean losses and the dev scores of one epoch."""
        if self.writer:
            for name, value in row["losses"].items():
                self.writer.add_scalar(f"epoch/{name}", value, row["epoch"])
            for rule in ("lenient", "strict"):
                f1 = row["dev"][rule]["micro"]["f1"]
                self.writer.add_scalar(f"dev/f1_{rule}", f1, row["epoch"])


@contextmanager
def tensorboard_writer(folder: Path) -> Generator[Scalars]:
    """Open the scalars of a run; they need the extra ``gmf[tensorboard]``."""
    if find_spec("tensorboard") is None:
        yield Scalars(None)
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        yield Scalars(writer)
