"""Posts as JSON lines."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from gmf.core.errors import DataError
from gmf.jobs.inputs.fields import TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines
from gmf.reading.foreign_rows import tool_hint
from gmf.reading.json_lists import json_fault
from gmf.reading.json_rows import key_hint, read_row
from gmf.reading.text_files import decode


class JsonlSource(ScannedSource):
    """One JSON object a line; empty lines are no rows.

    Own data (``sample.schema.json``) can be given as it is: its labels are not read.

    Args:
        path: The file.
        options: Names of the keys.

    Raises:
        ConfigError: If a key that was asked for is in no row.
    """

    suffixes = (".jsonl", ".ndjson")
    has_columns = True

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        check_keys(options, self._objects(), path=path)

    def _objects(self) -> Iterator[object]:
        with self._open() as file:
            for record in self.scan(file, position=0, line=1):
                with suppress(ValueError, RecursionError, DataError):
                    yield read_row(decode(record.content)) if record.content else None

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the lines that hold something."""
        for read in scan_lines(file, position=position, line=line):
            if read.is_cut:
                error = f"the line is longer than {MAX_LINE} bytes"
                yield Record(read.position, read.number, error=error)
            elif read.content.strip():
                yield Record(read.position, read.number, read.content)

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the post of a line."""
        name = self.default_id(number)
        try:
            value = read_row(decode(record.content))
        except (RecursionError, ValueError, DataError) as fault:
            error = json_fault(fault)
            line = record.content.strip()
            if isinstance(fault, json.JSONDecodeError) and (
                line in (b"{", b"}") or line[:1] in (b"[", b"]") or line.endswith(b",")
            ):
                error += "; expected one object a line, or one list of them in a .json file"
            return Row(number, name, origin, error=error)
        return row_of_object(
            value,
            number=number,
            origin=origin,
            options=self.options,
            root=self.image_folder,
            default_id=name,
        )


def check_keys(options: InputOptions, rows: Iterable[object], *, path: Path) -> None:
    """Refuse a key that was asked for and is in no row.

    Args:
        options: Names of the keys.
        rows: The rows, read until all that are named have come.
        path: The input, for messages.

    Raises:
        ConfigError: Names the option, the keys that there are and a near name.
    """
    columns = (*(options.images or ()), *options.context, *options.keep)
    asked = {options.text, options.id, *columns} - {"text", "id"}
    keys: dict[str, None] = {}
    for row in rows if asked else ():
        if isinstance(row, dict):
            keys |= dict.fromkeys(cast(dict[str, Any], row))
        if all(name in keys or name.partition(".")[0] in keys for name in asked):
            break
    if keys:
        # What was not asked for may be absent: each row then says what it lacks.
        check_columns(options, [*keys, *({"text"} - set(keys))], path=path)


def row_of_object(
    value: object, *, number: int, origin: str, options: InputOptions, root: Path, default_id: str
) -> Row:
    """Return the row of a JSON value; see ``row_of_fields``."""
    if not isinstance(value, dict):
        error = f"expected a JSON object, got {type(value).__name__}"
        if isinstance(value, str) or (
            isinstance(value, list) and value and isinstance(value[0], str)
        ):
            error += '; write a text as {"text": "..."}, or texts alone into a .txt, one a line'
        return Row(number, default_id, origin, error=error)
    fields = cast(dict[str, Any], value)
    if not {options.text, options.text.partition(".")[0], TOKENS} & fields.keys():
        hints = filter(None, (key_hint(key, known=("text", "tokens")) for key in fields))
        lists = (f"; posts seem to lie in {key!r}: save that list" for key in _lists_in(fields))
        tool = tool_hint(cast(object, value))
        inner = next(_inner_texts(fields, options.text), "")
        if inner and "annotations" not in fields:  # With them it is a task of Label Studio.
            tool = f"a text lies in {inner!r}: add --text-column {inner}"
        hint = f"; {tool}" if tool else next(hints, "") or next(lists, "")
        error = f"no text: expected {options.text!r} or {TOKENS!r}{hint}"
        return Row(number, default_id, origin, error=error)
    return row_of_fields(
        fields, number=number, origin=origin, options=options, root=root, default_id=default_id
    )


def _inner_texts(fields: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the nested keys of texts of a name, such as ``data.text``."""
    for key, value in fields.items():
        if isinstance(value, dict) and isinstance(cast(dict[str, object], value).get(name), str):
            yield f"{key}.{name}"


def _lists_in(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of lists of objects."""
    for key, value in fields.items():
        items = cast(list[object], value) if isinstance(value, list) else []
        if items and isinstance(items[0], dict):
            yield key
