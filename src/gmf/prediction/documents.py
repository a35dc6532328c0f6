"""Results: the entities of a post with character offsets, as objects, dicts and spaCy documents."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gmf.core.plain import plain
from gmf.core.types import Prediction, ScoredEntity
from gmf.exchange.docbin import USER_DATA, doc_of
from gmf.exchange.document import Mention
from gmf.prediction.explanation import Explanation

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity found in a text.

    Args:
        text: Its characters, ``document.text[char_start:char_end]``.
        type: Entity type, for example ``PER``.
        char_start: First character (Unicode code point), from 0.
        char_end: One past the last character.
        confidence: Probability of exactly this span and type under the model, in [0, 1].
    """

    text: str
    type: str
    char_start: int
    char_end: int
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Document:
    """What was found in one post.

    Args:
        text: The text as given; words joined by single spaces when only words were given.
        entities: Entities in order.
        notes: What of the post the model did not see, and why.
        explanation: What the model used; on request, and only when it read an image or context.
        words: ``(char_start, char_end)`` of each word that the model tagged.
        tags: BIO2 tag of each word.
        id: Identifier of the post, when it has one.
        windows: In how many overlapping windows a long post was read.
    """

    text: str
    entities: tuple[Entity, ...]
    notes: tuple[str, ...] = ()
    explanation: Explanation | None = None
    words: tuple[tuple[int, int], ...] = ()
    tags: tuple[str, ...] = ()
    id: str = ""
    windows: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return text, entities and notes, and the explanation if there is one, as plain values."""
        values: dict[str, Any] = {
            "text": self.text,
            "entities": self.entities,
            "notes": self.notes,
        }
        if self.explanation is not None:
            values["explanation"] = self.explanation
        return plain(values)

    def to_spacy(self, vocab: "Vocab | None" = None) -> "Doc":
        """Return a spaCy document of the same text and words, its entities in ``ents``.

        ``doc.user_data["gmf"]`` holds ``id``, ``notes`` and the ``confidences`` of ``ents``.

        Args:
            vocab: The vocabulary of the pipeline that goes on with it; a new one when ``None``.

        Raises:
            ImportError: If spaCy is not installed (``pip install 'gmf[spacy]'``).
        """
        mentions = [Mention(e.char_start, e.char_end, e.type) for e in self.entities]
        doc = doc_of(self.text, self.words, mentions, vocab=vocab)
        doc.user_data[USER_DATA] = {
            "id": self.id,
            "notes": list(self.notes),
            "confidences": [entity.confidence for entity in self.entities],
        }
        return doc


def document_of(
    prediction: Prediction, *, threshold: float = 0.0, types: frozenset[str] | None = None
) -> Document:
    """Return a prediction as a document with character offsets.

    A sample without text gets its words joined by spaces.

    Args:
        prediction: The prediction.
        threshold: Least confidence of the entities that are kept.
        types: The only types that are kept; all when ``None``.
    """
    sample = prediction.sample
    text, words = sample.text, sample.offsets
    if text is None or words is None:
        text = " ".join(sample.tokens)
        starts = [0]
        for token in sample.tokens:
            starts.append(starts[-1] + len(token) + 1)
        words = tuple((s, s + len(t)) for s, t in zip(starts, sample.tokens, strict=False))

    def mention(entity: ScoredEntity) -> Entity:
        start, end = words[entity.start][0], words[entity.end - 1][1]
        return Entity(text[start:end], entity.type, start, end, entity.confidence)

    def is_kept(entity: ScoredEntity) -> bool:
        return entity.confidence >= threshold and (types is None or entity.type in types)

    def mentions(entities: Sequence[ScoredEntity]) -> tuple[Entity, ...]:
        return tuple(map(mention, filter(is_kept, entities)))

    tags = list(prediction.tags)
    for entity in prediction.entities:
        if not is_kept(entity):
            tags[entity.start : entity.end] = ["O"] * (entity.end - entity.start)
    return Document(
        text,
        mentions(prediction.entities),
        prediction.notes,
        Explanation.of(
            prediction,
            kept=[is_kept(entity) for entity in prediction.entities],
            mentions=mentions,
        ),
        words,
        tuple(tags),
        sample.id,
        prediction.windows,
    )
