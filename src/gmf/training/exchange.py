"""What the processes of a training step exchange around the model's own computation."""

import atexit
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import torch
import torch.distributed as distributed
from accelerate import Accelerator
from torch import Tensor, nn
from torch.distributed import distributed_c10d

from gmf.core.device import torch_device
from gmf.core.errors import PeerError, TrainingError
from gmf.data.batch import Batch
from gmf.data.image_report import ImageReport
from gmf.models.processes import gather_rows, has_peers

ResultT = TypeVar("ResultT")

#: Where the first process that fails tells the others what with.
_ERROR = "gmf/error"


def this_process() -> Accelerator:
    """Return what Accelerate finds: this process among the others, and its device.

    It does no more. It would keep its mixed precision for the whole process, and a second run that
    computes in another would fail. Its DistributedDataParallel would exchange gradients amid the
    exchanges of the model itself, in each process at another time.
    """
    # Of several processes without a card it takes each for alone unless it is told.
    peers_on_cpu = os.environ.get("WORLD_SIZE", "1") != "1" and torch_device().type == "cpu"
    return Accelerator(mixed_precision="no", cpu=peers_on_cpu)


@atexit.register
def _leave_the_others() -> None:
    """Close the exchange: its threads abort an interpreter that ends while they run."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def ending_together() -> Generator[None]:
    """Let an error in one process end the others too, which would wait for it.

    Raises:
        PeerError: In all but the first that fails, with what that one raises.
        TrainingError: If another process was killed.
    """
    try:
        yield
    except PeerError:
        raise
    except Exception as error:
        if not has_peers():
            raise
        own = f"process {distributed.get_rank()}: {type(error).__name__}: {error}"
        first = _first_to_tell(own)
        # Whoever waits for this process in an exchange fails at once.
        distributed.destroy_process_group()
        if first == own and _is_loss_of_a_peer(error):
            raise TrainingError(
                "another process ended without a word; run the same command again, and the run "
                "goes on after its last epoch"
            ) from error
        if first == own:
            raise
        raise PeerError(first) from error


def _is_loss_of_a_peer(error: Exception) -> bool:
    """Return whether an exchange failed because another process is gone."""
    told = isinstance(error, RuntimeError) and ("gloo" in str(error) or "NCCL" in str(error))
    return told or isinstance(error, distributed.DistError)


def _first_to_tell(text: str) -> str:
    """Return what the first process said that failed, which may be this one."""
    store = distributed_c10d._get_default_store()  # pyright: ignore[reportPrivateUsage]
    try:
        return store.compare_set(_ERROR, "", text).decode()
    except RuntimeError:  # The process that kept it is gone.
        return "another process ended"


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


def of_all_processes(report: ImageReport) -> ImageReport:
    """Return what became of the images in all processes, each counted once."""
    if not has_peers():
        return report
    reports: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(reports, report)
    for other in reports:
        report.include(other)
    return report


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
