"""The lines of a CoNLL file: its columns, the blocks of its samples, comments, document marks."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Generic, TypeVar

from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, is_bio
from gmf.reading.foreign_columns import (
    SHARE,
    WRONG_MARKS,
    check_first,
    check_header,
    check_last,
    check_table,
    check_texts,
    check_words,
    is_text,
)
from gmf.reading.tag_schemes import is_tag, read_tags

ID_PREFIX = "IMGID:"
DOCUMENT_MARK = "-DOCSTART-"
COMMENT = "# "
_COMMENTS_OF_OTHERS = ("#", "%", "//")
#: Lines from the front in which the separator is found.
HEAD_LINES = 1000
#: Number of a line of CoNLL-U that is no word: of several words, or of none.
_NO_WORD = re.compile(r"\d+[-.]\d+")

LineT = TypeVar("LineT")


@dataclass
class Block(Generic[LineT]):
    """The lines of one sample.

    Args:
        first: Its first line, that of its identifier if it has one.
        has_id: Whether that is an ``IMGID:`` line.
        is_separated: False when it follows another block without an empty line.
        lines: Its token lines.
        comments: Comment lines at its head, and lines that are no words, which are left out.
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
    """The columns of a file.

    Args:
        separator: TAB, or a blank: then any number of blanks.
        width: How many there are; 0 when that is not known.
        word: Which of them holds the words; the second where the first counts them.
        has_tags: Whether the last of them holds a tag.
    """

    separator: str = "\t"
    width: int = 0
    word: int = 0
    has_tags: bool = True

    @property
    def name(self) -> str:
        """What messages call the separator."""
        return "TAB" if self.separator == "\t" else "blanks"

    @property
    def no_words(self) -> str:
        """What reports call lines at the head of a post, or in it, that are no words."""
        of_conll_u = ", and lines 1-2 or 1.1 that are no words," if self.word else ""
        return f"comment lines (# ...) at the head of samples{of_conll_u} are left out"

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

    def is_no_word(self, line: str) -> bool:
        """Return whether a line is one of CoNLL-U that is no word: ``1-2``, or ``1.1``."""
        return self.word > 0 and bool(_NO_WORD.fullmatch(self.split(line)[0]))

    def fault_of(self, row: Sequence[str]) -> str:
        """Return what is wrong with the columns of a line; empty if nothing is."""
        shown = self.separator.join(row)[:60]
        if self.width and len(row) != self.width:
            advice = "a post ends with an empty line"
            if shown.startswith(_COMMENTS_OF_OTHERS):
                advice = f"a comment begins with {COMMENT!r} and stands at the head of a post"
            return (
                f"expected {self.width} columns separated by {self.name}, as most lines have, got "
                f"{len(row)}: {shown!r}; {advice}"
            )
        if len(row) > 1 and not row[-1].strip():
            return f"expected a token and its tag, got an empty tag in {shown!r}"
        return ""


def is_id_line(text: str) -> bool:
    """Return whether a line is ``IMGID:<id>``; with a tag behind a TAB it is a token."""
    identifier = text.removeprefix(ID_PREFIX)
    return identifier != text and not (
        "\t" in identifier.strip(" \t") or ("\t" in identifier and is_tag(identifier))
    )


def id_of_line(text: str) -> str:
    """Return the identifier of an ``IMGID:`` line; empty if it has none."""
    return text.removeprefix(ID_PREFIX).strip(" \t")


def is_blank(text: str) -> bool:
    """Return whether a line separates samples: a line of U+00A0 is a word."""
    return not text.strip(" \t")


class PlainTextError(DataError):
    """A file is a plain text where columns were expected."""


