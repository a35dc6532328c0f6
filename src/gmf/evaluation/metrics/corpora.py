"""Scores by corpus, where several were scored together."""

from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.groups import GroupMetric, count_by
from gmf.evaluation.scores import Counts


class Corpora(GroupMetric):
    """Scores of each corpus, on the types that it annotates."""

    title = "Corpora"
    chart_title = "F1 by corpus"
    note = "Of each corpus, the types that it annotates."

    def count(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return counts by corpus; ``None`` where there is one."""
        names = dict.fromkeys(sample.corpus for sample in given.samples)
        if len(names) < 2:
            return None
        return count_by(given.samples, lambda sample, _: sample.corpus, groups=names)
