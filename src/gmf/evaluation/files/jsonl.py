"""Prediction files of JSON lines: words with tags, or text with entities by character offsets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from gmf.core.config import describe_faults
from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, entities_of, is_bio, tags_of
from gmf.core.types import Entity, ScoredEntity
from gmf.evaluation.files.labelled import LabelledSample, LabelReader, Labels, sample_id
from gmf.evaluation.files.listed_images import with_image
from gmf.evaluation.files.word_pieces import Span, cut_at, locate, spread_labels, words_of
from gmf.reading.json_rows import tool_hint_of, usual_line
from gmf.reading.offsets import check_apart, is_text_of, unit_hint
from gmf.reading.tag_schemes import is_prefixed, join_prefixed


class _Row(BaseModel):
    """Strict on what is read; what other systems add is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _EntityRow(_Row):
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
        """Return what it covers, and whether in characters of the text, else in words."""
        in_chars = in_text and (self.char_start is not None or self.word_start is None)
        named = (self.char_start, self.char_end) if in_chars else (self.word_start, self.word_end)
        start, end = (self.start, self.end) if named == (None, None) else named
        if start is None or end is None:
            names = "char_start and char_end" if in_text else "word_start and word_end"
            raise ValueError(f"entity of type {self.type}: expected {names}")
        return (start, end), in_chars


class _SampleRow(_Row):
    id: str | int = ""
    tokens: list[str] | None = None
    text: str | None = None
    tags: list[str] | None = None
    entities: list[_EntityRow] | None = None
    gold_tags: list[str] | None = None
    gold_entities: list[_EntityRow] | None = None
    predicted_tags: list[str] | None = None
    predicted_entities: list[_EntityRow] | None = None
    images: list[Any] | None = None
    has_image: bool | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    tags: list[str] | None
    entities: list[_EntityRow] | None


