"""Spans and types apart: spans with types ignored, and types where the span is right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.metrics.confusion import Confusion, count_confusion
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.plots import Figure
from gmf.evaluation.reports.tables import COUNT_COLUMNS, Table, count_cells
from gmf.evaluation.scores import Counts


class SpanOnly(Metric):
    """Scores of spans, whatever their types."""

    title = "Spans, types ignored"

    def measure(self, given: MetricInput) -> Counts:
        """Return scores and counts."""
        return count_untyped(given.samples)

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return one table."""
        title = f"{self.title} ({config.rule} counting)"
        return [Table(title, ("", *COUNT_COLUMNS), (("spans", *count_cells(values)),))]


class TypeGivenSpan(Metric):
    """How often the type is right where the span is, for each gold type."""

    title = "Types where the span is right"

    def measure(self, given: MetricInput) -> "dict[str, TypeShare]":
        """Return ``TypeShare`` by gold type."""
        return type_shares(count_confusion(given.samples))

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return one table."""
        shares = {name: TypeShare(row["spans"], row["correct"]) for name, row in values.items()}
        spans, correct = (
            sum(getattr(share, name) for share in shares.values()) for name in ("spans", "correct")
        )
        rows = {"all types": TypeShare(spans, correct), **shares}
        return [
            Table(
                f"{self.title} ({config.rule} counting)",
                ("", "spans", "correct", "accuracy"),
                tuple((name, s.spans, s.correct, s.accuracy) for name, s in rows.items()),
            )
        ]


@dataclass(frozen=True, slots=True)
class TypeShare:
    """Types where spans are right.

    Args:
        spans: Gold entities whose span was predicted, with whatever type.
        correct: Those with the right type.
    """

    spans: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share with the right type, in [0, 1]; 0 without spans."""
        return self.correct / self.spans if self.spans else 0.0

    def to_dict(self) -> dict[str, float]:
        """Return plain values."""
        return {"spans": self.spans, "correct": self.correct, "accuracy": self.accuracy}


def count_untyped(samples: Iterable[SampleSpans]) -> Counts:
    """Count spans, whatever their types."""
    total = Counts()
    for sample in samples:
        gold = {(entity.start, entity.end) for entity in sample.gold}
        predicted_spans = {(entity.start, entity.end) for entity in sample.predicted}
        total += Counts(len(gold), len(predicted_spans), len(gold & predicted_spans))
    return total


def type_shares(confusion: Confusion) -> dict[str, TypeShare]:
    """Return for each gold type how often its type is right where its span is."""
    shares: dict[str, TypeShare] = {}
    for gold in confusion.types:
        spans = sum(count for (wanted, _), count in confusion.pairs.items() if wanted == gold)
        shares[gold] = TypeShare(spans, confusion.pairs.get((gold, gold), 0))
    return shares
