"""Groups of posts from a side file: which kind of pair, which source, which topic each is of."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import DataError
from gmf.reading.text_files import read_lines

#: Names of a side file in a data folder, best first.
STEMS, SUFFIXES = ("groups", "kinds"), (".tsv", ".csv", ".jsonl", ".json")
#: Column of a JSON file that gives each post one group.
GROUP = "group"


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of posts.

    Args:
        path: The file that states them.
        by_id: Of each post, by column, the group that it is in; columns without a value are absent.
    """

    path: Path
    by_id: dict[str, dict[str, str]]


def find_groups(folder: Path) -> Path | None:
    """Return the side file of a data folder, ``groups.tsv`` or the like; ``None`` without one."""
    paths = (folder / (stem + suffix) for stem in STEMS for suffix in SUFFIXES)
    return next(filter(Path.is_file, paths), None)


def read_groups(path: Path) -> Groups:
    """Read groups of posts.

    A table (``.tsv``, ``.csv``) has a heading; JSON lines are rows too. The column ``id``, else the
    first, holds the ids of posts, every other one a grouping. A ``.json`` file maps ids to
    groupings, or to the group itself.

    Args:
        path: The file.

    Raises:
        DataError: If it cannot be read, has another ending or form, or states a post twice.
    """
    rows_of = {".tsv": _table, ".csv": _table, ".jsonl": _json_lines, ".json": _json}
    if path.suffix.lower() not in rows_of:
        raise DataError(f"groups: expected a file that ends with {', '.join(SUFFIXES)}", path=path)
    by_id: dict[str, dict[str, str]] = {}
    for line, identifier, given in rows_of[path.suffix.lower()](path):
        if not identifier:
            raise DataError("expected the id of a post, got nothing", path=path, line=line)
        values = {
            column: value
            for column, cell in given.items()
            if (value := _value(cell, column, path, line))
        }
        if by_id.setdefault(identifier, values) != values:
            raise DataError(
                f"post {identifier!r} is stated twice, with other groups; keep one",
                path=path,
                line=line,
            )
    if not any(by_id.values()):
        raise DataError("expected posts with their groups, got none", path=path)
    return Groups(path, by_id)


#: Line, id, and groups by column as the file has them.
_Row = tuple[int | None, str, Mapping[str, Any]]


def _table(path: Path) -> Iterator[_Row]:
    # A quotation mark in a TSV is a letter like others.
    how: dict[str, Any] = {"delimiter": ","}
    if path.suffix.lower() == ".tsv":
        how = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    rows = csv.reader(_with_ends(read_lines(path)), strict=True, **how)
    heading: list[str] = []
    try:
        for row in rows:
            if not row:
                continue
            if not heading:
                heading = _heading(row, path, rows.line_num)
                continue
            if len(row) != len(heading):
                raise DataError(
                    f"expected {len(heading)} cells as in the heading, got {len(row)}",
                    path=path,
                    line=rows.line_num,
                )
            cells = dict(zip(heading, row, strict=True))
            yield rows.line_num, cells.pop(_id_column(cells)), cells
    except csv.Error as error:
        raise DataError(f"expected a table ({error})", path=path, line=rows.line_num) from error


def _with_ends(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _heading(row: list[str], path: Path, line: int) -> list[str]:
    if len(row) < 2 or len(set(row)) < len(row) or not all(row):
        raise DataError(
            f"expected a heading of different names, id and one grouping or more, got {row}",
            path=path,
            line=line,
        )
    return row


def _json_lines(path: Path) -> Iterator[_Row]:
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            cells = _mapping(_parsed(line, path, number), path, number)
            identifier = cells.pop(_id_column(cells), None)
            yield number, "" if identifier is None else str(identifier), cells


def _json(path: Path) -> Iterator[_Row]:
    content = _mapping(_parsed("\n".join(read_lines(path)), path, None), path, None)
    for identifier, given in content.items():
        row = cast(Mapping[str, Any], given) if isinstance(given, Mapping) else {GROUP: given}
        yield None, identifier, row


def _id_column(cells: Mapping[str, Any]) -> str:
    return "id" if "id" in cells else next(iter(cells), "id")


def _parsed(text: str, path: Path, line: int | None) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"expected JSON ({error})", path=path, line=line) from error


def _mapping(value: object, path: Path, line: int | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(
            "expected an object, of ids to groups or with id and groups of one post, got "
            f"{type(value).__name__}",
            path=path,
            line=line,
        )
    return cast(dict[str, Any], value)


def _value(cell: object, column: str, path: Path, line: int | None) -> str:
    if cell is None or isinstance(cell, str):
        return (cell or "").strip()
    if isinstance(cell, bool | int | float):
        return json.dumps(cell)
    raise DataError(
        f"expected the name of a group, got {type(cell).__name__}",
        path=path,
        line=line,
        field=column,
    )
