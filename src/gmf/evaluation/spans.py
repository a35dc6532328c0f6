"""The entities of paired tweets under one counting rule: what every analysis reads."""

from collections.abc import Iterable
from dataclasses import dataclass

from gmf.core.types import Entity, ScoredEntity
from gmf.evaluation.metrics import Rule, spans_of
from gmf.evaluation.pairs import TweetPair


@dataclass(frozen=True, slots=True)
class TweetSpans:
    """Entities of one tweet.

    Args:
        id: Identifier.
        tokens: Words.
        gold: Annotated entities, in order.
        predicted: Entities of the system, in order.
        scored: The system's entities with confidences, when known.
        has_image: Whether the tweet has an image; ``None`` when unknown.
    """

    id: str
    tokens: tuple[str, ...]
    gold: tuple[Entity, ...]
    predicted: tuple[Entity, ...]
    scored: tuple[ScoredEntity, ...] | None = None
    has_image: bool | None = None

    def surface(self, entity: Entity) -> str:
        """Return an entity's words, joined by spaces."""
        return " ".join(self.tokens[entity.start : entity.end])

    def show(self, entity: Entity) -> str:
        """Return an entity for reading: its words and its type."""
        return f"{self.surface(entity)} [{entity.type}]"


def spans_of_pairs(pairs: Iterable[TweetPair], *, rule: Rule) -> list[TweetSpans]:
    """Return the entities of each pair; labels must be BIO (a service policy was applied).

    Raises:
        ValueError: If a label is not BIO.
    """
    known = list(pairs)
    gold = spans_of((pair.gold for pair in known), rule=rule)
    predicted = spans_of((pair.predicted for pair in known), rule=rule)
    return [
        TweetSpans(pair.id, pair.tokens, wanted, found, pair.scored, pair.has_image)
        for pair, wanted, found in zip(known, gold, predicted, strict=True)
    ]