def samples_of_json_lines(lines: Sequence[str], *, labels: LabelReader) -> Iterator[LabelledSample]:
    """Yield the samples of a JSON-lines file.

    A row has ``tokens`` or ``text``, or both, and ``tags`` or ``entities``. A row that holds gold
    and prediction names at least one of them by ``gold_tags``, ``gold_entities``,
    ``predicted_tags`` or ``predicted_entities``. An entity has ``type``, perhaps ``confidence``,
    and ``char_start`` and ``char_end`` (characters of ``text``) or ``word_start`` and ``word_end``.
    Files of others may say ``start`` and ``end``: characters, or words when there is no text.

    Raises:
        DataError: If a row is no such object, or its tags or entities do not fit its words.
    """
    rows: list[tuple[int, _SampleRow]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append((number, _joined(_SampleRow.model_validate_json(usual_line(line)), labels)))
        except ValidationError as error:
            raise DataError(describe_faults(error), path=labels.path, line=number) from error
        except DataError as error:
            raise DataError(str(error), path=labels.path, line=number) from error
    saw_image = with_image([(row.has_image, row.images) for _, row in rows], labels=labels)
    for (number, row), has_image in zip(_with_read_tags(rows, labels), saw_image, strict=True):
        try:
            sample = _sample_of(row, line=number, labels=labels)
            yield replace(sample, has_image=has_image)
        except ValueError as error:
            hint = tool_hint_of(lines[number - 1])
            message = f"{error}; {hint}" if hint else str(error)
            raise DataError(message, path=labels.path, line=number) from error


def _with_read_tags(
    rows: Sequence[tuple[int, _SampleRow]], labels: LabelReader
) -> Iterator[tuple[int, _SampleRow]]:
    """Yield the rows with the tags of each key as BIO, by the scheme of all rows."""
    lines = [[number] for number, _ in rows]
    keys = ("tags", "gold_tags", "predicted_tags")
    sides = [[getattr(row, key) for _, row in rows] for key in keys]
    read = labels.read(sides, lines=[lines] * len(keys), fields=keys)
    for (number, row), *tags in zip(rows, *read, strict=True):
        lists = {key: list(t) for key, t in zip(keys, tags, strict=True) if t is not None}
        yield number, row.model_copy(update=lists)


def _joined(row: _SampleRow, labels: LabelReader) -> _SampleRow:
    """Return a row with entities joined whose types have prefixes, see ``join_prefixed``."""
    changed: dict[str, list[_EntityRow]] = {}
    for key in ("entities", "gold_entities", "predicted_entities"):
        entities: list[_EntityRow] = getattr(row, key) or []
        if row.text is None or not any(is_prefixed(entity.type) for entity in entities):
            continue
        spans = [(*entity.span(in_text=True)[0], entity.type) for entity in entities]
        changed[key] = []
        for name, parts in join_prefixed(spans, text=row.text):
            pieces = [entities[part] for part in parts]
            labels.respelled.update(f"{piece.type} as {name}" for piece in pieces)
            scores = [p.confidence for p in pieces if p.confidence is not None]
            changed[key].append(
                _EntityRow(
                    char_start=spans[parts[0]][0],
                    char_end=spans[parts[-1]][1],
                    type=name,
                    confidence=sum(scores) / len(scores) if len(scores) == len(pieces) else None,
                )
            )
    return row.model_copy(update=changed)


def _sample_of(row: _SampleRow, *, line: int, labels: LabelReader) -> LabelledSample:
    sides = _sides(row)
    if row.tokens is None and row.text is None:
        raise ValueError("expected tokens or text, got neither")
    spans = None if row.text is None else _base_spans(row.tokens, row.text)
    cuts = [
        edge for side in sides for entity in side.entities or () for edge in _chars(row, entity)
    ]
    if row.text is not None and spans is not None:
        offsets, owners = cut_at(spans, cuts)
        tokens = tuple(row.text[start:end] for start, end in offsets)
    else:
        tokens, offsets = tuple(row.tokens or ()), None
        owners = list(range(len(tokens)))
    columns: list[Labels] = []
    scored = None
    for side in sides:
        entities = scored = None
        if side.entities is not None:
            entities = [_words_of(row, entity, offsets, owners, labels) for entity in side.entities]
            scored = _with_confidence(entities, side.entities)
            spans_in_text = [e.span(in_text=True)[0] for e in side.entities if _chars(row, e)]
            labels.cut_words.look_at(row.text or "", spans_in_text, where=f"line {line}")
            _check_texts(row, side.entities)
            check_apart((*c, e.type) for e in side.entities if (c := _chars(row, e)))
        columns.append(_column(side, entities, owners, row))
    return LabelledSample(
        sample_id(str(row.id)),
        tokens,
        *columns,
        text=row.text,
        offsets=tuple(offsets) if offsets else None,
        words=tuple(owners) if len(owners) > len(spans or owners) else None,
        scored=scored,
        line=line,
    )


def _check_texts(row: _SampleRow, entities: Sequence[_EntityRow]) -> None:
    """Refuse offsets at which another text stands than an entity states."""
    for entity in entities:
        (start, end), in_chars = entity.span(in_text=row.text is not None)
        there = (row.text or "")[start:end]
        if in_chars and entity.text and not is_text_of(entity.text, there):
            hint = unit_hint(row.text or "", start, end)
            raise ValueError(
                f"[{start}, {end}) {entity.type} is {there!r} in the text, and {entity.text!r} in "
                f"the entity{hint}"
            )


def _sides(row: _SampleRow) -> list[_Side]:
    """Return the sides that the row holds, gold first."""
    plain = _Side(row.tags, row.entities)
    gold = _Side(row.gold_tags, row.gold_entities)
    predicted = _Side(row.predicted_tags, row.predicted_entities)
    nothing = _Side(None, None)
    if gold == nothing and predicted != nothing:
        gold, plain = plain, nothing
    elif predicted == nothing and gold != nothing:
        predicted, plain = plain, nothing
    sides = [side for side in (plain, gold, predicted) if side != nothing]
    if not sides:
        raise ValueError("expected tags or entities, got neither; without entities give []")
    if len(sides) > 2:
        raise ValueError("expected gold and prediction, got tags or entities of a third side")
    return sides


def _base_spans(tokens: list[str] | None, text: str) -> list[Span]:
    return words_of(text) if tokens is None else locate(tokens, text)


def _chars(row: _SampleRow, entity: _EntityRow) -> Span | tuple[()]:
    """Return an entity's characters without white space at its edges; empty if it has words."""
    (start, end), in_chars = entity.span(in_text=row.text is not None)
    if row.text is None or not in_chars:
        return ()
    inside = row.text[start:end]
    if not start < end <= len(row.text) or not inside.strip():
        raise ValueError(
            f"entity [{start}, {end}) {entity.type}: expected 0 <= start < end <= {len(row.text)}, "
            "characters of the text, and not only white space"
        )
    return start + len(inside) - len(inside.lstrip()), end - len(inside) + len(inside.rstrip())


def _words_of(
    row: _SampleRow,
    entity: _EntityRow,
    offsets: Sequence[Span] | None,
    owners: Sequence[int],
    labels: LabelReader,
) -> Entity:
    """Return an entity by words."""
    name = labels.type_name(entity.type)
    chars = _chars(row, entity)
    if offsets is not None and chars:
        inside = [
            i for i, (start, end) in enumerate(offsets) if chars[0] <= start < end <= chars[1]
        ]
        if not inside:
            raise ValueError(f"entity {chars} {entity.type}: no word of the tokens is in it")
        return Entity(inside[0], inside[-1] + 1, name)
    (start, end), _ = entity.span(in_text=row.text is not None)
    inside = [i for i, owner in enumerate(owners) if start <= owner < end]
    num_words = len(set(owners))
    if not start < end <= num_words:
        raise ValueError(
            f"entity [{start}, {end}) {entity.type}: expected 0 <= start < end <= {num_words}, "
            "words of the sample"
        )
    return Entity(inside[0], inside[-1] + 1, name)


def _with_confidence(
    entities: Sequence[Entity], rows: Sequence[_EntityRow]
) -> tuple[ScoredEntity, ...] | None:
    if any(row.confidence is None for row in rows):
        return None
    return tuple(
        ScoredEntity(entity.start, entity.end, entity.type, row.confidence or 0.0)
        for entity, row in zip(entities, rows, strict=True)
    )


def _column(
    side: _Side,
    entities: Sequence[Entity] | None,
    owners: Sequence[int],
    row: _SampleRow,
) -> Labels:
    if side.tags is None:
        return tuple(tags_of(entities or (), len(owners)))
    if row.tokens is None or len(side.tags) != len(row.tokens):
        number = "no" if row.tokens is None else len(row.tokens)
        raise ValueError(f"expected one tag a token, got {len(side.tags)} tags and {number} tokens")
    labels = spread_labels(side.tags, owners)
    tagged = entities_of([label or OUTSIDE for label in labels]) if _are_tags(labels) else entities
    if entities is not None and set(entities) != set(tagged or ()):
        both = [
            {f"{e.type} {e.start}:{e.end}" for e in found} for found in (tagged or (), entities)
        ]
        told = [", ".join(sorted(one - other)) or "none" for one, other in (both, both[::-1])]
        raise ValueError(
            f"tags and entities of one post differ: tags alone have {told[0]}, entities alone "
            f"{told[1]} (by words, from 0); give one of the two"
        )
    return labels


def _are_tags(labels: Labels) -> bool:
    return all(label is None or is_bio(label) for label in labels)
