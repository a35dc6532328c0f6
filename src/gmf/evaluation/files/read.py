"""Any prediction file: the format is recognised, gold and prediction are paired."""

from collections.abc import Mapping
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, TYPE_ALIASES
from gmf.core.types import Sample
from gmf.evaluation.files.columns import (
    blocks_of,
    looks_like_blocks,
    samples_of_blocks,
    samples_of_columns,
)
from gmf.evaluation.files.jsonl import samples_of_json_lines
from gmf.evaluation.files.labelled import ColumnOrder, LabelledFile, LabelReader, digest_of
from gmf.evaluation.files.labels import SERVICE_LABELS
from gmf.evaluation.files.notes import PairedSamples
from gmf.evaluation.files.pairing import pair_files
from gmf.reading.conll_lines import Columns, columns_of
from gmf.reading.json_lists import is_json_list
from gmf.reading.text_files import read_lines


def read_pairs(
    gold: Path,
    *,
    predicted: Path | None = None,
    order: ColumnOrder | None = None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
) -> PairedSamples:
    """Read gold and prediction, word by word.

    Args:
        gold: Labelled file; holds both label columns when ``predicted`` is left out.
        predicted: Labelled file of a system. When it carries a gold column of its own, the tags of
            ``gold`` are the gold and the differences are reported.
        order: Which of two label columns comes first. Without it, the format's own order; with two
            files, the column that agrees more with ``gold`` is taken for gold.
        aliases: Type spelling to type name.

    Raises:
        DataError: If a file breaks its format or the files do not belong together.
    """
    ours = read_labelled_file(gold, aliases=aliases)
    theirs = (
        None
        if predicted is None
        else read_labelled_file(predicted, aliases=aliases, is_iob1=ours.is_iob1)
    )
    return pair_files(ours, predicted=theirs, order=order)


def read_training(path: Path, *, aliases: Mapping[str, str] = TYPE_ALIASES) -> list[Sample]:
    """Read the labelled posts of a training file of any known format; service labels are O.

    Raises:
        DataError: If the file breaks its format.
    """
    file = read_labelled_file(path, aliases=aliases)
    return [
        Sample(
            sample.id,
            sample.tokens,
            tuple(OUTSIDE if x is None or x in SERVICE_LABELS else x for x in sample.first),
            origin=f"{path}:{sample.line}",
        )
        for sample in file.samples
    ]


def read_labelled_file(
    path: Path, *, aliases: Mapping[str, str] = TYPE_ALIASES, is_iob1: bool | None = None
) -> LabelledFile:
    """Read a file of any known format.

    Args:
        path: The file.
        aliases: Type spelling to type name.
        is_iob1: Whether the gold is IOB1, see ``LabelReader``.

    Raises:
        DataError: If it cannot be read, is empty or breaks its format.
    """
    lines = read_lines(path)
    if _is_named_json(path) and is_json_list(path):
        message = "expected one JSON object a line, this is a list; `gmf data convert` writes lines"
        raise DataError(message, path=path)
    labels = LabelReader(path, aliases=aliases, is_iob1=is_iob1)
    first = next((line for line in lines if line.strip()), "")
    skipped = 0
    if first.lstrip().startswith("{") or _is_named_json(path):
        kind, samples = "jsonl", tuple(samples_of_json_lines(lines, labels=labels))
    else:
        is_blocks = looks_like_blocks(lines)
        columns = Columns() if is_blocks else columns_of(lines, path=path)
        blocks, skipped = blocks_of(lines, columns=columns)
        if is_blocks:
            kind, samples = "blocks", tuple(samples_of_blocks(blocks, labels=labels))
        else:
            kind = "conll"
            samples = tuple(samples_of_columns(blocks, columns=columns, labels=labels))
    if not samples:
        raise DataError("expected labelled posts, the file is empty", path=path)
    if len({sample.second is None for sample in samples}) > 1:
        raise DataError("some posts have two sides and some have one; give all the same", path=path)
    warning = "; ".join(filter(None, (labels.cut_words.note(), *labels.notes)))
    return LabelledFile(
        path,
        kind,
        digest_of(path),
        samples,
        dict(labels.respelled),
        skipped,
        warning,
        labels.is_iob1,
    )


def _is_named_json(path: Path) -> bool:
    return not {".json", ".jsonl", ".ndjson"}.isdisjoint(path.suffixes)
