"""Every wrong or missed entity, by kind of error."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gmf.core.types import Entity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.tables import Percent, Table
from gmf.evaluation.scores import Counts

#: Error kinds in the order of reports, with what each means.
ERROR_KINDS = {
    "type": "right span, wrong type",
    "too long left": "right type, span begins too early",
    "too long right": "right type, span ends too late",
    "too long both": "right type, span begins too early and ends too late",
    "too short left": "right type, span begins too late",
    "too short right": "right type, span ends too early",
    "too short both": "right type, span begins too late and ends too early",
    "shifted": "right type, span too long at one end and too short at the other",
    "type and span": "spans overlap, both type and span are wrong",
    "merge": "one predicted entity over several gold ones",
    "split": "several predicted entities over one gold one",
    "tangle": "several predicted entities over several gold ones",
    "missed": "no predicted entity touches the gold one",
    "spurious": "no gold entity touches the predicted one",
}


class BoundaryErrors(Metric):
    """Errors by kind, each with its oracle F1 and a few examples."""

    title = "Errors by kind"

    def measure(self, given: MetricInput) -> dict[str, "ErrorKind"]:
        """Return errors, entities in them, oracle F1 and examples by kind."""
        errors = count_errors(given.samples, num_examples=given.config.num_examples)
        return {error.kind: error for error in errors}

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return the kinds with their counts, examples as a detail, and a chart."""
        keys = ("kind", "errors", "gold", "predicted")
        table = Table(
            f"{self.title} ({config.rule} counting)",
            ("kind", "errors", "gold", "predicted", "oracle F1", "meaning"),
            tuple(
                (*(row[key] for key in keys), Percent(row["f1_if_mended"]), ERROR_KINDS[kind])
                for kind, row in values.items()
            ),
            "Every wrong or missed entity is in one error. Oracle F1: without the errors of this "
            "kind, all others kept.",
        )
        examples = tuple(
            (kind, item["id"], "; ".join(item["gold"]), "; ".join(item["predicted"]))
            for kind, row in values.items()
            for item in row["examples"]
        )
        headings = ("kind", "post", "gold", "predicted")
        shown = (
            [Table("Examples of errors", headings, examples, is_detail=True)] if examples else []
        )
        bars = [Bar(kind, row["errors"], str(row["errors"])) for kind, row in values.items()]
        chart = bar_chart(bars, title=self.title)
        return [table, *shown, Figure(self.title, chart, f"{config.rule} counting")]


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """One error, for reading.

    Args:
        id: The sample.
        gold: Gold entities involved, as words and type.
        predicted: Predicted entities involved.
    """

    id: str
    gold: tuple[str, ...]
    predicted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """Errors of one kind; every wrong or missed entity is in exactly one.

    Args:
        kind: One of ``ERROR_KINDS``.
        errors: How many.
        gold: Gold entities in them.
        predicted: Predicted entities in them.
        f1_if_mended: Oracle F1: micro F1 if the system made none of these errors and all others,
            in [0, 1].
        examples: The first few.
    """

    kind: str
    errors: int
    gold: int
    predicted: int
    f1_if_mended: float
    examples: tuple[ErrorExample, ...]


def count_errors(samples: Sequence[SampleSpans], *, num_examples: int = 3) -> list[ErrorKind]:
    """Sort every wrong and every missed entity into the kinds of error.

    Gold and predicted entities that overlap, directly or through others, are one error.

    Args:
        samples: The entities.
        num_examples: Examples to keep of each kind.

    Returns:
        All kinds, in the order of ``ERROR_KINDS``.
    """
    total = Counts()
    errors: Counter[str] = Counter()
    involved: dict[str, Counts] = defaultdict(Counts)
    examples: dict[str, list[ErrorExample]] = defaultdict(list)
    for sample in samples:
        right = set(sample.gold) & set(sample.predicted)
        total += Counts(len(sample.gold), len(sample.predicted), len(right))
        wrong_gold = [entity for entity in sample.gold if entity not in right]
        wrong_found = [entity for entity in sample.predicted if entity not in right]
        for gold, predicted_entity in _overlapping(wrong_gold, wrong_found):
            kind = kind_of(gold, predicted_entity)
            errors[kind] += 1
            involved[kind] += Counts(len(gold), len(predicted_entity))
            if len(examples[kind]) < num_examples:
                examples[kind].append(
                    ErrorExample(
                        sample.id,
                        tuple(map(sample.show, gold)),
                        tuple(map(sample.show, predicted_entity)),
                    )
                )
    return [
        ErrorKind(
            kind,
            errors[kind],
            involved[kind].gold,
            involved[kind].predicted,
            _without_errors(total, involved[kind]).f1,
            tuple(examples[kind]),
        )
        for kind in ERROR_KINDS
    ]


def kind_of(gold: Sequence[Entity], predicted: Sequence[Entity]) -> str:
    """Return the kind of error of entities that overlap, one of ``ERROR_KINDS``."""
    if not predicted:
        return "missed"
    if not gold:
        return "spurious"
    if len(gold) > 1 or len(predicted) > 1:
        return "merge" if len(predicted) == 1 else "split" if len(gold) == 1 else "tangle"
    gold_entity, predicted_entity = gold[0], predicted[0]
    left, right = gold_entity.start - predicted_entity.start, predicted_entity.end - gold_entity.end
    if left == right == 0:
        return "type"
    if gold_entity.type != predicted_entity.type:
        return "type and span"
    if left * right < 0:
        return "shifted"
    side = "both" if left and right else "left" if left else "right"
    return f"too {'long' if left + right > 0 else 'short'} {side}"


def _overlapping(
    gold: Sequence[Entity], predicted: Sequence[Entity]
) -> list[tuple[list[Entity], list[Entity]]]:
    """Return groups of entities that overlap; entities of one side never do."""
    groups: list[tuple[list[Entity], list[Entity]]] = []
    end = -1
    marked = [(entity, 0) for entity in gold] + [(entity, 1) for entity in predicted]
    for entity, side in sorted(marked, key=lambda item: (item[0].start, item[0].end)):
        if entity.start >= end:
            groups.append(([], []))
        groups[-1][side].append(entity)
        end = max(end, entity.end)
    return groups


def _without_errors(total: Counts, involved: Counts) -> Counts:
    return Counts(
        total.gold,
        total.predicted - involved.predicted + involved.gold,
        total.correct + involved.gold,
    )
