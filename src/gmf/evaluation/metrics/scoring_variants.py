"""The same predictions scored as other scorers do: why published numbers disagree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from gmf.core.tags import OUTSIDE
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.files.labels import SERVICE_LABELS, SERVICE_POLICIES, ServicePolicy
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.pairs import SamplePair, apply_service_policy, keep_words
from gmf.evaluation.reports.plots import Figure
from gmf.evaluation.reports.tables import COUNT_COLUMNS, Percent, Table, count_cells
from gmf.evaluation.scores import Scores, score

_NOTE = (
    "outside: service labels are O. The others drop words whose gold label is one; then "
    "skip-gold: predicted ones are O; seqeval: left in, as seqeval counts them; chunker: each "
    "run is an entity, as in the hand-written chunker. own gold: the gold column of the "
    "system's file, on its words. words predicted: words without a prediction are left out."
)


class ScoringVariants(Metric):
    """The same predictions scored under other conventions."""

    title = "The same predictions counted other ways"

    def measure(self, given: MetricInput) -> "list[ScoringVariant]":
        """Return each variant with its scores."""
        return score_every_way(given.pairs)

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return one table, a detail where all variants give the same scores."""
        agree = all(row["scores"] == values[0]["scores"] for row in values)
        used = (config.service_labels, "given", "all")
        rows = tuple(
            (
                f"{policy}{' (used here)' if (policy, gold, words) == used else ''}",
                gold,
                words,
                *count_cells(row["scores"]["lenient"]["micro"]),
                Percent(row["scores"]["strict"]["micro"]["f1"]),
            )
            for row in values
            for policy, gold, words in [(row["service_labels"], row["gold"], row["words"])]
        )
        headings = ("service labels", "gold", "words", *COUNT_COLUMNS, "F1 strict")
        title = f"{self.title} (lenient, micro)"
        return [Table(title, headings, rows, _NOTE, is_detail=agree)]


@dataclass(frozen=True, slots=True)
class ScoringVariant:
    """One way to score.

    Args:
        gold: ``given``, or ``own``: the gold that the system's file carries, on its words.
        service_labels: Policy for service labels.
        words: ``all``, or ``predicted``: words without a prediction are left out, and with them the
            gold entities that they cut.
        scores: Its result.
    """

    gold: Literal["given", "own"]
    service_labels: ServicePolicy
    words: Literal["all", "predicted"]
    scores: Scores


def score_every_way(pairs: Sequence[SamplePair]) -> list[ScoringVariant]:
    """Score under each policy for service labels, for cut words and for the system's own gold.

    Ways that cannot matter are left out: policies when no service label occurs, words when all have
    a prediction, own gold when the system's file has none. Words are left out under the first
    policy only.

    Args:
        pairs: Labels as read, before any policy.
    """
    variants: list[ScoringVariant] = []
    has_own = any(pair.own_gold for pair in pairs)
    has_service = any(
        not SERVICE_LABELS.isdisjoint((*pair.gold, *pair.predicted, *(pair.own_gold or ())))
        for pair in pairs
    )
    policies = SERVICE_POLICIES if has_service else SERVICE_POLICIES[:1]
    readings: list[tuple[Literal["given", "own"], Literal["all", "predicted"], list[SamplePair]]]
    readings = [("given", "all", list(pairs))]
    if any(pair.unpredicted for pair in pairs):
        readings.append(("given", "predicted", list(_predicted_only(pairs))))
    if has_own:
        readings.append(("own", "all", list(_own_gold(pairs))))
    for gold, words, variant in readings:
        for policy in policies if words == "all" else policies[:1]:
            resolved = apply_service_policy(variant, policy=policy)
            scores = score([p.gold for p in resolved], [p.predicted for p in resolved])
            variants.append(ScoringVariant(gold, policy, words, scores))
    return variants


def _predicted_only(pairs: Sequence[SamplePair]) -> Iterator[SamplePair]:
    for pair in pairs:
        lacking = set(pair.unpredicted)
        yield keep_words(pair, [i for i in range(len(pair.tokens)) if i not in lacking])


def _own_gold(pairs: Sequence[SamplePair]) -> Iterator[SamplePair]:
    for pair in pairs:
        own = pair.own_gold or (None,) * len(pair.tokens)
        labelled = replace(pair, gold=tuple(label or OUTSIDE for label in own))
        yield keep_words(labelled, [i for i, label in enumerate(own) if label is not None])
