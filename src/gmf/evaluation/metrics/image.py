"""Scores of samples with and without an image."""

from collections.abc import Sequence

from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.groups import GroupMetric, count_by
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.scores import Counts


class WithImage(GroupMetric):
    """Scores of samples with and without an image."""

    title = "By image"
    chart_title = "F1 with and without image"

    def count(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return counts with and without image."""
        return count_by_image(given.samples)


def count_by_image(samples: Sequence[SampleSpans]) -> dict[str, Counts] | None:
    """Count entities of samples with and without an image; ``None`` when a sample's is unknown."""
    if any(sample.has_image is None for sample in samples):
        return None
    return count_by(
        samples,
        lambda sample, _: "with image" if sample.has_image else "without image",
        groups=("with image", "without image"),
    )
