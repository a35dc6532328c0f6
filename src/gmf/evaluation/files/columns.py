"""Prediction files of lines: CoNLL columns, and blocks of image name, text and tag lines."""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from gmf.core.errors import DataError
from gmf.data.conll import DOCUMENT_MARK, ID_PREFIX, group_lines, is_id_line
from gmf.evaluation.files.labelled import LabelledSample, LabelReader, Labels, sample_id
from gmf.evaluation.files.labels import is_label

#: Lines of a block: image name, text, tags, tags.
BLOCK_HEIGHT = 4
#: Blocks that are looked at to tell the format.
_SAMPLE_BLOCKS = 50

#: Lines of one block with their numbers, from 1.
Block = list[tuple[int, str]]


def blocks_of(lines: Sequence[str]) -> tuple[list[Block], int]:
    """Return the blocks between empty lines, and how many document marks were skipped.

    Lines are grouped as in training; here a line of spaces and TABs alone is empty too. One that
    holds only odd spaces (U+00A0) is a word.
    """
    groups = group_lines(
        enumerate(lines, 1),
        text_of=lambda line: line[1],
        is_empty=lambda text: not text.strip(" \t"),
    )
    blocks = [[group.first, *group.lines] if group.has_id else group.lines for group in groups]
    return blocks, sum(line.startswith(DOCUMENT_MARK) for line in lines)


def looks_like_blocks(blocks: Sequence[Block]) -> bool:
    """Return whether blocks are image name, text and two lines of as many labels."""
    return bool(blocks) and all(
        len(block) == BLOCK_HEIGHT
        and "\t" not in block[2][1] + block[3][1]
        and len(first := block[2][1].split()) == len(second := block[3][1].split())
        and all(map(is_label, (*first, *second)))
        for block in blocks[:_SAMPLE_BLOCKS]
    )


def samples_of_blocks(blocks: Sequence[Block], *, labels: LabelReader) -> Iterator[LabelledSample]:
    """Yield the samples of a block file.

    Where a text has more words than labels, the system cut it or its tokenizer saw nothing in some
    words: labels go to the visible words if they are as many, else to the first words.

    Raises:
        DataError: If a block has another height, or more labels than words.
    """
    for block in blocks:
        line = block[0][0]
        if len(block) != BLOCK_HEIGHT:
            raise DataError(
                f"expected {BLOCK_HEIGHT} lines (image name, text, tags, tags), got {len(block)}",
                path=labels.path,
                line=line,
            )
        tokens = tuple(block[1][1].split(" "))
        first, second = (
            _spread(
                [labels.read(label, line=number, field="tags") for label in content.split()],
                tokens,
                labels.path,
                number,
            )
            for number, content in block[2:]
        )
        yield LabelledSample(sample_id(block[0][1]), tokens, first, second, line=line)


def samples_of_columns(blocks: Sequence[Block], *, labels: LabelReader) -> Iterator[LabelledSample]:
    """Yield the samples of a CoNLL file: a word a line, its labels in the last columns.

    There are two label columns when the last two columns hold labels in every line, else one.
    Columns are separated by TAB, or by spaces in a file without TAB.

    Raises:
        DataError: If lines have different numbers of columns, or a column is no label.
    """
    separator = "\t" if any("\t" in line for block in blocks for _, line in block) else None
    rows = [
        [(number, _columns(line, separator)) for number, line in block if not is_id_line(line)]
        for block in blocks
    ]
    width = _width(rows, labels.path)
    has_two = width > 2 and all(
        is_label(columns[-1]) and is_label(columns[-2]) for row in rows for _, columns in row
    )
    for block, row in zip(blocks, rows, strict=True):
        number, head = block[0]
        identifier = sample_id(head.removeprefix(ID_PREFIX).strip()) if is_id_line(head) else ""
        if not row:
            raise DataError(
                f"tweet {identifier!r} has no words; add them or remove the {ID_PREFIX} line",
                path=labels.path,
                line=number,
            )
        last = _label_column(row, -1, labels)
        before = _label_column(row, -2, labels) if has_two else None
        first, second = (last, None) if before is None else (before, last)
        yield LabelledSample(
            identifier, tuple(columns[0] for _, columns in row), first, second, line=number
        )


def _label_column(
    row: Sequence[tuple[int, list[str]]], column: int, labels: LabelReader
) -> tuple[str, ...]:
    return tuple(labels.read(columns[column], line=line, field="tag") for line, columns in row)


def _columns(line: str, separator: str | None) -> list[str]:
    # str.split() would also split at U+00A0, which is a word in Twitter-2015.
    return line.split(separator) if separator else [part for part in line.split(" ") if part]


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
                    "tweet",
                    path=path,
                    line=line,
                )
    return width


def _spread(labels: list[str], tokens: Sequence[str], path: Path, line: int) -> Labels:
    if len(labels) > len(tokens):
        raise DataError(
            f"expected at most {len(tokens)} tags, one a word, got {len(labels)}",
            path=path,
            line=line,
            field="tags",
        )
    visible = [index for index, token in enumerate(tokens) if not _is_invisible(token)]
    places = visible if len(labels) == len(visible) else range(len(labels))
    placed = dict(zip(places, labels, strict=True))
    return tuple(placed.get(index) for index in range(len(tokens)))


def _is_invisible(token: str) -> bool:
    """Return whether a sub-word tokenizer sees nothing in a word."""
    return all(unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Zs") for letter in token)
