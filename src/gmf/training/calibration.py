"""Confidences that mean something: a temperature, fitted on dev when training is over."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from gmf.core.tags import entities_of
from gmf.core.types import Entity, Sample, ScoredEntity
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.data.image_report import ImageReport
from gmf.models.base import MnerModel, ModelOutput
from gmf.models.tagger import Tagger
from gmf.reading.corpora import judged

#: Fewer predicted entities, or fewer of them right or wrong, say too little.
MIN_ENTITIES, MIN_OF_EACH = 50, 5
#: Bounds of the temperature.
BOUNDS = (0.2, 10.0)
_BATCH = 32


@dataclass(frozen=True)
class Calibration:
    """A fitted temperature.

    Args:
        temperature: What scores are divided by in confidences.
        entities: Predicted entities of dev that it was fitted on.
        expected_error_before: Expected calibration error on them at temperature 1, in [0, 1].
        expected_error_after: The same at the fitted one.
    """

    temperature: float
    entities: int
    expected_error_before: float
    expected_error_after: float

    def to_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return asdict(self)


@torch.no_grad()
def fit_temperature(
    tagger: Tagger, samples: Sequence[Sample], *, collator: Collator
) -> Calibration | None:
    """Return the temperature at which confidences of entities are most likely; sets none.

    Minimises the mean log loss of whether a predicted entity is right. Which entities are predicted
    does not depend on it.

    Args:
        tagger: The trained model, on its device.
        samples: Dev samples with tags.
        collator: One of the tagger's.

    Returns:
        ``None`` where too few entities are predicted, or too few of them right or wrong.
    """
    order = sorted(samples, key=lambda sample: len(sample.tokens))
    read = [
        _Read.of(tagger, order[start : start + _BATCH], collator)
        for start in range(0, len(order), _BATCH)
    ]
    right = np.array([is_right for part in read for is_right in part.right], dtype=bool)
    if len(right) < MIN_ENTITIES or min(right.sum(), (~right).sum()) < MIN_OF_EACH:
        return None
    crf, trained = tagger.model.head.crf, tagger.model.head.crf.temperature

    def confidences(temperature: float) -> np.ndarray:
        crf.temperature = temperature
        return np.array([value for part in read for value in part.confidences()])

    def loss(log_temperature: float) -> float:
        found = confidences(math.exp(log_temperature)).clip(1e-6, 1 - 1e-6)
        return -float(np.log(np.where(right, found, 1 - found)).mean())

    try:
        bounds = tuple(map(math.log, BOUNDS))
        best: Any = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 0.01})
        temperature = round(math.exp(float(best.x)), 3)
        before, after = (expected_error(confidences(t), right) for t in (1.0, temperature))
    finally:
        crf.temperature = trained
    return Calibration(temperature, len(right), before, after)


@dataclass(frozen=True)
class _Read:
    """Samples of one pass.

    Args:
        model: What read them.
        output: Its emissions.
        batch: The samples.
        entities: Predicted entities of each that its annotation can judge.
        right: Whether each of them is annotated.
    """

    model: MnerModel[Any]
    output: ModelOutput
    batch: Batch
    entities: list[list[ScoredEntity]]
    right: list[bool]

    @classmethod
    def of(cls, tagger: Tagger, samples: Sequence[Sample], collator: Collator) -> "_Read":
        model = tagger.model.eval()
        device = next(model.parameters()).device
        batch = collator.collate(collator.encode(samples), report=ImageReport()).to(device)
        output = ModelOutput(model(batch).emissions)
        decoded = model.decode(output, batch)
        entities = [
            judged(s, d.entities, partly=False) for s, d in zip(samples, decoded, strict=True)
        ]
        right = [
            Entity(entity.start, entity.end, entity.type) in entities_of(sample.tags or ())
            for sample, found in zip(samples, entities, strict=True)
            for entity in found
        ]
        return cls(model, output, batch.without_images(), entities, right)

    def confidences(self) -> list[float]:
        found = self.model.confidences(self.output, self.batch, self.entities)
        return [entity.confidence for of_sample in found for entity in of_sample]


def expected_error(confidence: np.ndarray, right: np.ndarray, *, num_bins: int = 10) -> float:
    """Return the expected calibration error of confidences, in [0, 1]."""
    bins = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(right))
