"""Own data: one JSON object a line, as ``sample.schema.json`` describes it."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, alias_tag, mend_tags, tags_of
from gmf.core.types import Entity, Sample
from gmf.reading.json_doubles import without_doubles
from gmf.reading.json_rows import EntityRow, SampleRow, image_of_row, parse_row
from gmf.reading.offsets import CutWords, check_apart, unit_hint
from gmf.reading.reader import DEFAULTS, Reader, ReadOptions, fail, read_lines
from gmf.reading.tag_schemes import join_prefixed, prefixed_types, read_tags
from gmf.reading.tokenize import tokenize


class JsonlReader(Reader):
    """One JSON object a line, as `sample.schema.json` describes it; rows name their images."""

    suffixes = (".jsonl",)

    def read(self, path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
        """Return the samples of a file; see ``read_jsonl``."""
        notes: list[str] = []
        samples = read_jsonl(
            path, options=self.options, aliases={}, on_fault=on_fault, on_note=notes.append
        )
        self.notes = tuple(notes)
        return samples

    def mend(self, lines: Sequence[str], *, counts: Counter[str]) -> list[str]:
        """Return the lines with regular BIO2 tags and entity types."""
        rows = [_own_row(line) for line in lines]
        written = [_tags_of(row) for row in rows]
        # Of the whole file, as training reads them: what one spelling means others tell.
        read = read_tags(written).tags
        mended: list[str] = []
        for line, row, old, new in zip(lines, rows, written, read, strict=True):
            before = counts.copy()
            if row is not None and old is not None:
                counts["tag-scheme"] += sum(a != b for a, b in zip(old, new or (), strict=True))
                row["tags"], repaired = mend_tags(new or ())
                counts.update(repaired)
            for entity in _entities_of(row):
                if entity.get("type") in TYPE_ALIASES:
                    entity["type"] = TYPE_ALIASES[entity["type"]]
                    counts["alias-type"] += 1
            mended.append(line if +counts == +before else json.dumps(row, ensure_ascii=False))
        return mended


def sample_schema() -> dict[str, Any]:
    """Return the JSON schema of a line, as shipped in ``sample.schema.json``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SampleRow.model_json_schema(),
    }


