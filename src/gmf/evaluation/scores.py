"""Exact-span counts that add up, and the scores made of them, under both counting rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from gmf.core.plain import plain
from gmf.core.tags import entities_of, ordered_types
from gmf.core.types import Entity

#: Counting rules, what seqeval calls mode and scheme: ``lenient`` is the field's (conlleval,
#: seqeval by default), ``strict`` is IOB2.
Rule = Literal["lenient", "strict"]
RULES: tuple[Rule, Rule] = ("lenient", "strict")


@dataclass(frozen=True, slots=True)
class Counts:
    """Entities counted over any number of samples; counts of disjoint samples add up.

    Args:
        gold: Entities of the annotation.
        predicted: Entities of the system.
        correct: Entities of both with the same span and type.
    """

    gold: int = 0
    predicted: int = 0
    correct: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.gold + other.gold,
            self.predicted + other.predicted,
            self.correct + other.correct,
        )

    @property
    def precision(self) -> float:
        """Correct share of the predicted entities, in [0, 1]; 0 when nothing was predicted."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Found share of the gold entities, in [0, 1]; 0 when there are none."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]; 0 when both are."""
        total = self.gold + self.predicted
        return 2 * self.correct / total if total else 0.0

    def to_dict(self) -> dict[str, float]:
        """Return scores as fractions, and the counts behind them."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "gold": self.gold,
            "predicted": self.predicted,
            "correct": self.correct,
        }


@dataclass(frozen=True, slots=True)
class Macro:
    """Unweighted means over the types that occur in gold or prediction, in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class RuleScores:
    """Scores under one counting rule.

    Args:
        types: Counts of each entity type that occurs; the paper's types first, then by name.
    """

    types: dict[str, Counts] = field(default_factory=dict[str, Counts])

    def __add__(self, other: "RuleScores") -> "RuleScores":
        names = ordered_types({*self.types, *other.types})
        none = Counts()
        return RuleScores(
            {name: self.types.get(name, none) + other.types.get(name, none) for name in names}
        )

    @property
    def micro(self) -> Counts:
        """All types together."""
        return sum(self.types.values(), Counts())

    @property
    def macro(self) -> Macro:
        """Mean over types; a type that occurs only in the prediction counts, as in seqeval."""
        each, number = self.types.values(), max(len(self.types), 1)
        return Macro(
            sum(c.precision for c in each) / number,
            sum(c.recall for c in each) / number,
            sum(c.f1 for c in each) / number,
        )

    def to_dict(self) -> dict[str, object]:
        """Return ``micro``, ``macro`` (with the micro counts) and ``types``."""
        macro = {**plain(self.micro), **plain(self.macro)}
        return {"micro": self.micro, "macro": macro, "types": self.types}


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of the same samples under both counting rules; scores of disjoint samples add up.

    Plain values of it are the head of every JSON report.
    """

    lenient: RuleScores = field(default_factory=RuleScores)
    strict: RuleScores = field(default_factory=RuleScores)

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(self.lenient + other.lenient, self.strict + other.strict)

    def under(self, rule: Rule) -> RuleScores:
        """Return the scores of one rule."""
        return self.lenient if rule == "lenient" else self.strict


def score(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Scores:
    """Score predicted against gold tags, sample by sample, exact span and type.

    Equals seqeval: lenient its default mode, strict ``mode="strict", scheme=IOB2``.

    Args:
        gold: BIO tags of each sample, as annotated (broken BIO2 is read by each rule's way).
        predicted: As many tags for each sample.

    Raises:
        ValueError: If the numbers of samples or of a sample's tags differ, or a tag is not BIO.
    """
    check_same_shape(gold, predicted)
    return Scores(
        *(count_spans(spans_of(gold, rule=rule), spans_of(predicted, rule=rule)) for rule in RULES)
    )


def spans_of(tags: Iterable[Sequence[str]], *, rule: Rule) -> list[tuple[Entity, ...]]:
    """Return the entities of each sample under a rule.

    Raises:
        ValueError: If a tag is not BIO.
    """
    return [_entities(tuple(sample), rule == "strict") for sample in tags]


# The same samples are read under many countings; their entities are found once.
@lru_cache(maxsize=2**15)
def _entities(tags: tuple[str, ...], strict: bool) -> tuple[Entity, ...]:
    return tuple(entities_of(tags, strict=strict))


def count_spans(
    gold: Iterable[Iterable[Entity]], predicted: Iterable[Iterable[Entity]]
) -> RuleScores:
    """Count entities by type over samples.

    Args:
        gold: Entities of each sample; none occurs twice in one sample.
        predicted: Entities of the same samples.
    """
    sets = [(set(spans), set(others)) for spans, others in zip(gold, predicted, strict=True)]
    of_samples = ([a for a, _ in sets], [b for _, b in sets], [a & b for a, b in sets])
    totals = [Counter(span.type for spans in part for span in spans) for part in of_samples]
    names = ordered_types({*totals[0], *totals[1]})
    return RuleScores({name: Counts(*(total[name] for total in totals)) for name in names})


def check_same_shape(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> None:
    """Check that two taggings are of the same samples and words.

    Raises:
        ValueError: Names the first sample that differs.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold posts and {len(predicted)} predicted: expected as many")
    for index, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(
                f"post {index}: {len(gold_tags)} gold tags and {len(predicted_tags)} predicted; "
                "give words without a prediction the tag O"
            )
