"""A metric of your own: the share of samples without any mistake, in one file.

gmf score GOLD PREDICTIONS --code examples/exact_match.py
"""

from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.metrics.registry import METRICS


@METRICS.register("exact_match")
class ExactMatch(Metric):
    """Samples whose predicted entities are exactly the gold ones."""

    title = "Samples without mistake"

    def measure(self, given: MetricInput) -> dict[str, float]:
        """Return the number of samples, of those without mistake, and their share in [0, 1]."""
        exact = sum(set(sample.gold) == set(sample.predicted) for sample in given.samples)
        count = len(given.samples)
        return {"samples": count, "exact": exact, "share": exact / count if count else 0.0}
