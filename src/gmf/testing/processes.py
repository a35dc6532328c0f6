"""A training step in two processes that exchange gradients."""

import multiprocessing
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from gmf.core.registry import load_inherited_code
from gmf.models.registry import models
from gmf.testing.batches import take_rows
from gmf.testing.subject import Subject


@dataclass(frozen=True)
class StepResult:
    """What one process is left with after its step.

    Args:
        finite: Whether the loss was a number.
        changed: Whether any parameter is another than before.
        digests: SHA-256 of each parameter by name.
    """

    finite: bool
    changed: bool
    digests: dict[str, str]


def train_in_two_processes(subject: Subject) -> tuple[StepResult, StepResult]:
    """Train a model for two steps on the CPU, half a batch in each process, images in one.

    Raises:
        ProcessRaisedException: If a process fails; holds its traceback.
    """
    # A fork of this process could hang in the threads that it has; a fork server has none.
    methods = multiprocessing.get_all_start_methods()
    method = "forkserver" if "forkserver" in methods else "spawn"
    multiprocessing.set_forkserver_preload([__name__])
    with TemporaryDirectory() as name:
        arguments = (Path(name), subject.name, subject.kind.__module__, subject.options)
        torch.multiprocessing.start_processes(_train, args=arguments, nprocs=2, start_method=method)
        first, second = (
            torch.load(_result(Path(name), rank), weights_only=False) for rank in range(2)
        )
    return first, second


def _result(folder: Path, rank: int) -> Path:
    return folder / f"{rank}.pt"


def _train(rank: int, folder: Path, name: str, module: str, options: Mapping[str, Any]) -> None:
    torch.set_num_threads(1)
    load_inherited_code()
    if name not in models and module not in sys.modules:
        import_module(module)
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'meeting'}",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    try:
        torch.save(_step(Subject(name, options), rank), _result(folder, rank))
    finally:
        distributed.destroy_process_group()


def _step(subject: Subject, rank: int) -> StepResult:
    model = subject.build()
    batch = take_rows(subject.batch, (0, 1, 5, 6) if rank == 0 else (2, 3, 4))
    batch = batch if rank == 0 else batch.without_images()
    before = _digests(model)
    # As the trainer does; a process without images leaves the visual parameters unused.
    parallel = DistributedDataParallel(model, find_unused_parameters=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    finite = True
    for _ in range(2):
        loss = parallel(batch).loss
        finite = finite and bool(loss.isfinite())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = _digests(model)
    return StepResult(finite, after != before, after)


def _digests(model: torch.nn.Module) -> dict[str, str]:
    return {
        name: sha256(parameter.detach().numpy().tobytes()).hexdigest()
        for name, parameter in model.named_parameters()
    }