def columns_of(lines: Iterable[str], *, path: Path | None) -> Columns:
    """Return the columns of a file: separated by TAB, or by blanks where most lines have none.

    Args:
        lines: All its lines, or those from the front.
        path: The file, for messages.

    Raises:
        PlainTextError: If the file is a plain text.
        DataError: If its columns are separated otherwise, or the last of them is not that of tags.
    """
    words = [
        line
        for line in islice(lines, HEAD_LINES)
        if not is_blank(line) and not is_id_line(line) and not line.startswith(DOCUMENT_MARK)
    ]
    check_table(words, path=path)
    check_header(words, path=path)
    by_tab = [line for line in words if not Columns().is_comment(line)]
    if sum("\t" in line for line in by_tab) * 2 > len(by_tab):
        return _measured(Columns(), by_tab, path)
    by_blank = [line for line in words if not Columns(" ").is_comment(line)]
    if _is_tagged(by_blank, lambda line: line.split(" ")):
        return _measured(Columns(" "), by_blank, path)
    for mark in WRONG_MARKS:
        if _is_tagged(by_blank, lambda line, mark=mark: line.replace('"', "").split(mark)):
            raise DataError(
                f"columns look separated by {mark!r}; expected a word, a TAB and its tag a line: "
                "replace the separator",
                path=path,
            )
    check_last([Columns(" ").split(line) for line in by_blank], path=path)
    if _is_tagged(by_blank, lambda line: line.replace("\t", " ").split(" ")):
        raise DataError(
            "columns are separated by TAB in some lines and by blanks in others; use TAB in all",
            path=path,
        )
    if sum(map(is_text, by_blank)) > (1 - SHARE) * len(by_blank):
        raise PlainTextError(
            "looks like a plain text, one post a line; expected one word a line, a TAB and its "
            "tag. To predict, add --input-format text; to train, annotate the texts and bring the "
            "annotations here with `gmf data convert`",
            path=path,
        )
    return _measured(Columns(), by_tab, path)


def _measured(columns: Columns, lines: Sequence[str], path: Path | None) -> Columns:
    """Return columns with their number, and which one holds the words."""
    rows = [columns.split(line) for line in lines]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    check_last(rows, path=path)
    if not _is_tagged(lines, columns.split):
        check_texts(rows, path=path)
    whole = [row for row in rows if len(row) == width]
    counted = [int(row[0]) for row in whole if row[0].isdecimal() and row[0].isascii()]
    is_counted = (
        len(counted) > 1
        and counted[0] in (0, 1)
        and all(b in (counted[0], a + 1) for a, b in pairwise(counted))
        and all(row[0].isdecimal() or _NO_WORD.fullmatch(row[0]) for row in whole)
        and width > 1
        and not all(is_tag(row[1]) for row in whole)
    )
    if not is_counted:
        check_first(whole, path=path)
    check_words([row[int(is_counted)] for row in whole if width > 1], path=path)
    has_tags = any(is_tag(row[-1]) for row in rows if len(row) > 1)
    return replace(columns, width=width, word=int(is_counted), has_tags=has_tags)


def _is_tagged(lines: Sequence[str], split: Callable[[str], list[str]]) -> bool:
    """Return whether lines are columns of which the last is a tag."""
    rows = [[part for part in split(line) if part] for line in lines]
    wide = [row for row in rows if len(row) > 1]
    if not wide or len(wide) < SHARE * len(rows):
        return False
    if sum(is_tag(row[-1]) for row in wide) >= SHARE * len(wide):
        return True
    if len({len(row) for row in rows}) > 1:
        return False
    # Types alone, or with their prefix at the end.
    read = read_tags([[row[-1] for row in rows]]).tags[0] or ()
    return OUTSIDE in read and all(map(is_bio, read))


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
    first token of a block are comments, and so are those of CoNLL-U that are no words.

    Args:
        lines: The lines, in whatever form.
        text_of: Returns the text of a line.
        columns: How their columns are separated.
        max_lines: Most lines of a block that are kept; ``None`` for all.
    """
    comments = 0  # Of blocks of comments alone: they go to the next block, or to the last one.
    last: Block[LineT] | None = None
    for block in _all_blocks(lines, text_of=text_of, columns=columns, max_lines=max_lines):
        if block.has_only_comments:
            comments += block.comments
            continue
        block.comments, comments = block.comments + comments, 0
        if last:
            yield last
        last = block
    if last:
        last.comments += comments
        yield last


def _all_blocks(
    lines: Iterable[LineT],
    *,
    text_of: Callable[[LineT], str],
    columns: Columns,
    max_lines: int | None,
) -> Iterator[Block[LineT]]:
    """Yield the blocks of a file with those of comments alone; see ``group_lines``."""
    block: Block[LineT] | None = None
    for line in lines:
        text = text_of(line)
        starts, ends = is_id_line(text), is_blank(text) or text.startswith(DOCUMENT_MARK)
        if block and (starts or ends):
            yield block
        if starts:
            is_separated = not block or block.has_only_comments
            block = Block(line, has_id=True, is_separated=is_separated)
        elif ends:
            block = None
        else:
            block = block or Block(line, has_id=False, is_separated=True)
            if columns.is_no_word(text) or (not block.lines and columns.is_comment(text)):
                block.comments += 1
            elif max_lines is None or len(block.lines) < max_lines:
                block.lines.append(line)
    if block:
        yield block
