"""Paths named by data: relative to a folder, never outside it."""

import ast
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import cast


def inside(root: Path, name: str) -> Path:
    """Return ``root / name`` when ``name`` stays below ``root``.

    The test is on the name alone, which comes from data: a symbolic link below ``root`` is
    followed, since only the owner of the folder can place one, as git-annex and DVC do.

    Args:
        root: The folder.
        name: A path with forward slashes as written in a data file: relative, or below ``root``.

    Raises:
        ValueError: If the name is empty, lies elsewhere, has ``..`` or a NUL, or a drive letter.
    """
    if "\0" in name:
        raise ValueError(f"path {name!r} has a NUL character, which no file name has: remove it")
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    base = PurePosixPath(root.absolute().as_posix())
    if posix.is_absolute() and posix.is_relative_to(base) and posix != base:
        posix = posix.relative_to(base)
        windows = PureWindowsPath(posix)
    if (
        not posix.parts
        or posix.is_absolute()
        or windows.anchor
        or ".." in posix.parts
        or ".." in windows.parts
    ):
        raise ValueError(
            f"path {name!r} leaves its folder: expected a relative path below {root} without '..'"
        )
    return root / posix


def names_in(cell: str) -> list[str]:
    """Return the names in a cell: its own, those of a list as JSON or Python writes it, or none."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return [cell] if cell else []
    try:
        listed: object = ast.literal_eval(cell)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return [cell]
    items = cast(list[object], listed) if isinstance(listed, list) else [None]
    names = [name for name in items if isinstance(name, str)]
    return names or ([cell] if items else [])
