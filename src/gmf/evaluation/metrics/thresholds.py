"""What a threshold of confidence costs and brings: the choice of ``--min-confidence``."""

from collections.abc import Sequence
from typing import Any

from gmf.core.types import Entity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.metrics.calibration import unscored
from gmf.evaluation.reports.tables import COUNT_COLUMNS, Table, count_cells
from gmf.evaluation.scores import Counts

THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class ConfidenceThresholds(Metric):
    """Scores of the entities that have at least some confidence."""

    title = "By least confidence"

    def measure(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return counts by threshold; ``None`` unless every predicted entity has a confidence."""
        samples = given.samples
        if not any(sample.scored for sample in samples) or any(map(unscored, samples)):
            return None
        gold = sum(len(sample.gold) for sample in given.samples)
        scored = [
            (entity.confidence, Entity(entity.start, entity.end, entity.type) in sample.gold)
            for sample in given.samples
            for entity in sample.scored or ()
        ]
        found: dict[str, Counts] = {}
        for threshold in THRESHOLDS:
            kept = [is_right for confidence, is_right in scored if confidence >= threshold]
            found[f"{threshold:g}"] = Counts(gold, len(kept), sum(kept))
        return found

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table]:
        """Return the scores at each threshold as a table."""
        rows = tuple((name, *count_cells(counts)) for name, counts in values.items())
        note = "What `gmf predict --min-confidence` keeps, and how good it is."
        title = f"{self.title} ({config.rule} counting)"
        return [Table(title, ("", *COUNT_COLUMNS), rows, note)]
