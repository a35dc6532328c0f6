"""Whether confidences can be trusted: reliability curve and expected calibration error."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmf.core.types import Entity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.plots import Figure, reliability_plot
from gmf.evaluation.reports.tables import Percent, Table


class EntityCalibration(Metric):
    """Confidences of predicted entities against how often they are correct."""

    title = "Calibration of entity confidences"

    def measure(self, given: MetricInput) -> "Calibration | None":
        """Return the calibration; ``None`` without confidences."""
        return calibrate(given.samples, num_bins=given.config.num_bins)

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return the reliability curve as a table and a chart."""
        rows = tuple(
            (f"{b['low']:.2f}-{b['high']:.2f}", b["entities"], b["confidence"], b["precision"])
            if b["entities"]
            else (f"{b['low']:.2f}-{b['high']:.2f}", 0, None, None)
            for b in values["bins"]
        )
        note = (
            f"Expected calibration error {Percent(values['expected_error'])}%, Brier score "
            f"{values['brier']:.4f}, mean confidence {values['confidence']:.4f}, precision "
            f"{values['precision']:.4f}, {values['entities']} entities."
        )
        if values["unscored"]:
            note += (
                f" {values['unscored']} predicted entities have no confidence and are left out; "
                "therefore there are no scores by least confidence."
            )
        headings = ("confidence", "entities", "mean confidence", "precision")
        table = Table(f"{self.title} ({config.rule} counting)", headings, rows, note)
        plot = reliability_plot(values["bins"], title="Reliability curve")
        error = values["expected_error"]
        caption = f"Expected calibration error {Percent(error)}%; {config.rule} counting"
        return [table, Figure("Reliability", plot, caption)]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predicted entities of similar confidence.

    Args:
        low: Lower bound of confidence, inside.
        high: Upper bound; inside in the last bin only.
        entities: How many.
        confidence: Their mean confidence; 0 when there are none.
        precision: Share that is correct; 0 when there are none.
    """

    low: float
    high: float
    entities: int
    confidence: float
    precision: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence of predicted entities against their correctness (exact span and type).

    Args:
        entities: Predicted entities with a confidence.
        expected_error: Expected calibration error: mean distance of confidence from precision over
            the bins, weighted by entities, in [0, 1].
        brier: Mean squared distance of confidence from correctness (1 or 0), in [0, 1].
        confidence: Mean confidence.
        precision: Share that is correct.
        bins: The reliability curve, bins of equal width over [0, 1].
        unscored: Predicted entities without a confidence, which are left out.
    """

    entities: int
    expected_error: float
    brier: float
    confidence: float
    precision: float
    bins: tuple[ReliabilityBin, ...]
    unscored: int


def unscored(sample: SampleSpans) -> int:
    """Return how many predicted entities of a sample have no confidence."""
    known = {(entity.start, entity.end, entity.type) for entity in sample.scored or ()}
    return sum((e.start, e.end, e.type) not in known for e in sample.predicted)


def calibrate(samples: Iterable[SampleSpans], *, num_bins: int = 10) -> Calibration | None:
    """Measure calibration; ``None`` when no sample has entities with confidences.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), Eq. 3, over entities.
    """
    given = list(samples)
    scored = [
        (entity.confidence, Entity(entity.start, entity.end, entity.type) in set(sample.gold))
        for sample in given
        for entity in sample.scored or ()
    ]
    if not scored:
        return None
    confidence = np.array([value for value, _ in scored])
    correct = np.array([is_correct for _, is_correct in scored], dtype=float)
    position = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    number = np.bincount(position, minlength=num_bins)
    filled = np.maximum(number, 1)
    means = np.bincount(position, weights=confidence, minlength=num_bins) / filled
    shares = np.bincount(position, weights=correct, minlength=num_bins) / filled
    return Calibration(
        entities=len(scored),
        expected_error=float((number * np.abs(means - shares)).sum() / len(scored)),
        brier=float(((confidence - correct) ** 2).mean()),
        confidence=float(confidence.mean()),
        precision=float(correct.mean()),
        bins=tuple(
            ReliabilityBin(
                index / num_bins,
                (index + 1) / num_bins,
                int(number[index]),
                float(means[index]),
                float(shares[index]),
            )
            for index in range(num_bins)
        ),
        unscored=sum(map(unscored, given)),
    )
