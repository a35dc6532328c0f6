"""The losses of an epoch, left where they are computed until somebody needs them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gmf.training.exchange import average


class StepLosses:
    """Losses of one batch after the other, over all processes.

    Reading them waits for the device, and for the other processes; adding them does not.
    """

    def __init__(self) -> None:
        self._unread: list[tuple[tuple[str, ...], Tensor]] = []
        self._values: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self._unread)

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Note each term of a batch, as this process has it."""
        values = torch.stack([value.detach().float() for value in losses.values()])
        self._unread.append((tuple(losses), values))

    def read(self) -> list[dict[str, float]]:
        """Return the terms of each batch that was not read yet."""
        values = iter(average(torch.cat([values for _, values in self._unread])).tolist())
        batches = [{name: next(values) for name in names} for names, _ in self._unread]
        self._unread.clear()
        for losses in batches:
            for name, value in losses.items():
                self._values.setdefault(name, []).append(value)
        return batches

    def means(self) -> dict[str, float]:
        """Return the mean of each term over the batches that were read."""
        return {name: sum(values) / len(values) for name, values in self._values.items()}
