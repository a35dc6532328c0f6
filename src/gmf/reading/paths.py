"""Paths named by data: relative to a folder, never outside it."""

from pathlib import Path, PurePosixPath, PureWindowsPath


def inside(root: Path, name: str) -> Path:
    """Return ``root / name`` when ``name`` stays below ``root``.

    The test is on the name alone: a symbolic link that somebody placed below ``root`` is followed,
    since only the owner of the folder can place one.

    Args:
        root: The folder.
        name: A path with forward slashes as written in a data file: relative, or below ``root``.

    Raises:
        ValueError: If the name is empty, lies elsewhere, has ``..`` or a NUL, or a drive letter.
    """
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    base = PurePosixPath(root.absolute().as_posix())
    if posix.is_absolute() and posix.is_relative_to(base) and posix != base:
        posix = posix.relative_to(base)
        windows = PureWindowsPath(posix)
    if (
        not posix.parts
        or "\0" in name
        or posix.is_absolute()
        or windows.anchor
        or ".." in posix.parts
        or ".." in windows.parts
    ):
        raise ValueError(
            f"path {name!r} leaves its folder: expected a relative path below {root} without '..'"
        )
    return root / posix
