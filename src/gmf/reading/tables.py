"""Tables: separator and quotes are found by file, and a bad record costs itself alone."""

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Generic, Literal, TypeVar

from gmf.core.errors import ConfigError, DataError

#: ``auto`` finds out; ``csv``: a field in quotes may hold separators, line ends and doubled quotes;
#: ``none``: a quote is a character like others, a line is a record.
Quoting = Literal["auto", "csv", "none"]
#: Separators that are looked for, likeliest first.
DELIMITERS = (",", ";", "\t", "|")
#: Longest record in characters: where a quote that is not closed stops to swallow lines.
MAX_RECORD = 2**20
#: Longest field in characters.
MAX_FIELD = 131_072

#: A line that closes a quote with its first field.
_CLOSES = re.compile(r'(?:[^"\t]|"")*"(?:\t|$)')
#: What Excel writes above a header.
_SEPARATOR_LINE = re.compile('"?sep=(.)"?', re.IGNORECASE)

LineT = TypeVar("LineT")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the fields of a table are separated.

    Args:
        delimiter: One character.
        is_quoted: Whether fields may stand in quotes.
        header: Names of the columns, blanks around them taken off.
        header_lines: Lines down to the header: itself, those without content, and ``sep=;``.
    """

    delimiter: str
    is_quoted: bool
    header: tuple[str, ...]
    header_lines: int = 1


@dataclass(frozen=True, slots=True)
class TableRecord(Generic[LineT]):
    """A record of a table, or why there is none.

    Args:
        first: Its first line.
        cells: Its fields, as many as the header has; empty with an error.
        error: What is wrong with it.
    """

    first: LineT
    cells: tuple[str, ...] = ()
    error: str = ""


def dialect_of(
    head: Sequence[str], *, path: Path, delimiter: str | None = None, quoting: Quoting = "auto"
) -> Dialect:
    r"""Return the dialect of a table.

    Args:
        head: Its first lines.
        path: The file; ``.tsv`` is separated by TAB unless another separator is stated.
        delimiter: The separator, if it is stated: one character, ``\t`` or ``tab``.
        quoting: Whether fields may stand in quotes.

    Raises:
        ConfigError: If the separator that is stated is no single character.
        DataError: If there is no header, or a name stands in it twice.
    """
    first = next((number for number, line in enumerate(head) if line.strip()), len(head))
    if match := _SEPARATOR_LINE.fullmatch(head[first]) if first < len(head) else None:
        delimiter, first = delimiter or match[1], first + 1
    lines = head[first:]
    if not lines:
        raise DataError("expected a header line: the file is empty", path=path, line=1)
    delimiter = _stated(delimiter) or _delimiter_of(lines[0], path)
    is_quoted = quoting != "none"
    if quoting == "auto" and delimiter == "\t":
        is_quoted = _has_quoted_fields(lines)
    try:
        cells = _fields(lines[0], Dialect(delimiter, is_quoted, ()))
    except csv.Error as error:
        raise DataError(f"expected a header line: {error}", path=path, line=first + 1) from error
    header = tuple(cell.strip() for cell in cells)
    doubled = [name for name, number in Counter(header).items() if number > 1 and name]
    if doubled:
        names = ", ".join(map(repr, doubled))
        raise DataError(
            f"the header names {names} twice; rename or remove one", path=path, line=first + 1
        )
    return Dialect(delimiter, is_quoted, header, first + 1)


def read_records(
    lines: Iterator[LineT], *, dialect: Dialect, text_of: Callable[[LineT], str]
) -> Iterator[TableRecord[LineT]]:
    """Yield the records of the lines below a header; empty lines are no records.

    A quote that is not closed, or not well, makes an error of the line that it is in alone: reading
    goes on with the line after it.

    Args:
        lines: The lines, in whatever form.
        dialect: How they are separated.
        text_of: Returns the text of a line; a CR at its end belongs to a text that goes on.
    """
    ahead: deque[LineT] = deque()
    while (first := ahead.popleft() if ahead else next(lines, None)) is not None:
        line = text_of(first)
        text = line.removesuffix("\r")
        if not text:
            continue
        try:
            cells = _cells_of_line(text, dialect)
            if cells is None:
                text, taken = _closed(line, ahead, lines, dialect, text_of)
                cells = _checked(_fields(text, dialect), dialect)
                for _ in range(taken):
                    ahead.popleft()
            yield TableRecord(first, tuple(_checked(cells, dialect)))
        except (csv.Error, ValueError) as fault:
            yield TableRecord(first, error=str(fault))


def unknown_columns(
    wanted: dict[str, Sequence[str]], header: Sequence[str], *, path: Path, kind: str = "header"
) -> None:
    """Refuse names of columns that a table does not have.

    Args:
        wanted: The names, by the option that gives them.
        header: The names that there are.
        path: The table.
        kind: What messages call the names that there are.

    Raises:
        ConfigError: Names the option, what there is, and a near name or the likely separator.
    """
    for option, names in wanted.items():
        absent = [name for name in names if name not in header]
        if not absent:
            continue
        near = get_close_matches(absent[0].lower(), [name.lower() for name in header], n=1)
        near_name = next((name for name in header if near and name.lower() == near[0]), None)
        hint = f"; did you mean {near_name!r}?" if near_name else f"; name the column with {option}"
        if len(header) == 1 and (mark := _mark_beside(absent[0], header[0])):
            hint = f"; it looks separated by {mark!r}: add --delimiter '{mark}'"
        listed = ", ".join(map(repr, header[:20])) + (", ..." if len(header) > 20 else "")
        raise ConfigError(
            f"{path}: no column {', '.join(map(repr, absent))}; the {kind} has {listed}{hint}"
        )


def _mark_beside(name: str, header: str) -> str:
    """Return what may separate the columns of a header of one; empty if nothing does."""
    usual = next((mark for mark in DELIMITERS if mark in header), "")
    word = re.escape(name)
    beside = re.search(rf"\w([^\w\s])\s*{word}\b|\b{word}\s*([^\w\s])", header)
    return usual or (beside and (beside[1] or beside[2])) or ""


def _stated(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter.lower(), delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(f"delimiter {delimiter!r}: expected one character, for example ; or tab")
    return delimiter


def _delimiter_of(header: str, path: Path) -> str:
    """Return the separator that cuts a header into most columns; by the ending if none does."""
    usual = "\t" if path.name.lower().endswith((".tsv", ".tab", ".tsv.gz")) else ","
    if usual in header:
        return usual
    most = max(DELIMITERS, key=header.count)
    return most if most in header else usual


def _fields(text: str, dialect: Dialect) -> list[str]:
    """Return the fields of a record.

    Raises:
        csv.Error: If its quotes are not closed well.
    """
    if not dialect.is_quoted:
        return text.split(dialect.delimiter)
    try:
        (cells,) = csv.reader([text], delimiter=dialect.delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise csv.Error(f"not valid CSV: {error}{_ADVICE}") from error
    return cells


def _has_quoted_fields(lines: Sequence[str]) -> bool:
    """Return whether the quotes in a table of TABs are more than characters.

    They are characters if a line has all its columns, and so has the next, and a quote begins a
    field that it does not end; and if no field begins with one.
    """
    rows = [line.split("\t") for line in lines]
    width = len(rows[0])
    begins = [[field for field in row if field.startswith('"')] for row in rows]
    return any(begins) and not any(
        len(row) == len(following) == width and not all(map(_is_quoted, fields))
        for fields, (row, following) in zip(begins, pairwise([*rows, rows[0]]), strict=True)
    )


def _is_quoted(field: str) -> bool:
    return len(field) > 1 and field[0] == field[-1] == '"' and '"' not in _unquoted(field, "")


def _unquoted(field: str, quote: str = '"') -> str:
    return field[1:-1].replace('""', quote)


def _cells_of_line(text: str, dialect: Dialect) -> list[str] | None:
    """Return the fields of a line; ``None`` if a quote is still open at its end."""
    if not dialect.is_quoted or '"' not in text:
        return text.split(dialect.delimiter)
    return None if _is_open(text, dialect.delimiter) else _fields(text, dialect)


def _closed(
    text: str,
    ahead: deque[LineT],
    lines: Iterator[LineT],
    dialect: Dialect,
    text_of: Callable[[LineT], str],
) -> tuple[str, int]:
    """Return an open line with those that close its quote, and how many they are.

    Raises:
        ValueError: If none does within ``MAX_RECORD`` characters, or before a line of TABs that
            has all columns; it may itself where the quote begins the record.
    """
    parts, whole, size, is_open = [text.removesuffix("\r")], [text], len(text), True
    separators = len(dialect.header) - 1
    while is_open:
        number = len(parts) - 1
        if number == len(ahead) and (following := next(lines, None)) is not None:
            ahead.append(following)
        if number == len(ahead) or size > MAX_RECORD:
            raise ValueError(f"not valid CSV: unexpected end of data{_ADVICE}")
        whole.append(text_of(ahead[number]))
        parts.append(whole[-1].removesuffix("\r"))
        may_close = text.startswith('"') and _CLOSES.match(parts[-1])
        if dialect.delimiter == "\t" and 0 < separators == parts[-1].count("\t") and not may_close:
            raise ValueError(f"not valid CSV{_ADVICE}")
        size += len(parts[-1]) + 1
        is_open = _is_open(parts[-1], dialect.delimiter, was_open=True)
    return "\n".join(whole).removesuffix("\r"), len(parts) - 1


#: What becomes of a record with wrong quotes, and what can be done.
_ADVICE = (
    "; a quote is not closed, or not well: only this line is left out; double the quotes in a "
    "text, or read quotes as characters with --quoting none"
)


def _is_open(line: str, delimiter: str, *, was_open: bool = False) -> bool:
    """Return whether a quote is open at the end of a line; wrong quotes count as closed."""
    position, is_open = 0, was_open
    while True:
        if not is_open:
            is_open = line.startswith('"', position)
            position += is_open
        if is_open:
            end = line.find('"', position)
            while end >= 0 and line.startswith('""', end):
                end = line.find('"', end + 2)
            if end < 0:
                return True
            position = end + 1
        position = line.find(delimiter, position) + 1
        if position == 0:
            return False
        is_open = False


def _checked(cells: list[str], dialect: Dialect) -> list[str]:
    expected = len(dialect.header)
    if len(cells) != expected:
        raise ValueError(f"expected {expected} columns, as the header has, got {len(cells)}")
    if max(map(len, cells), default=0) > MAX_FIELD:
        raise ValueError(f"a field is longer than {MAX_FIELD} characters")
    return cells
