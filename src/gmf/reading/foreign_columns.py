"""Columns of CoNLL files that others have beside those of words and tags."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from gmf.core.errors import DataError
from gmf.reading.tag_schemes import is_prefixed, is_tag

#: Share of lines that must look alike to tell a separator by.
SHARE = 0.8
#: Separators that are told and refused.
WRONG_MARKS = (",", ";", "|", "\u00a0", "\u3000", "\u2003", "\u2002", "\u2009", "\\t")
#: Names of columns of words and of tags, where they stand above them.
_HEADERS = (
    frozenset(("word", "words", "token", "tokens", "text", "form")),
    frozenset(("tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "entity", "iob")),
)
_CELLS = re.compile(r'[^\s,;|"]+')
#: Two words in a cell, or two clauses, or a sentence, where words have no blanks between them.
_TEXT = re.compile(r"\S(?: +|[\u3001\u3002\uff01\uff0c\uff1f])\S|\w{2}[\u3002\uff01\uff0c\uff1f]$")
#: Lines from which on a first column that repeats itself is told.
_LEAST_LINES = 4
_NAMES_BESIDE_TEXT = ("id", "image", "images")


def check_first(rows: Sequence[Sequence[str]], *, path: Path | None) -> None:
    """Refuse a first column that holds the sentence of a word: it repeats, or is empty.

    Words may repeat, too: only names with a digit are those of sentences, and only where what
    follows them is not a tag.

    Args:
        rows: The columns of lines, as many in each.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    if len(rows) < _LEAST_LINES or len(rows[0]) < 3 or all(is_tag(row[1]) for row in rows):
        return
    if any(row[0] and not any(map(str.isdigit, row[0])) for row in rows):
        return
    pairs = [(above[0], row[0]) for above, row in pairwise(rows)]
    if sum(first in ("", above) for above, first in pairs) * 2 >= len(pairs):
        raise DataError(
            "the first column looks like the number or name of a sentence, for it repeats from "
            "line to line; expected a word first: remove that column, and put an empty line "
            "between posts",
            path=path,
        )


def check_table(lines: Sequence[str], *, path: Path | None) -> None:
    """Refuse a table of posts with a header.

    Args:
        lines: The lines from the front.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    header = {name.strip().lower() for name in lines[0].split("\t")} if lines else set[str]()
    if "text" in header and not header.isdisjoint(_NAMES_BESIDE_TEXT):
        raise DataError(
            f"looks like a table of posts, its header is {lines[0].strip()!r}; name it .tsv, or "
            "add --input-format csv",
            path=path,
        )


def check_header(lines: Sequence[str], *, path: Path | None) -> None:
    """Refuse a first line that names the columns, however they are separated.

    Args:
        lines: The lines from the front.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    rows = [_CELLS.findall(line.lower()) for line in lines[:2]]
    words, tags = _HEADERS
    if rows and rows[0] and len({len(row) for row in rows}) == 1:
        first, last = rows[0][:2], rows[0][-1]
        if len(rows[0]) > 1 and last in tags and not words.isdisjoint(first):
            message = f"the first line is a header ({lines[0].strip()!r}): remove it"
            raise DataError(message, path=path)


def check_texts(rows: Sequence[Sequence[str]], *, path: Path | None) -> None:
    """Refuse a table of posts: a column that holds texts, not words.

    A word may hold a blank; where most cells of a column do, it is one of texts.

    Args:
        rows: The columns of lines, of which the last is not that of tags.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    for place in range(max(map(len, rows), default=0)):
        cells = [row[place].strip() for row in rows if len(row) > max(place, 1)]
        texts = [cell for cell in cells if is_text(cell)]
        if len(texts) * 2 > len(rows):
            raise DataError(
                f"looks like a table of posts: column {place + 1} holds texts, such as "
                f"{texts[0][:40]!r}; expected one word a line, a TAB and its tag. To predict, put "
                "a line with the names of the columns above it, text among them, and add "
                "--input-format csv; or leave out the other columns, and add --input-format text",
                path=path,
            )


def is_text(cell: str) -> bool:
    """Return whether a cell holds more than a word."""
    return bool(_TEXT.search(cell.strip()))


def check_words(words: Sequence[str], *, path: Path | None) -> None:
    """Refuse words that are empty, or end with what separates them from their tags.

    Args:
        words: The words of lines that have more columns than one.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    for mark in ("", *WRONG_MARKS[:3]):
        # A mark alone is a word, and so is an emoticon that ends with one.
        alike = [w for w in words if (w.endswith(mark) and w[-2:-1].isalnum() if mark else not w)]
        if len(words) > 1 and len(alike) >= SHARE * len(words):
            found = f"end with {mark!r}: it separates columns, too" if mark else "are empty"
            raise DataError(
                f"most words {found}; expected a word, a TAB and its tag a line", path=path
            )


def check_last(rows: Sequence[Sequence[str]], *, path: Path | None) -> None:
    """Refuse columns of which another than the last holds the tags.

    Args:
        rows: The columns of lines.
        path: The file, for messages.

    Raises:
        DataError: Says what to do.
    """
    for place in range(max(map(len, rows), default=0) - 1):
        cells = [row[place] for row in rows if len(row) > place + 1]
        others = [row[-1] for row in rows if len(row) > place + 1]
        if (
            len(cells) >= SHARE * len(rows)
            and any(map(is_prefixed, cells))
            and all(map(is_tag, cells))
            and not any(map(is_tag, others))
        ):
            fault = f"the tags look to stand in column {place + 1}; put words first, tags last"
            if not any(others):
                fault = "a TAB stands behind each tag: remove it"
            raise DataError(fault, path=path)


def note_on_tags(rows: Sequence[Sequence[str]], *, word: int, width: int) -> str:
    """Return what is told of columns of tags beside the last one, which is read; empty for none.

    Args:
        rows: The columns of lines.
        word: Which of them holds the words.
        width: How many most lines have.
    """
    cells = {
        place: [row[place] for row in rows if len(row) == width]
        for place in range(word + 1, width - 1)
    }
    places = [n for n, column in cells.items() if all(map(is_tag, column))]
    places = [n for n in places if any(map(is_prefixed, cells[n]))]
    if not places:
        return ""
    return f"column {places[0] + 1} holds tags, too; those of the last column are read"
