"""Whether confidences mean what they say: reliability curve and expected calibration error."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from gmf.core.types import Entity
from gmf.evaluation.spans import TweetSpans


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
    """

    entities: int
    expected_error: float
    brier: float
    confidence: float
    precision: float
    bins: tuple[ReliabilityBin, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


def calibrate(tweets: Iterable[TweetSpans], *, num_bins: int = 10) -> Calibration | None:
    """Measure calibration; ``None`` when no tweet has entities with confidences.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), Eq. 3, over entities.
    """
    found = [
        (entity.confidence, Entity(entity.start, entity.end, entity.type) in set(tweet.gold))
        for tweet in tweets
        for entity in tweet.scored or ()
    ]
    if not found:
        return None
    confidence = np.array([value for value, _ in found])
    correct = np.array([is_correct for _, is_correct in found], dtype=float)
    place = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    number = np.bincount(place, minlength=num_bins)
    filled = np.maximum(number, 1)
    means = np.bincount(place, weights=confidence, minlength=num_bins) / filled
    shares = np.bincount(place, weights=correct, minlength=num_bins) / filled
    return Calibration(
        entities=len(found),
        expected_error=float((number * np.abs(means - shares)).sum() / len(found)),
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
    )
