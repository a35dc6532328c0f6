"""What goes wrong: spans and types apart, confusion of types, errors at boundaries by kind."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from gmf.core.types import Entity
from gmf.evaluation.metrics import Counts, ordered_types
from gmf.evaluation.spans import TweetSpans

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

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return a row a gold type, with ``missed``, and a row ``spurious``."""
        rows = {
            gold: {found: self.pairs.get((gold, found), 0) for found in self.types}
            | {"missed": self.missed.get(gold, 0)}
            for gold in self.types
        }
        return rows | {"spurious": {found: self.spurious.get(found, 0) for found in self.types}}


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """One error, for reading.

    Args:
        id: The tweet.
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
        f1_if_mended: Micro F1 if the system made none of these errors and all others, in [0, 1].
        examples: The first few.
    """

    kind: str
    errors: int
    gold: int
    predicted: int
    f1_if_mended: float
    examples: tuple[ErrorExample, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


def count_untyped(tweets: Iterable[TweetSpans]) -> Counts:
    """Count spans, whatever their types."""
    total = Counts()
    for tweet in tweets:
        gold = {(entity.start, entity.end) for entity in tweet.gold}
        found = {(entity.start, entity.end) for entity in tweet.predicted}
        total += Counts(len(gold), len(found), len(gold & found))
    return total


def count_confusion(tweets: Iterable[TweetSpans]) -> Confusion:
    """Count types against each other."""
    pairs: Counter[tuple[str, str]] = Counter()
    missed: Counter[str] = Counter()
    spurious: Counter[str] = Counter()
    for tweet in tweets:
        found = {(entity.start, entity.end): entity.type for entity in tweet.predicted}
        for entity in tweet.gold:
            predicted = found.pop((entity.start, entity.end), None)
            if predicted is None:
                missed[entity.type] += 1
            else:
                pairs[entity.type, predicted] += 1
        spurious.update(found.values())
    types = ordered_types({*missed, *spurious, *(name for pair in pairs for name in pair)})
    return Confusion(tuple(types), dict(pairs), dict(missed), dict(spurious))


def type_shares(confusion: Confusion) -> dict[str, TypeShare]:
    """Return for each gold type how often its type is right where its span is."""
    shares: dict[str, TypeShare] = {}
    for gold in confusion.types:
        spans = sum(count for (wanted, _), count in confusion.pairs.items() if wanted == gold)
        shares[gold] = TypeShare(spans, confusion.pairs.get((gold, gold), 0))
    return shares


def count_errors(tweets: Sequence[TweetSpans], *, num_examples: int = 3) -> list[ErrorKind]:
    """Sort every wrong and every missed entity into the kinds of error.

    Gold and predicted entities that overlap, directly or through others, are one error.

    Args:
        tweets: The entities.
        num_examples: Examples to keep of each kind.

    Returns:
        All kinds, in the order of ``ERROR_KINDS``.
    """
    total = Counts()
    errors: Counter[str] = Counter()
    involved: dict[str, Counts] = defaultdict(Counts)
    examples: dict[str, list[ErrorExample]] = defaultdict(list)
    for tweet in tweets:
        right = set(tweet.gold) & set(tweet.predicted)
        total += Counts(len(tweet.gold), len(tweet.predicted), len(right))
        wrong_gold = [entity for entity in tweet.gold if entity not in right]
        wrong_found = [entity for entity in tweet.predicted if entity not in right]
        for gold, found in _overlapping(wrong_gold, wrong_found):
            kind = kind_of(gold, found)
            errors[kind] += 1
            involved[kind] += Counts(len(gold), len(found))
            if len(examples[kind]) < num_examples:
                examples[kind].append(
                    ErrorExample(
                        tweet.id, tuple(map(tweet.show, gold)), tuple(map(tweet.show, found))
                    )
                )
    return [
        ErrorKind(
            kind,
            errors[kind],
            involved[kind].gold,
            involved[kind].predicted,
            _mended(total, involved[kind]).f1,
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
    wanted, found = gold[0], predicted[0]
    left, right = wanted.start - found.start, found.end - wanted.end
    if left == right == 0:
        return "type"
    if wanted.type != found.type:
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


def _mended(total: Counts, involved: Counts) -> Counts:
    return Counts(
        total.gold,
        total.predicted - involved.predicted + involved.gold,
        total.correct + involved.gold,
    )