def read_jsonl(
    path: Path,
    *,
    options: ReadOptions = DEFAULTS,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    on_fault: Callable[[DataError], None] = fail,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[Sample]:
    """Read own data. Empty lines are skipped.

    Args:
        path: The file; image paths in it are relative to its folder, or to that of the images if
            one is stated.
        options: How it is read, where it cannot tell.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        on_fault: Called with each fault; the line is then left out. By default it is raised.
        on_note: Called with what is read otherwise than the file has it.

    Raises:
        DataError: With file, line and field, if a line is not a row of the schema.
    """
    rows: list[tuple[int, SampleRow]] = []
    for number, line in enumerate(read_lines(path, encoding=options.encoding), 1):
        if line.strip() == "":
            continue
        try:
            rows.append((number, parse_row(SampleRow, line, path=path, line=number)))
        except DataError as error:
            on_fault(error)
    tags = read_tags([row.tags for _, row in rows])
    prefixed = prefixed_types(e.type for _, row in rows for e in row.entities or ())
    cut_words = CutWords()
    samples: list[Sample] = []
    for (number, row), read in zip(rows, tags.tags, strict=True):
        spans = [(e.char_start, e.char_end) for e in row.entities or ()]
        cut_words.look_at(row.text or "", spans, where=f"line {number}")
        whole = {} if read == row.tags else {"tags": read}
        if row.entities and prefixed:
            joined = whole_entities(row.entities, row.text or "", prefixed=prefixed)
            whole = {"entities": joined}
        try:
            samples.append(
                sample_of_row(
                    row.model_copy(update=whole),
                    folder=options.images or path.parent,
                    default_id=f"{path.stem}-{number}",
                    path=path,
                    line=number,
                    aliases=aliases,
                )
            )
        except DataError as error:
            on_fault(error)
    told = ", ".join(sorted(prefixed)[:5])
    parts = f"entities of types {told} are read as parts of ones without prefix" if told else ""
    for note in filter(None, (*tags.notes, parts, cut_words.note())):
        on_note(note)
    return samples


def sample_of_row(
    row: SampleRow,
    *,
    folder: Path,
    default_id: str = "",
    path: Path | None = None,
    line: int = 1,
    aliases: Mapping[str, str] = TYPE_ALIASES,
) -> Sample:
    """Return the sample that a row describes.

    Args:
        row: The checked row.
        folder: Image and crop paths are relative to it.
        default_id: Identifier when the row has none.
        path: File, for messages.
        line: Line, for messages.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.

    Raises:
        DataError: If a path leaves the folder, a tag is not BIO2, or an entity is empty, outside
            the text, overlaps another or begins or ends with white space.
    """

    def located(field: str, error: ValueError) -> DataError:
        return DataError(str(error), path=path, line=line, field=field)

    try:
        images = tuple(image_of_row(image, folder) for image in row.images)
    except ValueError as error:
        raise located("images", error) from error
    identifier = row.id if row.id is not None else default_id
    origin = f"{path}:{line}" if path else ""
    context = tuple(row.context.items())
    if row.tokens is not None:
        try:
            tags = (
                None
                if row.tags is None
                else tuple(alias_tag(tag, aliases=aliases) for tag in row.tags)
            )
        except ValueError as error:
            raise located("tags", error) from error
        return Sample(identifier, row.tokens, tags, images, origin=origin, context=context)
    text = row.text or ""
    try:
        tokens, offsets, tags = tokenize_with_entities(text, entities=row.entities, aliases=aliases)
    except ValueError as error:
        raise located("text" if row.entities is None else "entities", error) from error
    return Sample(identifier, tokens, tags, images, text, offsets, origin, context)


def tokenize_with_entities(
    text: str,
    *,
    entities: tuple[EntityRow, ...] | None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...], tuple[str, ...] | None]:
    """Tokenise a text so that no token reaches across the boundary of an entity.

    Args:
        text: Raw text.
        entities: Entities by character offsets; ``None`` when unlabelled.
        aliases: Entity types to rename.

    Returns:
        Tokens, their offsets and their tags (``None`` when unlabelled).

    Raises:
        ValueError: If the text has no token, or an entity is empty, outside the text, overlaps
            another or begins or ends with white space.
    """
    cuts: list[int] = []
    for entity in entities or ():
        start, end = entity.char_start, entity.char_end
        span = text[start:end]
        if not start < end <= len(text):
            raise ValueError(
                f"[{start}, {end}) {entity.type}: expected 0 <= char_start < char_end <= "
                f"{len(text)}, the length of the text in characters{unit_hint(text, start, end)}"
            )
        if span != span.strip():
            raise ValueError(
                f"[{start}, {end}) {entity.type} is {span!r}: begins or ends with white space; "
                f"move the offsets to the letters{unit_hint(text, start, end)}"
            )
        cuts += [start, end]
    check_apart((e.char_start, e.char_end, e.type) for e in entities or ())
    tokens, offsets = tokenize(text, cuts=cuts)
    if not tokens:
        raise ValueError("expected text with at least one visible character")
    if entities is None:
        return tokens, offsets, None
    starts = {start: index for index, (start, _) in enumerate(offsets)}
    ends = {end: index + 1 for index, (_, end) in enumerate(offsets)}
    words = [
        Entity(starts[e.char_start], ends[e.char_end], aliases.get(e.type, e.type))
        for e in entities
    ]
    return tokens, offsets, tuple(tags_of(words, len(tokens)))


def whole_entities(
    entities: Sequence[EntityRow], text: str, *, prefixed: Collection[str]
) -> tuple[EntityRow, ...]:
    """Return entities whose types have prefixes (``B-PER``, ``I-PER``) as whole ones."""
    spans = [(e.char_start, e.char_end, e.type) for e in entities]
    return tuple(
        EntityRow(char_start=spans[parts[0]][0], char_end=spans[parts[-1]][1], type=name)
        for name, parts in join_prefixed(spans, text=text, prefixed=prefixed)
    )


def _own_row(line: str) -> dict[str, Any] | None:
    """Return the object of a line; ``None`` for what breaks the format and stays as it is."""
    try:
        row: object = json.loads(line, object_pairs_hook=without_doubles)
        json.dumps(row, ensure_ascii=False).encode()
    except (ValueError, RecursionError, DataError):
        return None
    return cast(dict[str, Any], row) if isinstance(row, dict) else None


def _tags_of(row: dict[str, Any] | None) -> list[str] | None:
    tags = None if row is None else row.get("tags")
    is_list = isinstance(tags, list) and all(isinstance(t, str) for t in cast(list[object], tags))
    return cast(list[str], tags) if is_list else None


def _entities_of(row: dict[str, Any] | None) -> list[dict[str, Any]]:
    entities = None if row is None else row.get("entities")
    listed = cast(list[object], entities) if isinstance(entities, list) else []
    return [cast(dict[str, Any], item) for item in listed if isinstance(item, dict)]
