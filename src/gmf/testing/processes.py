"""Gradients of several processes against those of the whole batch."""

import math
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, distributed

from gmf.core.registry import CODE_VARIABLE, load_inherited_code
from gmf.data.batch import Batch
from gmf.models.registry import models
from gmf.testing.batches import take_rows
from gmf.testing.subject import Subject
from gmf.training.exchange import average, average_gradients, weigh_views

#: Rows of a batch by process: images in some only, one image in two, a process without any image,
#: one without any sample, a batch of one sample.
PARTS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((0, 1, 5, 6), (2, 3, 4, 7)),
    ((2, 4), (0, 1, 3)),
    ((5,), ()),
    ((1, 5, 6), (2, 4), (0, 3, 7)),
    ((2,), (5, 6), ()),
    ((6,), (), ()),
)
#: Gradients below this share of the whole gradient's norm are rounding noise.
NOISE = 1e-6


@dataclass(frozen=True)
class Difference:
    """How far what several processes compute is from what one does.

    Args:
        parts: Rows of each process.
        name: The loss, the gradient or the buffer that is furthest from it.
        error: How far, relative to its norm.
    """

    parts: tuple[tuple[int, ...], ...]
    name: str
    error: float


def differences(subject: Subject) -> list[Difference]:
    """Return, for each process of each of ``PARTS``, how far its step is from that of one process.

    In float64, without dropout. Losses, gradients and buffers such as running statistics count.

    Raises:
        ProcessRaisedException: If a process fails; holds its traceback.
    """
    # A fork of this process could hang in the threads that it has; a fork server has none.
    methods = multiprocessing.get_all_start_methods()
    method = "forkserver" if "forkserver" in methods else "spawn"
    multiprocessing.set_forkserver_preload([__name__])
    with TemporaryDirectory() as name:
        # The fork server has the environment of its own start.
        code = os.environ.get(CODE_VARIABLE, "")
        arguments = (Path(name), subject.name, subject.kind.__module__, subject.options, code)
        torch.multiprocessing.start_processes(
            _work, args=arguments, nprocs=max(map(len, PARTS)), start_method=method
        )
        files = sorted(Path(name).glob("*.differences"))
        return [one for file in files for one in torch.load(file, weights_only=False)]


def _work(
    rank: int, folder: Path, name: str, module: str, options: Mapping[str, Any], code: str
) -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    load_inherited_code(code)
    if name not in models and module not in sys.modules:
        import_module(module)
    subject = Subject(name, options)
    results: list[Difference] = []
    for number, parts in enumerate(PARTS):
        if rank >= len(parts):
            continue
        whole = _step(subject, [row for part in parts for row in part], seed=0)
        distributed.init_process_group(
            "gloo",
            init_method=f"file://{folder / f'meeting-{number}'}",
            rank=rank,
            world_size=len(parts),
            timeout=timedelta(seconds=60),
        )
        try:
            own = _step(subject, parts[rank], seed=rank)
        finally:
            distributed.destroy_process_group()
        results.append(Difference(parts, *_furthest(own, whole)))
    torch.save(results, folder / f"{rank}.differences")


def _step(subject: Subject, rows: Sequence[int], *, seed: int) -> dict[str, Tensor]:
    """Return losses, gradients and buffers after one step on these rows of this process."""
    model = subject.build(dropout=False)
    torch.manual_seed(seed)
    batch = part_of(subject.batch, rows) if rows else part_of(subject.batch, [0]).stand_in()
    output = model(weigh_views(batch))
    assert output.loss is not None
    output.loss.backward()
    average_gradients(model.parameters())
    losses = {**output.losses, "total": output.loss}
    results = {f"loss {name}": average(value.detach()) for name, value in losses.items()}
    results |= {
        f"gradient of {name}": parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    return results | dict(model.named_buffers())


def part_of(batch: Batch, rows: Sequence[int]) -> Batch:
    """Return some samples of a batch as a collator makes a batch of them: no wider, own views."""
    part = take_rows(batch, rows)
    words = int(part.word_mask.sum(dim=1).max())
    subwords = int((part.subword_words >= 0).sum(dim=1).max()) + 2 * bool(part.text_inputs)
    slots = int((part.view_index >= 0).sum(dim=1).max())
    seen = sorted({view for view in part.view_index.flatten().tolist() if view >= 0})
    new = torch.full((int(batch.view_index.max()) + 2,), -1)
    new[seen] = torch.arange(len(seen))
    return replace(
        part,
        text_inputs={name: value[:, :subwords] for name, value in part.text_inputs.items()},
        first_subword=part.first_subword[:, :words],
        word_mask=part.word_mask[:, :words],
        subword_words=part.subword_words[:, : subwords or words],
        labels=None if part.labels is None else part.labels[:, :words],
        views=part.views[seen].double() if part.views is not None and seen else None,
        view_index=new[part.view_index[:, :slots]],
        view_is_region=part.view_is_region[:, :slots],
        view_is_blank=part.view_is_blank[:, :slots],
        view_keys=torch.tensor(seen, dtype=torch.long) if seen else None,
    )


def _furthest(own: Mapping[str, Tensor], whole: Mapping[str, Tensor]) -> tuple[str, float]:
    """Return what differs most, and how much."""
    if odd := own.keys() ^ whole.keys():
        return sorted(odd)[0], math.inf
    gradients = [value for name, value in whole.items() if name.startswith("gradient")]
    noise = NOISE * torch.stack([value.norm() for value in gradients]).norm().item()
    errors = {
        name: (own[name] - value).double().norm().item() / max(value.double().norm().item(), noise)
        for name, value in whole.items()
    }
    errors = {name: math.inf if math.isnan(error) else error for name, error in errors.items()}
    name = max(errors, key=lambda name: errors[name])
    return name, errors[name]
