"""Prediction files of lines: CoNLL columns, and blocks of image name, text and tag lines."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from gmf.core.errors import DataError
from gmf.evaluation.files.labelled import LabelledSample, LabelReader, Labels, sample_id
from gmf.reading.conll_lines import (
    DOCUMENT_MARK,
    ID_PREFIX,
    Columns,
    group_lines,
    id_of_line,
    is_id_line,
)
from gmf.reading.tag_schemes import is_tag, read_tags

#: Lines of a block: image name, text, tags, tags.
BLOCK_HEIGHT = 4
#: Types of the phrases of CoNLL-2000 and CoNLL-2003.
PHRASES = frozenset("NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP".split())  # noqa: SIM905
#: Blocks that are looked at to tell the format.
_SAMPLE_BLOCKS = 50

#: Lines of one block with their numbers, from 1.
Block = list[tuple[int, str]]


def blocks_of(lines: Sequence[str], *, columns: Columns) -> tuple[list[Block], int]:
    """Return the blocks between empty lines, and how many lines were skipped.

    Lines are grouped as in training. Skipped are document marks and comments.
    """
    groups = list(_groups_of(lines, columns))
    marks = sum(line.startswith(DOCUMENT_MARK) for line in lines)
    return [block for block, _ in groups], marks + sum(comments for _, comments in groups)


def _groups_of(lines: Sequence[str], columns: Columns) -> Iterator[tuple[Block, int]]:
    """Yield each block and how many comments it has."""
    for group in group_lines(enumerate(lines, 1), text_of=lambda line: line[1], columns=columns):
        yield [group.first, *group.lines] if group.has_id else group.lines, group.comments


def looks_like_blocks(lines: Sequence[str]) -> bool:
    """Return whether the blocks of a file are image name, text and two lines of as many labels."""
    blocks = [block for block, _ in islice(_groups_of(lines, Columns()), _SAMPLE_BLOCKS)]
    return bool(blocks) and all(
        len(block) == BLOCK_HEIGHT
        and "\t" not in block[2][1] + block[3][1]
        and len(first := block[2][1].split()) == len(second := block[3][1].split())
        and all(map(is_tag, (*first, *second)))
        for block in blocks
    )


def samples_of_blocks(blocks: Sequence[Block], *, labels: LabelReader) -> Iterator[LabelledSample]:
    """Yield the samples of a block file.

    Where a text has more words than labels, the system cut it or its tokenizer saw nothing in some
    words: labels go to the visible words if they are as many, else to the first words.

    Raises:
        DataError: If a block has another height, or more labels than words.
    """
    for block in blocks:
        if len(block) != BLOCK_HEIGHT:
            raise DataError(
                f"expected {BLOCK_HEIGHT} lines (image name, text, tags, tags), got {len(block)}",
                path=labels.path,
                line=block[0][0],
            )
    sides = labels.read(
        [[block[row][1].split() for block in blocks] for row in (2, 3)],
        lines=[[[block[row][0]] for block in blocks] for row in (2, 3)],
        fields=("tags", "tags"),
    )
    for block, *both in zip(blocks, *sides, strict=True):
        tokens = tuple(block[1][1].split(" "))
        first, second = (
            _spread(tags or (), tokens, labels.path, number)
            for tags, (number, _) in zip(both, block[2:], strict=True)
        )
        yield LabelledSample(sample_id(block[0][1]), tokens, first, second, line=block[0][0])


def samples_of_columns(
    blocks: Sequence[Block], *, columns: Columns, labels: LabelReader
) -> Iterator[LabelledSample]:
    """Yield the samples of a CoNLL file: a word a line, its labels in the last columns.

    There are two label columns when the last two columns hold labels in every line, else one;
    phrases (``B-NP``), as CoNLL-2003 has them before the entities, are no such labels.

    Args:
        blocks: The blocks of the file.
        columns: How their columns are separated.
        labels: Reads the labels.

    Raises:
        DataError: If lines have different numbers of columns, or a column is no label.
    """
    rows = [
        [(number, columns.split(line)) for number, line in block if not is_id_line(line)]
        for block in blocks
    ]
    width = _width(rows, labels.path)
    has_two = width > 2 and _have_labels(rows)
    lines = [[number for number, _ in row] for row in rows]
    columns_of_labels = (-2, -1) if has_two else (-1,)
    sides = labels.read(
        [[[c[column] for _, c in row] for row in rows] for column in columns_of_labels],
        lines=[lines] * len(columns_of_labels),
        fields=("tag",) * len(columns_of_labels),
    )
    for block, row, *both in zip(blocks, rows, *sides, strict=True):
        number, head = block[0]
        identifier = sample_id(id_of_line(head)) if is_id_line(head) else ""
        if not row:
            raise DataError(
                f"post {identifier!r} has no words; add them or remove the {ID_PREFIX} line",
                path=labels.path,
                line=number,
            )
        tokens = tuple(cells[columns.word] for _, cells in row)
        first, second = both[0] or (), both[1] if has_two else None
        yield LabelledSample(identifier, tokens, first, second, line=number)


def _have_labels(rows: Sequence[Sequence[tuple[int, list[str]]]]) -> bool:
    """Return whether both of the last two columns hold labels, of whatever scheme."""
    sides = [[[columns[column] for _, columns in row] for row in rows] for column in (-1, -2)]
    types = {tag[2:] for tags in sides[1] for tag in tags} - {""}
    if types and types <= PHRASES:
        return False
    return all(is_tag(tag) for side in sides for row in side for tag in row) or all(
        read_tags(side).scheme == "IO" for side in sides
    )


def _width(rows: Sequence[Sequence[tuple[int, list[str]]]], path: Path) -> int:
    width = 0
    for row in rows:
        for line, columns in row:
            width = width or len(columns)
            if len(columns) != width or width < 2:
                shown = "\t".join(columns)[:60]
                expected = (
                    f"{width} columns, as in the lines before" if width > 1 else "word, label"
                )
                raise DataError(
                    f"expected {expected}, got {len(columns)} in {shown!r}; an empty line ends a "
                    "post",
                    path=path,
                    line=line,
                )
    return width


def _spread(labels: Sequence[str], tokens: Sequence[str], path: Path, line: int) -> Labels:
    if len(labels) > len(tokens):
        raise DataError(
            f"expected at most {len(tokens)} tags, one a word, got {len(labels)}",
            path=path,
            line=line,
            field="tags",
        )
    visible = [index for index, token in enumerate(tokens) if not _is_invisible(token)]
    positions = visible if len(labels) == len(visible) else range(len(labels))
    placed = dict(zip(positions, labels, strict=True))
    return tuple(placed.get(index) for index in range(len(tokens)))


def _is_invisible(token: str) -> bool:
    """Return whether a sub-word tokenizer sees nothing in a word."""
    return all(unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Zs") for letter in token)
