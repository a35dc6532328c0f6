"""Two systems on the same samples: the difference, how sure it is, and the samples that changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from gmf.core.errors import DataError
from gmf.core.plain import plain
from gmf.core.types import Entity
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.pairs import SamplePair, SampleSpans, apply_service_policy, spans_of_pairs
from gmf.evaluation.scores import RULES, Rule
from gmf.evaluation.significance import Difference, compare_counts, counts_of_samples


@dataclass(frozen=True, slots=True)
class ChangedSample:
    """A sample in which the two systems find different entities.

    Args:
        id: Identifier.
        text: Its words, joined by spaces.
        change: ``better`` when B has fewer missed and wrong entities than A, ``worse`` when it has
            more, ``other`` when as many.
        gold: Gold entities, as words and type.
        a: Entities of A.
        b: Entities of B.
    """

    id: str
    text: str
    change: Literal["better", "worse", "other"]
    gold: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A.

    Args:
        rule: Rule under which samples changed.
        num_samples: Samples compared.
        rounds: Random exchanges behind the p-values.
        level: Confidence of the intervals.
        differences: By rule and measure (precision, recall, f1).
        changed: Samples that changed, in order.
    """

    rule: Rule
    num_samples: int
    rounds: int
    level: float
    differences: dict[Rule, dict[str, Difference]]
    changed: tuple[ChangedSample, ...]

    def number_of(self, change: str) -> int:
        """Return how many samples are ``better``, ``worse`` or ``other``."""
        return sum(sample.change == change for sample in self.changed)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ``lenient`` and ``strict`` first."""
        numbers = {change: self.number_of(change) for change in ("better", "worse", "other")}
        return plain(
            {
                **self.differences,
                "rule": self.rule,
                "tweets": self.num_samples,
                "rounds": self.rounds,
                "level": self.level,
                "changed": {**numbers, "tweets": self.changed},
            }
        )


def compare(
    a: Sequence[SamplePair],
    b: Sequence[SamplePair],
    *,
    rounds: int = 10_000,
    config: EvaluationConfig = DEFAULTS,
) -> Comparison:
    """Compare system B with system A on the same samples.

    Args:
        a: Pairs of A, labels as read.
        b: Pairs of B, in the same order with the same gold.
        rounds: Random exchanges behind the p-values.
        config: Rule, service labels, level and seed.

    Raises:
        DataError: If samples or their gold differ.
    """
    ours, theirs = (apply_service_policy(pairs, policy=config.service_labels) for pairs in (a, b))
    theirs = _in_order_of(ours, theirs)
    differences: dict[Rule, dict[str, Difference]] = {}
    changed: list[ChangedSample] = []
    for rule in RULES:
        spans_a, spans_b = (spans_of_pairs(pairs, rule=rule) for pairs in (ours, theirs))
        _check_same_gold(spans_a, spans_b)
        differences[rule] = compare_counts(
            counts_of_samples(spans_a),
            counts_of_samples(spans_b),
            rounds=rounds,
            level=config.level,
            seed=config.seed,
        )
        if rule == config.rule:
            changed = [
                _changed(sample, other)
                for sample, other in zip(spans_a, spans_b, strict=True)
                if _placed(sample, sample.predicted) != _placed(other, other.predicted)
            ]
    return Comparison(config.rule, len(a), rounds, config.level, differences, tuple(changed))


def _in_order_of(a: Sequence[SamplePair], b: Sequence[SamplePair]) -> Sequence[SamplePair]:
    """Return ``b`` in the order of ``a`` when ids tell it, else as it is."""
    pairs_by_id = {pair.id: pair for pair in b}
    ids = [pair.id for pair in a]
    if len(pairs_by_id) < len(b) or len(set(ids)) < len(ids) or pairs_by_id.keys() != set(ids):
        return b
    return [pairs_by_id[identifier] for identifier in ids]


def _check_same_gold(a: Sequence[SampleSpans], b: Sequence[SampleSpans]) -> None:
    if len(a) != len(b):
        raise DataError(
            f"A has {len(a)} posts and B {len(b)}: expected the same; give the gold file, so that "
            "missing posts are counted for both"
        )
    for ours, theirs in zip(a, b, strict=True):
        if ours.id != theirs.id or _placed(ours, ours.gold) != _placed(theirs, theirs.gold):
            raise DataError(
                f"post {ours.id!r} of A and {theirs.id!r} of B differ in id or gold: expected the "
                "same posts; give the gold file"
            )


def _placed(sample: SampleSpans, entities: Iterable[Entity]) -> set[tuple[int, int, str]]:
    """Return entities by letters, which do not depend on how each system's words were cut."""
    edges = [0, *accumulate(map(len, sample.tokens))]
    return {(edges[entity.start], edges[entity.end], entity.type) for entity in entities}


def _changed(a: SampleSpans, b: SampleSpans) -> ChangedSample:
    wrong = [len(set(sample.gold).symmetric_difference(sample.predicted)) for sample in (a, b)]
    change = "better" if wrong[1] < wrong[0] else "worse" if wrong[1] > wrong[0] else "other"
    return ChangedSample(
        a.id,
        " ".join(a.tokens),
        change,
        tuple(map(a.show, a.gold)),
        tuple(map(a.show, a.predicted)),
        tuple(map(b.show, b.predicted)),
    )
