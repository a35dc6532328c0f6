"""Mend what needs no judgement: BIO2, alias types, line ends. Always into another folder."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, is_bio, is_legal_move, regular_tag, split_tag
from gmf.data.conll import BYTE_ORDER_MARK, DOCUMENT_MARK, ID_PREFIX, read_lines
from gmf.data.readers import find_split, splits_of


def repair_folder(folder: Path, *, out: Path) -> dict[str, dict[str, int]]:
    """Write a mended copy of a data set.

    Alias types get their name, an ``I-`` that continues nothing becomes ``B-`` (so that the strict
    rule counts what the lenient one counted), line ends become LF, a missing empty line before
    ``IMGID:`` is put in. Lines that break the format, foreign tags, duplicates and images need
    judgement and stay as they are; all other files are copied.

    Args:
        folder: The data set.
        out: The copy; must not exist and must lie outside of ``folder``.

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
    contents = {path.name: _mended(path) for path in paths}
    shutil.copytree(folder, out)
    for name, (lines, _) in contents.items():
        target = out / name
        target.chmod(0o644)
        target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return {name: dict(counts) for name, (_, counts) in contents.items()}


def mend_tags(tags: list[str]) -> tuple[list[str], Counter[str]]:
    """Return BIO2 tags of a tweet and what was mended; foreign tags stay."""
    mended: list[str] = []
    counts: Counter[str] = Counter()
    previous: str | None = None
    for tag in tags:
        regular = regular_tag(tag)
        counts["alias-type"] += is_bio(tag) and regular != tag
        if not is_legal_move(previous, regular):
            orphan = previous is None or split_tag(previous)[0] == "O"
            counts["orphan-tag" if orphan else "switched-tag"] += 1
            regular = f"B-{split_tag(regular)[1]}"
        previous = regular
        mended.append(regular if is_bio(tag) else tag)
    return mended, +counts


def _mended(path: Path) -> tuple[list[str], Counter[str]]:
    counts: Counter[str] = Counter()
    content = path.read_bytes()
    lines = read_lines(path)
    counts["line-ends"] = content.count(b"\r\n") + content.startswith(BYTE_ORDER_MARK.encode())
    if path.suffix == ".jsonl":
        mended = [_mend_row(line, counts) for line in lines]
    else:
        mended = _mend_blocks(lines, counts)
    return mended, +counts


def _mend_blocks(lines: list[str], counts: Counter[str]) -> list[str]:
    mended: list[str] = []
    block: list[list[str]] = []

    def close() -> None:
        tags, found = mend_tags([columns[-1] for columns in block if len(columns) > 1])
        counts.update(found)
        fresh = iter(tags)
        for columns in block:
            renewed = [*columns[:-1], next(fresh)] if len(columns) > 1 else columns
            mended.append("\t".join(renewed))
        block.clear()

    for line in lines:
        starts = line.startswith(ID_PREFIX) and "\t" not in line
        if not starts and line and not line.startswith(DOCUMENT_MARK):
            block.append(line.split("\t"))
            continue
        if starts and block:
            counts["missing-blank-line"] += 1
            close()
            mended.append("")
        close()
        mended.append(line)
    close()
    return mended


def _mend_row(line: str, counts: Counter[str]) -> str:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if not isinstance(row, dict):
        return line
    before = counts.copy()
    tags = row.get("tags")
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        row["tags"], found = mend_tags(tags)
        counts.update(found)
    entities = row.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if isinstance(entity, dict) and entity.get("type") in TYPE_ALIASES:
            entity["type"] = TYPE_ALIASES[entity["type"]]
            counts["alias-type"] += 1
    return json.dumps(row, ensure_ascii=False) if counts != before else line
