"""Posts as a table of comma-separated or tab-separated values."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gmf.core.errors import ConfigError, DataError
from gmf.jobs.inputs.fields import TOKENS, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import Record, ScannedSource, scan_lines


class CsvSource(ScannedSource):
    """A table with a header; fields may be quoted and then hold line ends.

    Args:
        path: The file; ``.tsv`` is separated by TAB.
        options: Names of the columns; an image cell holds one path.

    Raises:
        ConfigError: If a column that was asked for is not in the header.
        DataError: If the file cannot be read or has no header.
    """

    suffixes = (".csv", ".tsv")

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        self.root = options.image_root or path.parent
        self.delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        with self._open() as file:
            header = next(self._cells(file, 0, 1), None)
        if header is None or header.error or not header.content:
            reason = header.error if header else "the file is empty"
            raise DataError(f"expected a header line: {reason}", path=path, line=1)
        self.header: list[str] = header.content
        named = (options.text, *(options.images or ()))
        absent = [name for name in named if name not in self.header]
        if absent:
            raise ConfigError(
                f"{path}: no column {', '.join(map(repr, absent))}; the header has "
                f"{', '.join(map(repr, self.header))}; name the text column with --text-column"
            )

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the records below the header that hold something."""
        records = self._cells(file, position, line)
        if position == 0:
            next(records)
        return records

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the post of a record."""
        cells: list[str] = record.content
        if len(cells) != len(self.header):
            error = f"expected {len(self.header)} columns, as the header has, got {len(cells)}"
            return Row(number, self.default_id(number), origin, error=error)
        fields = {k: v for k, v in zip(self.header, cells, strict=True) if k != TOKENS}
        return row_of_fields(
            fields,
            number=number,
            origin=origin,
            options=self.options,
            root=self.root,
            default_id=self.default_id(number),
        )

    def _cells(self, file: BinaryIO, position: int, line: int) -> Iterator[Record]:
        end, following = position, line

        def feed() -> Iterator[str]:
            nonlocal end, following
            for found in scan_lines(file, position=position, line=line):
                end, following = found.end, found.number + 1
                # A byte that is not UTF-8 becomes half a character, which no post may hold.
                yield found.content.decode(errors="surrogateescape") + "\n"

        reader = csv.reader(feed(), delimiter=self.delimiter, strict=True)
        while True:
            start, first = end, following
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(start, first, error=f"not valid CSV: {error}")
            else:
                if cells:
                    yield Record(start, first, cells)
