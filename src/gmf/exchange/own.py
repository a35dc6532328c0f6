"""Own data, as ``sample.schema.json`` describes it, and the predictions of ``gmf predict``."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, Mention, document_of_words
from gmf.exchange.json_format import JsonFormat
from gmf.exchange.json_values import identifier_of, json_values, objects, span_of
from gmf.exchange.report import ConversionReport
from gmf.reading.foreign_rows import tool_of
from gmf.reading.json_rows import EntityRow, SampleRow, parse_row, usual_form
from gmf.reading.jsonl import sample_of_row
from gmf.reading.offsets import is_text_of, unit_hint
from gmf.reading.tag_schemes import join_prefixed, mean_confidence, prefixed_types, read_tags

#: What ``gmf predict`` writes beside the keys of own data.
_OF_PREDICTIONS = frozenset(("row", "notes", "explanation"))
#: A type that every reader of own data takes.
_TYPE = re.compile(r"\S+( +\S+)*")
_OF_ENTITIES = frozenset(("text", "confidence"))


class OwnFormat(JsonFormat):
    """JSON lines of own data, which ``gmf train`` reads; predictions of ``gmf predict`` too.

    Offsets are code points. A text made of words is written as ``tokens`` and ``tags``.
    """

    suffixes = (".jsonl", ".ndjson")
    traits: ClassVar = frozenset(
        (Trait.IMAGES, Trait.REGIONS, Trait.CONTEXT, Trait.UNLABELLED, Trait.SPACING)
    )
    _tags: dict[str, tuple[str, ...]]
    _prefixed: frozenset[str]

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether a file is own data, or predictions."""
        if not isinstance(head, dict):
            return False
        row = cast(dict[str, Any], head)
        names = SampleRow.model_fields.keys() | _OF_PREDICTIONS
        is_ours = ("text" in row or "tokens" in row) and row.keys() <= names
        return is_ours and tool_of(row) is None

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file, tags of whatever scheme; see ``ReadableFormat``."""
        # Told by the whole file, as training does.
        self._tags, self._prefixed = _told_by_file(path, self.encoding)
        yield from super().read(path, report=report)

    def parse(
        self,
        row: dict[str, Any],
        *,
        where: str,
        report: ConversionReport,
    ) -> AnnotatedText | None:
        """Return the document of a line; see ``JsonFormat``."""
        if where in self._tags:
            row = usual_form(row) | {"tags": self._tags[where]}
        fields = {key: value for key, value in row.items() if key not in _OF_PREDICTIONS}
        is_predicted = "row" in row and "notes" in row
        confidences: list[float | None] = []
        if is_predicted:
            if "tokens" in fields:
                fields.pop("text", None)
                entities = objects(fields | {"entities": fields.pop("entities", None)}, "entities")
            else:
                entities = objects(fields, "entities")
                _check_texts(str(fields.get("text")), entities)
                fields["entities"] = [
                    {k: v for k, v in entity.items() if k not in _OF_ENTITIES}
                    for entity in entities
                ]
            confidences = [_confidence(entity.get("confidence")) for entity in entities]
        if isinstance(fields.get("id"), int):
            fields["id"] = identifier_of(fields["id"])
        types = [entity.get("type") for entity in _entities_of(fields)]
        count = sum(types.count(name) for name in self._prefixed)
        report.note("entity of a type such as B-PER, read as one of PER", where, count)
        try:
            checked = parse_row(SampleRow, json.dumps(fields), path=Path(where), line=1)
            return _document(checked, confidences, self._prefixed, Path(where), is_predicted)
        except DataError as error:
            raise ValueError(str(error).removeprefix(f"{where}:1, ")) from error

    def changes(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:
        """Yield entities whose types every reader of own data takes for a prefix and a type."""
        mentions = () if document.is_joined else document.mentions or ()
        types = [mention.type for mention in mentions]
        count = sum(map(types.count, prefixed_types(types)))
        yield "entity of a type such as B-PER, which is read as one of PER", count

    def type_name(self, name: str) -> str:
        """Return a type without the white space that its schema refuses."""
        return name if _TYPE.fullmatch(name) else "_".join(name.split())

    def render(self, document: AnnotatedText) -> str:
        """Return a line.

        Raises:
            ValueError: If the text has no visible character.
        """
        if not document.text.strip():
            raise ValueError("own data cannot hold a text without a visible character")
        row: dict[str, Any] = {"id": document.id} if document.id else {}
        if document.is_joined:
            words, tags = document.tags()
            row["tokens"] = words
            row |= {} if document.mentions is None else {"tags": tags}
        else:
            row["text"] = document.text
            if document.mentions is not None:
                row["entities"] = [
                    {"char_start": m.char_start, "char_end": m.char_end, "type": m.type}
                    for m in document.mentions
                ]
        if document.images:
            row["images"] = [
                image.model_dump(mode="json", exclude_defaults=True) for image in document.images
            ]
        row |= {"context": dict(document.context)} if document.context else {}
        return json.dumps(row, ensure_ascii=False) + "\n"


def _told_by_file(
    path: Path, encoding: str | None
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Return the tags of rows that are not BIO2, by where they stand, and types with prefixes."""
    written: dict[str, list[str]] = {}
    types: set[str] = set()
    for where, row in json_values(path, report=ConversionReport(), encoding=encoding):
        try:
            usual = usual_form(cast(dict[str, Any], row)) if isinstance(row, dict) else {}
        except DataError:  # Told where the row is read.
            continue
        tags = usual.get("tags")
        if isinstance(tags, list) and all(isinstance(t, str) for t in cast(list[object], tags)):
            written[where] = cast(list[str], tags)
        types |= {str(e.get("type", e.get("label"))) for e in _entities_of(usual)}
    read = read_tags(list(written.values())).tags
    pairs = zip(written.items(), read, strict=True)
    tags_of_rows = {where: new for (where, old), new in pairs if new and [*new] != old}
    return tags_of_rows, prefixed_types(types)


