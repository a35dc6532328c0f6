"""Entities of JSON lines: by characters or by words, with the types and keys of whoever wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from gmf.core.tags import OUTSIDE
from gmf.core.types import Entity, ScoredEntity
from gmf.evaluation.files.labelled import LabelReader
from gmf.evaluation.files.word_pieces import Span
from gmf.reading.offsets import check_apart, is_text_of, unit_hint
from gmf.reading.tag_schemes import SERVICE_LABELS, join_prefixed, mean_confidence

#: Types of what is no entity.
_NO_TYPES = SERVICE_LABELS | {OUTSIDE}


class Row(BaseModel):
    """Strict on what is read; what other systems add is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class EntityRow(Row):
    """An entity as it stands in a row."""

    start: Annotated[int, Field(ge=0)] | None = None
    end: Annotated[int, Field(ge=0)] | None = None
    type: str = Field(
        validation_alias=AliasChoices("type", "label", "entity_group", "entity"), min_length=1
    )
    confidence: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, validation_alias=AliasChoices("confidence", "score")
    )
    char_start: Annotated[int, Field(ge=0)] | None = None
    char_end: Annotated[int, Field(ge=0)] | None = None
    word_start: Annotated[int, Field(ge=0)] | None = None
    word_end: Annotated[int, Field(ge=0)] | None = None
    text: str | None = None

    def span(self, *, in_text: bool) -> tuple[Span, bool]:
        """Return what it covers, and whether in characters of the text, else in words.

        Raises:
            ValueError: If it lacks one of its offsets.
        """
        in_chars = in_text and (self.char_start is not None or self.word_start is None)
        named = (self.char_start, self.char_end) if in_chars else (self.word_start, self.word_end)
        start, end = (self.start, self.end) if named == (None, None) else named
        if start is None or end is None:
            names = "char_start and char_end" if in_text else "word_start and word_end"
            raise ValueError(f"entity of type {self.type}: expected {names}, got none")
        return (start, end), in_chars


@dataclass(frozen=True, slots=True)
class SpanOfType:
    """An entity that was checked.

    Args:
        start: First character of the text, or word.
        end: One past the last.
        in_chars: Whether characters are counted.
        type: Its type.
        confidence: In [0, 1]; ``None`` if it has none.
    """

    start: int
    end: int
    in_chars: bool
    type: str
    confidence: float | None


def read_entities(
    rows: Sequence[EntityRow], *, text: str | None, line: int, labels: LabelReader
) -> list[SpanOfType]:
    """Return the entities of a row: whole, without white space at their edges, types as usual.

    Left out are those of type ``O``, as pipelines give words outside of entities, and of service
    labels, as in columns.

    Args:
        rows: As they stand.
        text: The text; ``None`` where there are words alone.
        line: Of the row, from 1.
        labels: Reads the types, and counts what is mended.

    Raises:
        ValueError: If one has no offsets, lies outside the text, overlaps another, or has a type
            that is none, or if another text stands at its offsets than it states.
    """
    outside = [row.type.strip() for row in rows if row.type.strip() in _NO_TYPES]
    labels.respelled.update(f"{name} as no entity" for name in outside)
    inside = [row for row in rows if row.type.strip() not in _NO_TYPES]
    spans = [_span_of(row, text, line, labels) for row in inside]
    by_chars = [(span.start, span.end) for span in spans if span.in_chars]
    labels.cut_words.look_at(text or "", by_chars, where=f"line {line}")
    joined: list[SpanOfType] = []
    # Between words is nothing, between characters what stands in the text.
    dashes = "-" * max((span.end for span in spans), default=0)
    for in_chars, between in ((True, text or ""), (False, dashes)):
        alike = [span for span in spans if span.in_chars == in_chars]
        triples = [(span.start, span.end, span.type) for span in alike]
        found = join_prefixed(triples, text=between, prefixed=labels.prefixed)
        joined += [_whole(name, [alike[part] for part in parts], labels) for name, parts in found]
    check_apart((entity.start, entity.end, entity.type) for entity in joined if entity.in_chars)
    return joined


def _span_of(row: EntityRow, text: str | None, line: int, labels: LabelReader) -> SpanOfType:
    """Return an entity without white space at its edges."""
    (start, end), in_chars = row.span(in_text=text is not None)
    if text is None or not in_chars:
        return SpanOfType(start, end, False, row.type, row.confidence)
    there = text[start:end]
    if not start < end <= len(text) or not there.strip():
        raise ValueError(
            f"entity [{start}, {end}) {row.type}: expected 0 <= start < end <= {len(text)}, "
            "characters of the text, and not only white space" + unit_hint(text, start, end)
        )
    if row.text and not is_text_of(row.text, there):
        raise ValueError(
            f"[{start}, {end}) {row.type} is {there!r} in the text, and {row.text!r} in the entity"
            f"{unit_hint(text, start, end)}"
        )
    if there != there.strip():
        labels.trimmed.look_at(text, start, end, where=f"line {line}")
    start, end = start + len(there) - len(there.lstrip()), end - len(there) + len(there.rstrip())
    return SpanOfType(start, end, True, row.type, row.confidence)


def _whole(name: str, pieces: Sequence[SpanOfType], labels: LabelReader) -> SpanOfType:
    """Return the entity that pieces are, with their mean confidence."""
    return SpanOfType(
        pieces[0].start,
        pieces[-1].end,
        pieces[0].in_chars,
        labels.type_name(name, written=[piece.type for piece in pieces]),
        mean_confidence([piece.confidence for piece in pieces]),
    )


def words_of_entity(
    entity: SpanOfType, *, offsets: Sequence[Span] | None, owners: Sequence[int]
) -> Entity:
    """Return an entity by words.

    Args:
        entity: The entity.
        offsets: Characters of each word, or piece of one; ``None`` where there is no text.
        owners: The word of the row that each is part of.

    Raises:
        ValueError: If no word is in it.
    """
    start, end = entity.start, entity.end
    if offsets is not None and entity.in_chars:
        inside = [i for i, (first, last) in enumerate(offsets) if start <= first < last <= end]
        if not inside:
            raise ValueError(f"entity {(start, end)} {entity.type}: no word of the tokens is in it")
        return Entity(inside[0], inside[-1] + 1, entity.type)
    inside = [i for i, owner in enumerate(owners) if start <= owner < end]
    num_words = len(set(owners))
    if not start < end <= num_words:
        raise ValueError(
            f"entity [{start}, {end}) {entity.type}: expected 0 <= start < end <= {num_words}, "
            "words of the sample"
        )
    return Entity(inside[0], inside[-1] + 1, entity.type)


def with_confidence(
    entities: Sequence[Entity], spans: Sequence[SpanOfType]
) -> tuple[ScoredEntity, ...] | None:
    """Return the entities that have a confidence; ``None`` where there are some and none has."""
    scored = tuple(
        ScoredEntity(entity.start, entity.end, entity.type, span.confidence)
        for entity, span in zip(entities, spans, strict=True)
        if span.confidence is not None
    )
    return None if spans and not scored else scored
