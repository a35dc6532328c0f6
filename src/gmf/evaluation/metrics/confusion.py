"""Which type is predicted for which, where spans are equal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gmf.core.tags import ordered_types
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.plots import Figure, heat_map
from gmf.evaluation.reports.tables import Table


class TypeConfusion(Metric):
    """Types against each other: a row a gold type, a column a predicted one."""

    title = "Types over equal spans"

    def measure(self, given: MetricInput) -> dict[str, dict[str, int]]:
        """Return a row a gold type, with ``missed``, and a row ``spurious``."""
        return count_confusion(given.samples).rows()

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return the counts as a table and a heat map."""
        columns, rows = _grid(values)
        table = Table(
            f"{self.title} ({config.rule} counting)",
            ("gold \\ predicted", *columns),
            tuple((name, *cells) for name, cells in rows),
            "missed: the span was not predicted; spurious: the span is not gold.",
        )
        chart = heat_map(rows, columns=columns, title="Confusion of types")
        note = f"Gold by row, predicted by column; {config.rule} counting"
        return [table, Figure(self.title, chart, note)]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Which type was predicted for which, over entities with the same span.

    Args:
        types: Types in order.
        pairs: Count of each ``(gold type, predicted type)`` that occurs.
        missed: Gold entities by type whose span was not predicted.
        spurious: Predicted entities by type whose span is not gold.
    """

    types: tuple[str, ...]
    pairs: dict[tuple[str, str], int]
    missed: dict[str, int]
    spurious: dict[str, int]

    def rows(self) -> dict[str, dict[str, int]]:
        """Return a row a gold type, with ``missed``, and a row ``spurious``."""
        rows = {
            gold: {predicted: self.pairs.get((gold, predicted), 0) for predicted in self.types}
            | {"missed": self.missed.get(gold, 0)}
            for gold in self.types
        }
        return rows | {
            "spurious": {predicted: self.spurious.get(predicted, 0) for predicted in self.types}
        }


def count_confusion(samples: Iterable[SampleSpans]) -> Confusion:
    """Count types against each other."""
    pairs: Counter[tuple[str, str]] = Counter()
    missed: Counter[str] = Counter()
    spurious: Counter[str] = Counter()
    for sample in samples:
        predicted_types = {(entity.start, entity.end): entity.type for entity in sample.predicted}
        for entity in sample.gold:
            predicted = predicted_types.pop((entity.start, entity.end), None)
            if predicted is None:
                missed[entity.type] += 1
            else:
                pairs[entity.type, predicted] += 1
        spurious.update(predicted_types.values())
    types = ordered_types({*missed, *spurious, *(name for pair in pairs for name in pair)})
    return Confusion(tuple(types), dict(pairs), dict(missed), dict(spurious))


def _grid(
    values: dict[str, dict[str, int]],
) -> tuple[list[str], list[tuple[str, list[int | None]]]]:
    """Return columns and rows; the row ``spurious`` has nothing under ``missed``."""
    columns = [*values["spurious"], "missed"]
    return columns, [(name, [row.get(key) for key in columns]) for name, row in values.items()]
