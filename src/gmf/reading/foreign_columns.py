"""Columns of CoNLL files that others have beside those of words and tags."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from gmf.core.errors import DataError
from gmf.reading.tag_schemes import is_prefixed, is_tag

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
