"""Posts as JSON lines."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from gmf.data.json_rows import key_hint
from gmf.data.text_files import decode
from gmf.jobs.inputs.fields import TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines

#: Rows from the front in which the keys that were asked for are looked for.
HEAD_ROWS = 1000


class JsonlSource(ScannedSource):
    """One JSON object a line; empty lines are no rows.

    Own data (``sample.schema.json``) can be given as it is: its labels are not read.

    Args:
        path: The file.
        options: Names of the keys.

    Raises:
        ConfigError: If a key that was asked for is in none of the first rows.
    """

    suffixes = (".jsonl", ".ndjson")

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        self.root = options.image_root or path.parent
        with self._open() as file:
            records = self.scan(file, position=0, line=1)
            head = [self._object_of(record) for record in islice(records, HEAD_ROWS)]
        keys = list(dict.fromkeys(key for row in head if isinstance(row, dict) for key in row))
        # What was not asked for may be absent: each row then says what it lacks.
        if keys and options.text == "text" and "text" not in keys:
            keys.append("text")
        if keys:
            check_columns(options, keys, path=path)

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the lines that hold something."""
        for found in scan_lines(file, position=position, line=line):
            if found.is_cut:
                error = f"the line is longer than {MAX_LINE} bytes"
                yield Record(found.position, found.number, error=error)
            elif found.content.strip():
                yield Record(found.position, found.number, found.content)

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
        if not {self.options.text, TOKENS} & fields.keys():
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
