"""Prediction files of JSON lines: words with tags, or text with entities by character offsets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from gmf.core.config import describe_faults
from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, entities_of, is_bio, tags_of
from gmf.core.types import Entity
from gmf.evaluation.files.json_entities import (
    EntityRow,
    Row,
    SpanOfType,
    read_entities,
    with_confidence,
    words_of_entity,
)
from gmf.evaluation.files.labelled import LabelledSample, LabelReader, Labels, sample_id
from gmf.evaluation.files.listed_images import with_image
from gmf.evaluation.files.word_pieces import Span, cut_at, locate, spread_labels, words_of
from gmf.reading.json_rows import tool_hint_of, usual_line
from gmf.reading.tag_schemes import prefixed_types


class _SampleRow(Row):
    id: str | int = ""
    tokens: list[str] | None = None
    text: str | None = None
    tags: list[str] | None = None
    entities: list[EntityRow] | None = None
    gold_tags: list[str] | None = None
    gold_entities: list[EntityRow] | None = None
    predicted_tags: list[str] | None = None
    predicted_entities: list[EntityRow] | None = None
    images: list[Any] | None = None
    has_image: bool | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    tags: list[str] | None
    entities: list[SpanOfType] | None


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
            rows.append((number, _SampleRow.model_validate_json(usual_line(line))))
        except ValidationError as error:
            raise DataError(describe_faults(error), path=labels.path, line=number) from error
        except DataError as error:
            raise DataError(str(error), path=labels.path, line=number) from error
    sides = [(row.entities, row.gold_entities, row.predicted_entities) for _, row in rows]
    types = (entity.type for row in sides for side in row for entity in side or ())
    labels.prefixed = prefixed_types(types)
    saw_image = with_image([(row.has_image, row.images) for _, row in rows], labels=labels)
    for (number, row), has_image in zip(_with_read_tags(rows, labels), saw_image, strict=True):
        try:
            sample = _sample_of(row, line=number, labels=labels)
            yield replace(sample, has_image=has_image)
        except ValueError as error:
            hint = tool_hint_of(lines[number - 1])
            message = f"{error}; {hint}" if hint else str(error)
            raise DataError(message, path=labels.path, line=number) from error
    labels.notes += filter(None, [labels.trimmed.note()])


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


def _sample_of(row: _SampleRow, *, line: int, labels: LabelReader) -> LabelledSample:
    sides = _sides(row, line, labels)
    if row.tokens is None and row.text is None:
        raise ValueError("expected tokens or text, got neither")
    spans = None if row.text is None else _base_spans(row.tokens, row.text)
    cuts = [
        edge
        for side in sides
        for entity in side.entities or ()
        if entity.in_chars
        for edge in (entity.start, entity.end)
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
            entities = [
                words_of_entity(entity, offsets=offsets, owners=owners) for entity in side.entities
            ]
            scored = with_confidence(entities, side.entities)
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


def _sides(row: _SampleRow, line: int, labels: LabelReader) -> list[_Side]:
    """Return the sides that the row holds, gold first."""

    def side(tags: list[str] | None, entities: list[EntityRow] | None) -> _Side:
        if entities is None:
            return _Side(tags, None)
        return _Side(tags, read_entities(entities, text=row.text, line=line, labels=labels))

    plain = side(row.tags, row.entities)
    gold = side(row.gold_tags, row.gold_entities)
    predicted = side(row.predicted_tags, row.predicted_entities)
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
