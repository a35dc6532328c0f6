"""Scores by group of entities: how every grouping is counted and shown."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from gmf.core.types import Entity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.tables import COUNT_COLUMNS, F1_LABEL, Table, count_cells, f1_label
from gmf.evaluation.scores import Counts


class GroupMetric(Metric):
    """Scores of each group of entities; the groups add up to the whole."""

    #: Heading of its chart.
    chart_title: ClassVar[str]
    #: What the groups mean, below the table.
    note: ClassVar[str] = ""

    @abstractmethod
    def count(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return counts by group, in the order of reports; ``None`` where groups are unknown."""

    def measure(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return scores and counts by group."""
        return self.count(given)

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return the scores of each group as a table and a chart of F1."""
        rows = tuple((name, *count_cells(counts)) for name, counts in values.items())
        title = f"{self.title} ({config.rule} counting)"
        table = Table(title, ("", *COUNT_COLUMNS), rows, self.note)
        bars = [
            Bar(
                name,
                counts["f1"],
                f1_label(counts["f1"], gold=counts["gold"], predicted=counts["predicted"]),
            )
            for name, counts in values.items()
        ]
        chart = bar_chart(bars, title=self.chart_title, maximum=1)
        return [table, Figure(self.chart_title, chart, f"{config.rule} counting; {F1_LABEL}")]


def count_by(
    samples: Iterable[SampleSpans],
    group_of: Callable[[SampleSpans, Entity], str],
    *,
    groups: Iterable[str],
) -> dict[str, Counts]:
    """Count entities by group.

    Gold and predicted entities are each grouped by themselves, so that the groups add up.

    Args:
        samples: The entities.
        group_of: Group of an entity of a sample.
        groups: Every group, in the order of reports.
    """
    counts: dict[str, Counts] = defaultdict(Counts)
    for sample in samples:
        predicted = set(sample.predicted)
        for entity in sample.gold:
            counts[group_of(sample, entity)] += Counts(gold=1, correct=int(entity in predicted))
        for entity in sample.predicted:
            counts[group_of(sample, entity)] += Counts(predicted=1)
    return {name: counts.get(name, Counts()) for name in groups}
