"""The lines of a CoNLL file: its separator, the blocks of its samples, comments, document marks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from gmf.core.errors import DataError
from gmf.reading.tag_schemes import is_tag, read_tags

ID_PREFIX = "IMGID:"
DOCUMENT_MARK = "-DOCSTART-"
COMMENT = "# "
#: Lines from the front in which the separator is found.
HEAD_LINES = 1000
#: Share of lines that must look alike to tell a separator by, or a plain text.
_SHARE = 0.8

LineT = TypeVar("LineT")


@dataclass
class Block(Generic[LineT]):
    """The lines of one sample.

    Args:
        first: Its first line, that of its identifier if it has one.
        has_id: Whether that is an ``IMGID:`` line.
        is_separated: False when it follows another block without an empty line.
        lines: Its token lines.
        comments: Comment lines at its head, which are left out.
    """

    first: LineT
    has_id: bool
    is_separated: bool
    lines: list[LineT] = field(default_factory=list[LineT])
    comments: int = 0

    @property
    def has_only_comments(self) -> bool:
        """Whether no identifier and no token was in it yet."""
        return self.comments > 0 and not self.has_id and not self.lines


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of a file are separated.

    Args:
        separator: TAB, or a blank: then any number of blanks.
    """

    separator: str = "\t"

    @property
    def name(self) -> str:
        """What messages call the separator."""
        return "TAB" if self.separator == "\t" else "blanks"

    def split(self, line: str) -> list[str]:
        """Return the columns of a line."""
        if self.separator == "\t":
            return line.split("\t")
        # str.split() would also part at U+00A0, which is a word in Twitter-2015.
        return [part for part in line.split(" ") if part]

    def is_comment(self, line: str) -> bool:
        """Return whether a line at the head of a sample is a comment; ``#`` alone is a word."""
        if not line.startswith(COMMENT):
            return False
        columns = self.split(line)
        return len(columns) < 2 or not is_tag(columns[-1])


def is_id_line(text: str) -> bool:
    """Return whether a line is ``IMGID:<id>``; with a TAB it is a token."""
    return text.startswith(ID_PREFIX) and "\t" not in text


def is_blank(text: str) -> bool:
    """Return whether a line separates samples: a line of U+00A0 is a word."""
    return not text.strip(" \t")


def columns_of(lines: Iterable[str], *, path: Path) -> Columns:
    """Return how the columns of a file are separated: by TAB, or by blanks where there is none.

    Args:
        lines: All its lines, or those from the front.
        path: The file, for messages.

    Raises:
        DataError: If the file is a plain text, or its columns are separated otherwise.
    """
    words = [
        line
        for line in islice(lines, HEAD_LINES)
        if not is_blank(line) and not is_id_line(line) and not line.startswith(DOCUMENT_MARK)
    ]
    if any("\t" in line for line in words):
        return Columns("\t")
    words = [line for line in words if not Columns(" ").is_comment(line)]
    if _is_tagged(words, lambda line: line.split(" ")):
        return Columns(" ")
    for mark in (",", ";", "|"):
        if _is_tagged(words, lambda line, mark=mark: line.split(mark)):
            raise DataError(
                f"columns look separated by {mark!r}; expected a word, a TAB and its tag a line: "
                "replace the separator",
                path=path,
            )
    spaced = sum(" " in line.strip() for line in words)
    if spaced > len(words) * 0.5:
        raise DataError(
            "looks like a plain text, one post a line; expected one word a line. To tag texts "
            "give them as JSON lines or as a table with a column 'text'",
            path=path,
        )
    return Columns("\t")


def _is_tagged(lines: Sequence[str], split: Callable[[str], list[str]]) -> bool:
    """Return whether lines are columns of which the last is a tag."""
    rows = [[part for part in split(line) if part] for line in lines]
    wide = [row for row in rows if len(row) > 1]
    if not wide or len(wide) < _SHARE * len(rows):
        return False
    if sum(is_tag(row[-1]) for row in wide) >= _SHARE * len(wide):
        return True
    return (
        len({len(row) for row in rows}) == 1 and read_tags([[r[-1] for r in rows]]).scheme == "IO"
    )


def group_lines(
    lines: Iterable[LineT],
    *,
    text_of: Callable[[LineT], str],
    columns: Columns,
    max_lines: int | None = None,
) -> Iterator[Block[LineT]]:
    """Yield the blocks of a file.

    A line is empty when there is nothing on it but blanks and TABs, so that tokens such as U+00A0
    or U+FE0F survive. A line ``IMGID:<id>`` opens a block even without an empty line before it. A
    ``-DOCSTART-`` line ends a block and belongs to none. Lines that begin with ``# `` before the
    first token of a block are comments.

    Args:
        lines: The lines, in whatever form.
        text_of: Returns the text of a line.
        columns: How their columns are separated.
        max_lines: Most lines of a block that are kept; ``None`` for all.
    """
    block: Block[LineT] | None = None
    for line in lines:
        text = text_of(line)
        starts, ends = is_id_line(text), is_blank(text) or text.startswith(DOCUMENT_MARK)
        if block and (starts or ends) and not block.has_only_comments:
            yield block
        if starts:
            above = block.comments if block and block.has_only_comments else 0
            block = Block(line, has_id=True, is_separated=not block or above > 0, comments=above)
        elif ends:
            block = None
        else:
            block = block or Block(line, has_id=False, is_separated=True)
            if not block.lines and columns.is_comment(text):
                block.comments += 1
            elif max_lines is None or len(block.lines) < max_lines:
                block.lines.append(line)
    if block and not block.has_only_comments:
        yield block
