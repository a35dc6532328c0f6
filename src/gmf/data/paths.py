"""Paths named by data: relative to a folder, never outside it."""

from pathlib import Path, PurePosixPath, PureWindowsPath


def inside(root: Path, name: str) -> Path:
    """Return ``root / name`` when ``name`` stays below ``root``.

    The test is on the name alone: a symbolic link that somebody placed below ``root`` is followed,
    since only the owner of the folder can place one.

    Args:
        root: The folder.
        name: A relative path with forward slashes, as written in a data file.

    Raises:
        ValueError: If the name is empty, absolute, has ``..`` or a NUL, or a drive letter.
    """
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
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
    return root / name
