"""Posts as a table of separated values."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from gmf.core.errors import ConfigError, DataError
from gmf.jobs.inputs.fields import TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.jobs.inputs.scanned import MAX_LINE, Line, Record, ScannedSource, scan_lines
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.tables import TableRecord, dialect_of, read_records
from gmf.reading.text_files import BYTE_ORDER_MARK, decode

#: Cells by which a line looks like a record; texts rarely have such in the place of a column.
_KINDS = (
    re.compile(r"\d+"),
    re.compile(rf"\S+(?:{'|'.join(map(re.escape, IMAGE_SUFFIXES))})", re.IGNORECASE),
)
#: Lines from the front in which the separator and the quotes are found.
HEAD_LINES = 1000
#: Lines in which a quote that is read as a character is looked for its end.
_RECORD_LINES = 50


class CsvSource(ScannedSource):
    """A table with a header; separator, quotes and encoding are found unless they are stated.

    Args:
        path: The file; ``.tsv`` is separated by TAB.
        options: Names of the columns; an image cell holds one path.

    Raises:
        ConfigError: If a column that was asked for is not in the header.
        DataError: If the file cannot be read or has no header.
    """

    suffixes = (".csv", ".tsv")
    has_columns = True

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        with self._open() as file:
            head = [
                _text_of(line) for line in islice(scan_lines(file, position=0, line=1), HEAD_LINES)
            ]
        if head and head[0].lstrip().startswith('{"'):
            raise DataError(
                "looks like JSON lines, not like a table: name it .jsonl, or add --input-format "
                "jsonl",
                path=path,
            )
        self.dialect = dialect_of(
            head, path=path, delimiter=options.delimiter, quoting=options.quoting
        )
        _check_quotes(self.dialect.header, path)
        # A cell is a text: no list of words is in one.
        self.unread = {TOKENS} - {options.text}
        header = [name for name in self.dialect.header if name not in self.unread]
        if TOKENS in self.dialect.header and options.text not in header:
            raise ConfigError(
                f"{path}: no column {options.text!r}; words ({TOKENS!r}) are read from JSON lines "
                "and Parquet, not from a cell"
            )
        self.note = self._long_records(head) or self._cut_records(head)
        check_columns(options, header, path=path)

    def _long_records(self, head: list[str]) -> str:
        """Return what is told of records in quotes that swallow lines like records."""
        skipped, mark = self.dialect.header_lines, self.dialect.delimiter
        numbered = enumerate(head[skipped:], skipped + 1)
        records = list(read_records(numbered, dialect=self.dialect, text_of=lambda line: line[1]))
        longer = [record for record in records if "\n" in "".join(record.cells)]
        kinds = _kinds_of([r.cells for r in records if r.cells and r not in longer])
        width = len(self.dialect.header)
        swallowed: list[int] = []
        for record in longer if width > 1 else ():
            first = record.first[0] - 1
            lines = head[first : first + 1 + "".join(record.cells).count("\n")]
            rows = [line.replace('"', "").split(mark) for line in lines]
            inner = [line for cell in record.cells for line in cell.split("\n")[1:-1]]
            if _are_records(rows, width, kinds) or any(i.count(mark) == width - 1 for i in inner):
                swallowed.append(first + 1)
        if not swallowed:
            return ""
        return (
            f"a record in quotes holds lines that look like records (line {swallowed[0]}); if they "
            "are, read quotes as characters with --quoting none"
        )

    def _cut_records(self, head: list[str]) -> str:
        """Return what is told of quotes read as characters that CSV would join lines by."""
        if self.options.quoting != "auto" or self.dialect.is_quoted:
            return ""
        mark = self.dialect.delimiter
        for number in range(self.dialect.header_lines, len(head)):
            if f'{mark}"' not in mark + head[number]:
                continue
            lines = (f"{line}\n" for line in head[number : number + _RECORD_LINES])
            record = csv.reader(lines, delimiter=mark, strict=True)
            try:
                is_whole = len(next(record)) == len(self.dialect.header)
            except csv.Error:
                continue
            if is_whole and record.line_num > 1:
                return (
                    f"quotes are read as characters, each line as a record; if line {number + 1} "
                    f"begins a text of {record.line_num} lines, add --quoting csv"
                )
        return ""

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the records below the header that hold something."""
        lines = scan_lines(file, position=position, line=line)
        if position == 0:
            lines = islice(lines, self.dialect.header_lines, None)
        for record in read_records(lines, dialect=self.dialect, text_of=_text_with_cr):
            error = record.error
            if record.first.is_cut:
                error = f"the line is longer than {MAX_LINE} bytes"
            yield Record(record.first.position, record.first.number, record, error)

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the post of a record."""
        table_record: TableRecord[Line] = record.content
        pairs = zip(self.dialect.header, table_record.cells, strict=True)
        try:
            # A byte that is not in the encoding was kept as half a character.
            for cell in table_record.cells:
                decode(cell.encode(errors="surrogateescape"))
        except ValueError as error:
            return Row(number, self.default_id(number), origin, error=str(error))
        names = [cell.strip(f" {BYTE_ORDER_MARK}") for cell in table_record.cells]
        if len(names) > 1 and tuple(names) == tuple(self.dialect.header):
            error = "repeats the header, as tables that were joined do; remove the line"
            return Row(number, self.default_id(number), origin, error=error)
        return row_of_fields(
            {
                column: cell
                for column, cell in pairs
                if column != TOKENS or self.options.text == TOKENS
            },
            number=number,
            origin=origin,
            options=self.options,
            root=self.image_folder,
            default_id=self.default_id(number),
        )


def _kinds_of(records: Sequence[Sequence[str]]) -> list[tuple[int, re.Pattern[str]]]:
    """Return the columns whose cells are all of one kind, numbers or names of images."""
    columns = enumerate(zip(*records, strict=True))
    return [
        (column, kind)
        for column, cells in columns
        for kind in _KINDS
        if all(map(kind.fullmatch, cells))
    ]


def _are_records(
    rows: Sequence[Sequence[str]], width: int, kinds: Sequence[tuple[int, re.Pattern[str]]]
) -> bool:
    """Return whether each line of a record looks like one: its columns, no blank before a cell."""
    if any(len(row) != width or any(cell[:1] == " " for cell in row) for row in rows):
        return False
    return any(all(kind.fullmatch(row[column]) for row in rows) for column, kind in kinds)


def _check_quotes(header: Sequence[str], path: Path) -> None:
    """Refuse names that kept their quotes: no column would be found by them."""
    kept = [name for name in header if len(name) > 1 and name[0] == name[-1] == '"']
    if kept:
        raise DataError(
            f"the header has {kept[0]} in quotes that are read as characters; remove the blanks "
            "between separators and quotes, or all quotes",
            path=path,
        )


def _text_of(line: Line) -> str:
    return line.content.decode(errors="surrogateescape")


def _text_with_cr(line: Line) -> str:
    """Return a line as it stands in a text of several lines."""
    return _text_of(line) + ("\r" if line.ends_with_cr else "")
