"""The document that every format is read into and written from."""

from dataclasses import dataclass, replace
from itertools import pairwise

from gmf.core.tags import tags_of
from gmf.core.types import Entity
from gmf.reading.json_rows import ImageRow
from gmf.reading.tokenize import tokenize

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mention:
    """A typed span of a text.

    Args:
        char_start: First character (Unicode code point), from 0.
        char_end: One past the last character.
        type: Entity type; any text.
        confidence: In [0, 1] when a model gave it; ``None`` when an annotator marked it.
    """

    char_start: int
    char_end: int
    type: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """One text with its mentions.

    ``gmf.Document`` is what a model found: its entities have a confidence and no overlap, and it
    cannot be unlabelled. What annotators write needs all three.

    Args:
        text: The text, exactly as the source has it; words joined by single spaces when the source
            has only words.
        mentions: In whatever order, perhaps overlapping; ``None`` when nobody labelled the text.
        id: Identifier; empty without one.
        words: ``(char_start, char_end)`` of the source's own words; ``None`` when it has none.
        images: Images, their paths relative to one folder, never leaving it.
        context: Text by field of the context.
        number: Position in the source, from 1.
        origin: Where it stands, for messages.
        is_joined: Whether the text was made of words.
        is_predicted: Whether a model found the mentions.
    """

    text: str
    mentions: tuple[Mention, ...] | None
    id: str = ""
    words: tuple[Span, ...] | None = None
    images: tuple[ImageRow, ...] = ()
    context: tuple[tuple[str, str], ...] = ()
    number: int = 0
    origin: str = ""
    is_joined: bool = False
    is_predicted: bool = False

    def tagged_words(self) -> tuple[tuple[Span, ...], list[Entity]]:
        """Return words such that every mention begins and ends with one, and mentions by words.

        The words are the source's own, or else those of the one word finder (``tokenize``); a word
        that a mention begins or ends in is cut there.

        Raises:
            ValueError: If a mention begins or ends with white space, or lies outside the text.
        """
        cuts = {edge for m in self.mentions or () for edge in (m.char_start, m.char_end)}
        words = self.words
        if words is None or not _cover(words, self.text):
            _, words = tokenize(self.text, cuts=cuts)
        elif cuts:
            bounds = ([s, *sorted(c for c in cuts if s < c < e), e] for s, e in words)
            words = tuple(span for each in bounds for span in pairwise(each))
        starts = {start: index for index, (start, _) in enumerate(words)}
        ends = {end: index + 1 for index, (_, end) in enumerate(words)}
        entities: list[Entity] = []
        for mention in self.mentions or ():
            start, end = starts.get(mention.char_start), ends.get(mention.char_end)
            if start is None or end is None:
                shown = self.text[mention.char_start : mention.char_end]
                raise ValueError(f"{mention.type} {shown!r} begins or ends with white space")
            entities.append(Entity(start, end, mention.type))
        return words, entities

    def tags(self) -> tuple[list[str], list[str]]:
        """Return the words and their BIO2 tags.

        Raises:
            ValueError: As ``tagged_words``; or if mentions overlap.
        """
        words, entities = self.tagged_words()
        return [self.text[start:end] for start, end in words], tags_of(entities, len(words))

    def without(self, *mentions: Mention) -> "AnnotatedText":
        """Return it without some of its mentions."""
        left = tuple(m for m in self.mentions or () if m not in mentions)
        return replace(self, mentions=left)


def document_of_words(
    words: list[str], entities: list[Entity] | None, **fields: object
) -> AnnotatedText:
    """Return a document of words alone.

    Args:
        words: Not empty each.
        entities: Entities by words; ``None`` when unlabelled.
        **fields: Other fields of the document.

    Raises:
        ValueError: If a word is empty, or an entity lies outside the words.
    """
    spans: list[Span] = []
    position = 0
    for word in words:
        if not word:
            raise ValueError("expected words, one is empty")
        spans.append((position, position + len(word)))
        position += len(word) + 1
    mentions: list[Mention] = []
    for entity in entities or ():
        if not 0 <= entity.start < entity.end <= len(words):
            raise ValueError(
                f"entity [{entity.start}, {entity.end}) {entity.type}: expected words of the "
                f"{len(words)} of the document"
            )
        mentions.append(Mention(spans[entity.start][0], spans[entity.end - 1][1], entity.type))
    mentions_or_none = None if entities is None else tuple(mentions)
    document = AnnotatedText(" ".join(words), mentions_or_none, words=tuple(spans), is_joined=True)
    return replace(document, **fields)  # pyright: ignore[reportArgumentType]


def _cover(words: tuple[Span, ...], text: str) -> bool:
    """Return whether words, in order, hold every character that is not white space."""
    position = 0
    for start, end in words:
        if not position <= start < end <= len(text) or text[position:start].strip():
            return False
        position = end
    return not text[position:].strip()
