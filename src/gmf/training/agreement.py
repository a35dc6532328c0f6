"""Two readings of a batch that ought to agree: with other dropout, or without its context."""

from collections.abc import Callable
from typing import Any, Literal, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput
from gmf.models.processes import Mean, means_over_processes
from gmf.training.teaching import Lessons

#: What the second reading is: none; one with other ``dropout``; one without the ``context``.
Agreement = Literal["none", "dropout", "context"]


def read_twice(
    model: MnerModel[Any],
    batch: Batch,
    *,
    second: Agreement,
    weight: float,
    lessons: Lessons | None = None,
) -> ModelOutput:
    """Return the output of a batch with labels, its losses those of two readings that agree.

    The losses are the means of both readings, plus the divergence of their tags: half the sum of
    the Kullback-Leibler divergences of one from the other, a mean over the tagged positions, each
    with the softmax of its emissions.

    Source: R-Drop (Liang et al. 2021, Eq. 1-4) for ``dropout``; for ``context`` the alignment of
    views of ITA (Wang et al. 2022, Sect. 3.3). Departs from them: ITA compares distributions of the
    CRF, in one direction; here both are as in R-Drop.

    Args:
        model: The model in training mode.
        batch: The batch, with labels.
        second: What the second reading is; ``none`` reads once.
        weight: Weight of the divergence.
        lessons: What a teacher expects, towards which each reading is drawn.
    """
    read: Callable[[Batch], ModelOutput] = lessons.reading(model) if lessons else model
    output = read(batch)
    if second == "none" or output.loss is None:
        return output
    other = read(batch.without_context() if second == "context" else batch)
    between = divergence(output.emissions, other.emissions, model.head.counted(batch))
    term = means_over_processes({"agreement": between})["agreement"]
    losses = {name: (value + other.losses[name]) / 2 for name, value in output.losses.items()}
    loss = (output.loss + cast(Tensor, other.loss)) / 2 + weight * term
    weights = {**output.weights, "agreement": weight} if output.weights else {}
    return ModelOutput(output.emissions, {**losses, "agreement": term}, loss, weights)


def divergence(
    one: Float[Tensor, "batch positions states"],
    other: Float[Tensor, "batch positions states"],
    mask: Bool[Tensor, "batch positions"],
) -> Mean:
    """Return half the sum of both Kullback-Leibler divergences, over the positions of a mask.

    Args:
        one: Emissions.
        other: Emissions of the same positions.
        mask: Positions that count.
    """
    first, second = one.log_softmax(-1), other.log_softmax(-1)
    both = ((first.exp() - second.exp()) * (first - second)).sum(-1) / 2
    return Mean(torch.where(mask, both, 0.0).sum(), mask.sum())
