"""Posts as JSON lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from gmf.jobs.inputs.fields import TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines
from gmf.reading.json_rows import key_hint
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

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        self.root = options.image_root or path.parent
        columns = (*(options.images or ()), *options.context, *options.keep)
        asked = {options.text, options.id, *columns} - {"text", "id"}
        keys = self._keys(asked) if asked else []
        if keys:
            # What was not asked for may be absent: each row then says what it lacks.
            check_columns(options, [*keys, *({"text"} - set(keys))], path=path)

    def _keys(self, asked: set[str]) -> list[str]:
        """Return the keys of the rows from the front until all that are named have come."""
        keys: dict[str, None] = {}
        with self._open() as file:
            for record in self.scan(file, position=0, line=1):
                row = self._object_of(record)
                if isinstance(row, dict):
                    keys |= dict.fromkeys(cast(dict[str, Any], row))
                if all(name in keys or name.partition(".")[0] in keys for name in asked):
                    break
        return list(keys)

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the lines that hold something."""
        for read in scan_lines(file, position=position, line=line):
            if read.is_cut:
                error = f"the line is longer than {MAX_LINE} bytes"
                yield Record(read.position, read.number, error=error)
            elif read.content.strip():
                yield Record(read.position, read.number, read.content)

    @staticmethod
    def _object_of(record: Record) -> object:
        try:
            return json.loads(record.content) if record.content else None
        except (ValueError, RecursionError):
            return None

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the post of a line."""
        try:
            value: object = json.loads(decode(record.content))
            if not isinstance(value, dict):
                raise ValueError(f"expected a JSON object, got {type(value).__name__}")
        except RecursionError:
            error = "not valid JSON: nested too deeply"
            return Row(number, self.default_id(number), origin, error=error)
        except json.JSONDecodeError as fault:
            error = f"not valid JSON: {fault.msg} at character {fault.pos}"
            return Row(number, self.default_id(number), origin, error=error)
        except ValueError as fault:
            return Row(number, self.default_id(number), origin, error=str(fault))
        fields = cast(dict[str, Any], value)
        if isinstance(fields.get("text"), list) and TOKENS not in fields:  # MNER-MI
            fields = {**fields, "text": None, TOKENS: fields["text"]}
        text = self.options.text
        if not {text, text.partition(".")[0], TOKENS} & fields.keys():
            hints = filter(None, (key_hint(key, known=("text", "tokens")) for key in fields))
            error = f"no text: expected {self.options.text!r} or {TOKENS!r}{next(hints, '')}"
            return Row(number, self.default_id(number), origin, error=error)
        return row_of_fields(
            fields,
            number=number,
            origin=origin,
            options=self.options,
            root=self.root,
            default_id=self.default_id(number),
        )
