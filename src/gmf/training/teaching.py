"""What a teacher expects of a batch, as a term of a student's loss (distillation)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import kl_div
from torch.nn.utils.rnn import pad_sequence

from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput
from gmf.models.processes import Mean, means_over_processes


@dataclass(frozen=True)
class Lessons:
    """What a teacher expects of training samples.

    Args:
        expected: Probability of each of the student's tags at each word; 0 at words that the
            teacher did not read.
        weight: Weight of the divergence in the student's loss.
    """

    expected: Mapping[Sample, Float[Tensor, "words tags"]]
    weight: float

    def reading(self, model: MnerModel[Any]) -> Callable[[Batch], ModelOutput]:
        """Return what reads a batch as a student does; see ``read``."""
        return partial(self.read, model)

    def read(self, model: MnerModel[Any], batch: Batch) -> ModelOutput:
        """Return the output of a batch with labels, the term ``teaching`` added to its loss.

        It is the Kullback-Leibler divergence of the student's probabilities of each word's tags
        from the teacher's, both marginals of their CRFs, summed over the words, a mean over the
        samples.

        Source: Wang et al. 2020, "Structure-Level Knowledge Distillation for Multilingual Sequence
        Labeling" (posterior distillation), after Hinton et al. 2015.
        """
        output = model(batch)
        if output.loss is None:
            return output
        own = model.head.log_marginals(output.emissions, batch)
        expected = pad_sequence([self.expected[s] for s in batch.samples], batch_first=True)
        apart = kl_div(own, expected.to(own), reduction="none").sum(dim=2)
        read = batch.word_mask
        between = Mean(torch.where(read, apart, 0.0).sum(), read.any(dim=1).sum())
        term = means_over_processes({"teaching": between})["teaching"]
        losses = {**output.losses, "teaching": term}
        weights = {**output.weights, "teaching": self.weight} if output.weights else {}
        return ModelOutput(output.emissions, losses, output.loss + self.weight * term, weights)
