"""CoNLL files as they stand: blocks of lines with their line numbers, nothing interpreted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from gmf.core.errors import DataError

ID_PREFIX = "IMGID:"
DOCUMENT_MARK = "-DOCSTART-"
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class RawTweet:
    """One block of a CoNLL file.

    Args:
        id: What follows ``IMGID:``; ``None`` without such a line.
        line: Number of the block's first line, from 1.
        rows: Columns of each token line, the token first.
        row_lines: Line number of each row.
        is_separated: False when the ``IMGID:`` line follows another tweet without an empty line.
    """

    id: str | None
    line: int
    rows: tuple[tuple[str, ...], ...]
    row_lines: tuple[int, ...]
    is_separated: bool = True

    @property
    def tokens(self) -> tuple[str, ...]:
        """The first column."""
        return tuple(row[0] for row in self.rows)

    @property
    def tags(self) -> tuple[str, ...] | None:
        """The last column; ``None`` when there is only one."""
        return tuple(row[-1] for row in self.rows) if len(self.rows[0]) > 1 else None


def read_lines(path: Path) -> list[str]:
    r"""Return the lines of a UTF-8 file, split at LF only, without CR and byte order mark.

    ``str.splitlines`` would also cut at U+0085 or U+2028, which tweets contain.

    Raises:
        DataError: If the file cannot be read or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", path=path) from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"expected UTF-8, byte {error.start} is not; convert the file to UTF-8",
            path=path,
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error
    lines = text.removeprefix(BYTE_ORDER_MARK).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def fail(error: DataError) -> NoReturn:
    """Raise the fault: the default when faults are not collected."""
    raise error


def read_blocks(path: Path, *, on_fault: Callable[[DataError], None] = fail) -> Iterator[RawTweet]:
    """Yield the tweets of a file.

    Columns are split at TAB only and a line is empty only when nothing is on it, so that tokens
    such as U+00A0 or U+FE0F survive, and even an empty one before a TAB. A line ``IMGID:<id>``
    opens a tweet even without an empty line before it. ``-DOCSTART-`` lines are no tweets.

    Args:
        path: The file.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Raises:
        DataError: If a line has another number of columns than the first one, a tag is empty, or a
            tweet has no tokens.
    """
    width: int | None = None
    for block in _group(read_lines(path)):
        rows: list[tuple[str, ...]] = []
        row_lines: list[int] = []
        for number, line in block.lines:
            columns = tuple(line.split("\t"))
            fault = _fault_of(columns, width=width)
            if fault:
                on_fault(DataError(fault, path=path, line=number))
                continue
            width = len(columns)
            rows.append(columns)
            row_lines.append(number)
        if rows:
            yield RawTweet(block.id, block.line, tuple(rows), tuple(row_lines), block.is_separated)
        elif not block.lines:
            message = f"tweet {block.id!r} has no tokens; add them or remove the {ID_PREFIX} line"
            on_fault(DataError(message, path=path, line=block.line, field="IMGID"))


@dataclass
class _Block:
    id: str | None
    line: int
    is_separated: bool
    lines: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def _group(lines: list[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in enumerate(lines, 1):
        starts = line.startswith(ID_PREFIX) and "\t" not in line
        if block and (starts or line == ""):
            yield block
        if starts:
            block = _Block(line.removeprefix(ID_PREFIX), number, is_separated=block is None)
        elif line == "":
            block = None
        elif not line.startswith(DOCUMENT_MARK):
            block = block or _Block(None, number, is_separated=True)
            block.lines.append((number, line))
    if block:
        yield block


def _fault_of(columns: tuple[str, ...], *, width: int | None) -> str:
    shown = "\t".join(columns)[:60]
    if width is not None and len(columns) != width:
        return (
            f"expected {width} columns separated by TAB, as in the lines before, got "
            f"{len(columns)}: {shown!r}; a tweet ends with a wholly empty line"
        )
    if not all(columns[1:]):
        return f"expected a token and its tag, got an empty tag in {shown!r}"
    return ""
