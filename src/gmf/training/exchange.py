"""What the processes of a training step exchange around the model's own computation."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from gmf.core.errors import PeerError
from gmf.data.batch import Batch
from gmf.models.processes import gather_rows, has_peers

ResultT = TypeVar("ResultT")


def by_first_process(work: Callable[[], ResultT]) -> ResultT:
    """Return in every process what the first one computes; all stop if it cannot.

    Raises:
        PeerError: If it fails, in the others; the first raises what is wrong.
    """
    if not has_peers():
        return work()
    outcome: list[Any] = [None, ""]
    if distributed.get_rank() == 0:
        try:
            outcome[0] = work()
        except Exception as error:
            outcome[1] = f"{type(error).__name__}: {error}"
            distributed.broadcast_object_list(outcome)
            raise
    distributed.broadcast_object_list(outcome)
    if outcome[1]:
        raise PeerError(outcome[1])
    return outcome[0]


def share_weights(model: nn.Module) -> None:
    """Give every process the first one's parameters and buffers."""
    if has_peers():
        for tensor in (*model.parameters(), *model.buffers()):
            distributed.broadcast(tensor.data, src=0)


def weigh_views(batch: Batch) -> Batch:
    """Return the batch with the weights of its views, of which other processes may have some too.

    Statistics of the whole batch count an image once, however many samples show it.
    """
    if not has_peers():
        return batch
    keys = batch.view_keys
    own_keys = batch.view_index.new_zeros(0) if keys is None else keys
    others = gather_rows(own_keys[:, None])[:, 0]
    if keys is None:
        return batch
    return replace(batch, view_weights=1 / (keys[:, None] == others).sum(dim=1))


def average(values: Tensor) -> Tensor:
    """Return the mean of a tensor over all processes."""
    if not has_peers():
        return values
    total = values.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Give every process the mean of the gradients of all; none where no process has one.

    Called once an update, when backward is over: no exchange of a layer can get in between.

    Args:
        parameters: All parameters, in the same order everywhere.
    """
    if not has_peers():
        return
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    present = torch.stack([torch.tensor(p.grad is not None) for p in trained])
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
    flat = torch.cat(
        [present.to(gradients[0]), *(gradient.flatten() for gradient in gradients)]
    ).div_(distributed.get_world_size())
    distributed.all_reduce(flat)
    parts = flat[len(trained) :].split([gradient.numel() for gradient in gradients])
    for parameter, gradient, part, is_present in zip(
        trained, gradients, parts, flat[: len(trained)].tolist(), strict=True
    ):
        parameter.grad = gradient.copy_(part.view_as(gradient)) if is_present else None
