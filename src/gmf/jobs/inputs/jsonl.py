"""Posts as JSON lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from gmf.data.text_files import decode
from gmf.jobs.inputs.fields import row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines


class JsonlSource(ScannedSource):
    """One JSON object a line; empty lines are no rows.

    Own data (``sample.schema.json``) can be given as it is: its labels are not read.

    Args:
        path: The file.
        options: Names of the keys.
    """

    suffixes = (".jsonl", ".ndjson")

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        self.root = options.image_root or path.parent

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the lines that hold something."""
        for found in scan_lines(file, position=position, line=line):
            if found.is_cut:
                error = f"the line is longer than {MAX_LINE} bytes"
                yield Record(found.position, found.number, error=error)
            elif found.content.strip():
                yield Record(found.position, found.number, found.content)

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
        return row_of_fields(
            cast(dict[str, Any], value),
            number=number,
            origin=origin,
            options=self.options,
            root=self.root,
            default_id=self.default_id(number),
        )