def _entities_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entities of a row; what is wrong with them is told where they are read."""
    try:
        return objects(row, "entities") if row.get("entities") else []
    except ValueError:
        return []


def _document(
    row: SampleRow,
    confidences: list[float | None],
    prefixed: frozenset[str],
    path: Path,
    is_predicted: bool,
) -> AnnotatedText:
    # Paths that leave the folder, and tags of no scheme, are refused as in training.
    if row.tokens is not None:
        sample = sample_of_row(row, folder=Path(), aliases={}, path=path)
        entities = None if sample.tags is None else entities_of(sample.tags)
        document = document_of_words(list(row.tokens), entities, images=row.images)
        text, mentions, words = document.text, document.mentions, document.words
        if mentions and len(confidences) == len(mentions):
            pairs = zip(mentions, confidences, strict=True)
            mentions = tuple(replace(mention, confidence=c) for mention, c in pairs)
    else:
        text, words = row.text or "", None
        whole = row.model_copy(update={"entities": None})
        sample_of_row(whole, folder=Path(), aliases={}, path=path)
        mentions = None
        if row.entities is not None:
            mentions = _mentions(row.entities, text, confidences, prefixed)
    return AnnotatedText(
        text,
        mentions,
        row.id or "",
        words=words,
        images=row.images,
        context=tuple(row.context.items()),
        is_joined=row.tokens is not None,
        is_predicted=is_predicted,
    )


def _check_texts(text: str, entities: list[dict[str, Any]]) -> None:
    for entity in entities:
        start, end = span_of(*(entity.get(f"char_{e}", entity.get(e)) for e in ("start", "end")))
        stated = entity.get("text")
        if isinstance(stated, str) and not is_text_of(stated, text[start:end]):
            raise ValueError(
                f"[{start}, {end}) is {text[start:end]!r} in the text, and {stated!r} in the entity"
                f"{unit_hint(text, start, end)}"
            )


def _mentions(
    rows: Sequence[EntityRow],
    text: str,
    confidences: Sequence[float | None],
    prefixed: frozenset[str],
) -> tuple[Mention, ...]:
    """Return entities, those of pieces whole and with their mean confidence."""
    spans = [(row.char_start, row.char_end, row.type) for row in rows]
    scores = confidences or [None] * len(rows)
    return tuple(
        Mention(
            spans[parts[0]][0],
            spans[parts[-1]][1],
            name,
            mean_confidence([scores[part] for part in parts]),
        )
        for name, parts in join_prefixed(spans, text=text, prefixed=prefixed)
    )


def _confidence(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(cast(float, value)) if is_number and 0 <= cast(float, value) <= 1 else None
