"""Mend what needs no judgement: BIO2, alias types, line ends. Always into another folder."""

import shutil
from collections import Counter
from pathlib import Path

from gmf.core.errors import DataError
from gmf.reading.reader import BYTE_ORDER_MARK, DEFAULTS, ReadOptions, read_lines
from gmf.reading.readers import find_split, reader_of, splits_of


def repair_folder(
    folder: Path, *, out: Path, options: ReadOptions = DEFAULTS
) -> dict[str, dict[str, int]]:
    """Write a mended copy of a data set.

    Alias types get their name, an ``I-`` that continues nothing becomes ``B-`` (so that the strict
    rule counts what the lenient one counted), line ends become LF, a missing empty line before
    ``IMGID:`` is put in. Lines that break the format, foreign tags, duplicates and images need
    judgement and stay as they are; all other files are copied.

    Args:
        folder: The data set.
        out: The copy; must not exist and must lie outside of ``folder``.
        options: How its files are read, where they cannot tell; mended ones are UTF-8.

    Returns:
        What was mended, by file and kind of finding.

    Raises:
        DataError: If ``out`` exists or lies in the folder, or the folder holds no split.
    """
    if out.exists():
        raise DataError("exists already; a repair is written to a new folder", path=out)
    if out.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"lies in {folder}; choose a folder beside it", path=out)
    paths = [find_split(folder, split=name) for name in splits_of(folder)]
    contents = {
        path.relative_to(folder): _mended(path, options)
        for path in paths
        if reader_of(path).is_text
    }
    # Whole or not at all; a link whose content is elsewhere, as those of git-annex, stays a link.
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial, symlinks=True)
    for name, (lines, _) in contents.items():
        target = partial / name
        target.unlink()
        target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    partial.rename(out)
    return {str(name): dict(counts) for name, (_, counts) in contents.items()}


def _mended(path: Path, options: ReadOptions) -> tuple[list[str], Counter[str]]:
    content = path.read_bytes()
    line_ends = content.count(b"\r\n") + content.startswith(BYTE_ORDER_MARK.encode())
    counts = Counter({"line-ends": line_ends})
    lines = read_lines(path, encoding=options.encoding)
    try:
        return reader_of(path).mend(lines, counts=counts), +counts
    except DataError as error:
        raise DataError(str(error), path=path) from error
