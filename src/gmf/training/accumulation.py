"""Batches of one update, weighed so that their gradients add up to that of all their samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput
from gmf.models.processes import has_peers
from gmf.training.exchange import average

#: Name of the share of a term that its model does not count: that of the samples.
_OTHERS = ""


def shares_of(
    model: MnerModel[Any], batches: Sequence[Batch], *, sizes: Sequence[int], device: torch.device
) -> list[dict[str, float]]:
    """Return, of each batch of one update, its share in each term of the loss.

    A term that compares samples, a contrast, does so within each batch; its share is that of the
    pairs.

    Args:
        model: Counts what its terms are means over.
        batches: What this process has of each.
        sizes: Samples of each, over all processes.
        device: Where processes exchange.
    """
    if len(batches) == 1:
        return [{}]
    counts = [
        {"agreement": int(model.head.counted(b.host).sum()), **model.counts(b), _OTHERS: size}
        for b, size in zip(batches, sizes, strict=True)
    ]
    names = list(counts[0])
    rows = [[count[name] for name in names] for count in counts]
    table = torch.tensor(rows, dtype=torch.float64)
    table = average(table.to(device)).cpu() if has_peers() else table
    shares = table / table.sum(dim=0).clamp(min=1e-9)
    return [dict(zip(names, row, strict=True)) for row in shares.tolist()]


def weighed_loss(output: ModelOutput, shares: Mapping[str, float]) -> Tensor:
    """Return the loss of a batch as its part of an update.

    Args:
        output: Of a batch with labels.
        shares: Of this batch; empty when it is the only one.

    Raises:
        ValueError: If there is no loss.
    """
    if output.loss is None:
        raise ValueError("expected a batch with labels")
    if not shares:
        return output.loss
    others = shares[_OTHERS]
    if not output.weights:
        return output.loss * others
    parts = [
        weight * shares.get(name, others) * output.losses[name]
        for name, weight in output.weights.items()
    ]
    return torch.stack(parts).sum()
