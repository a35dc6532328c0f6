"""Means, rows and sums over all processes that train one model together.

The mean of the losses of all processes is the loss of the whole batch, and likewise that of their
gradients. What exchanges anything must be called by every process of a training step, in the same
order, also by one without images: no condition that processes can answer differently may stand
around it. With one process nothing is exchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as distributed
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.autograd import Function


@dataclass(frozen=True)
class Mean:
    """A term of a loss that is a mean over something, of which each process sees a part.

    Args:
        total: Sum over what this process sees.
        count: How much that is (words, pairs, samples); 0 if there is nothing.
    """

    total: Float[Tensor, ""]
    count: Shaped[Tensor, ""] | float

    @property
    def value(self) -> Float[Tensor, ""]:
        """The mean over what this process sees; 0 if there is nothing."""
        count = self.count
        return self.total / (count.clamp(min=1) if isinstance(count, Tensor) else max(count, 1))


def has_peers() -> bool:
    """Return whether other processes train the same model."""
    return (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


def means_over_processes(terms: Mapping[str, Mean]) -> dict[str, Float[Tensor, ""]]:
    """Return values whose mean over the processes is the mean over what all of them see.

    Args:
        terms: By name; every process has the same names in the same order.
    """
    if not has_peers() or not terms:
        return {name: term.value for name, term in terms.items()}
    device = next(iter(terms.values())).total.device
    counts = torch.stack(
        [torch.as_tensor(t.count, dtype=torch.float64, device=device) for t in terms.values()]
    )
    distributed.all_reduce(counts)
    shares = distributed.get_world_size() / counts.clamp(min=1)
    return {
        name: term.total * share.to(term.total.dtype)
        for (name, term), share in zip(terms.items(), shares, strict=True)
    }


def sum_over_processes(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the sum of a tensor over all processes; gradients flow back to each."""
    return _Sum.apply(values, _anchor(values)) if has_peers() else values


def gather_rows(rows: Shaped[Tensor, "own dim"]) -> Shaped[Tensor, "all dim"]:
    """Return the rows of all processes, in rank order; gradients flow back to their owners.

    Args:
        rows: This process's rows; their number may differ from process to process, also be 0.
    """
    if not has_peers():
        return rows
    if not rows.is_floating_point():
        return _gathered(rows)[0]
    rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
    return _Rows.apply(rows, _anchor(rows))


def own_rows(rows: Tensor) -> slice:
    """Return where this process's rows lie among those of all processes."""
    if not has_peers():
        return slice(len(rows))
    counts = _counts(rows)
    first = sum(counts[: distributed.get_rank()])
    return slice(first, first + len(rows))


def of_first_process(values: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Return the first process's tensor, such as a draw that all must share."""
    if has_peers():
        values = values.contiguous()
        distributed.broadcast(values, src=0)
    return values


def largest_over_processes(number: int, *, device: torch.device) -> int:
    """Return the largest of a number of each process."""
    if not has_peers():
        return number
    numbers = torch.tensor(number, device=device)
    distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
    return int(numbers)


def _anchor(values: Tensor) -> Tensor:
    """Return what makes an exchange part of backward, in processes without gradients too."""
    return torch.zeros((), device=values.device, requires_grad=torch.is_grad_enabled())


def _gathered(rows: Shaped[Tensor, "own dim"]) -> tuple[Shaped[Tensor, "all dim"], list[int]]:
    """Return the rows of all processes and how many are whose."""
    counts = _counts(rows)
    padded = rows.new_zeros(max(counts), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in counts]
    distributed.all_gather(parts, padded)
    return torch.cat([part[:n] for part, n in zip(parts, counts, strict=True)]), counts


def _counts(rows: Tensor) -> list[int]:
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.zeros_like(count) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, count)
    return torch.cat(counts).tolist()


class _Sum(Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, anchor: Tensor) -> Tensor:  # noqa: ARG004
        total = values.detach().clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:  # noqa: ARG004
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total, None


class _Rows(Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, anchor: Tensor) -> Tensor:  # noqa: ARG004
        gathered, counts = _gathered(rows.detach())
        first = sum(counts[: distributed.get_rank()])
        ctx.own = slice(first, first + len(rows))
        return gathered

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total[ctx.own], None
