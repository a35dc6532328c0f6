"""The file that may be meant by a name that is absent."""

import os
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path, PurePath
from urllib.parse import unquote

#: What is told of a URL in the stead of an image's file.
NO_URL = "no URL is fetched; download the image and name the file"
_URL = re.compile(r"(?:^|/)(data:.*|https?:.*|[a-z][a-z0-9+.-]+:/.*)", re.IGNORECASE | re.DOTALL)


def url_in(path: Path) -> str:
    """Return the URL that stands for a file below a folder; empty if none does or it is a file.

    Args:
        path: The folder and the name in one; joined, ``//`` is written ``/``.
    """
    match = _URL.search(path.as_posix())
    if match is None or is_there(path):
        return ""
    return match[1] if match[1].startswith("data:") else match[1].replace(":/", "://", 1)


def near_name(path: Path, *, suffixes: Collection[str]) -> str:
    """Return the name of a file that may be meant by one that is absent; empty if there is none.

    It is the same up to case, Unicode form, ``%20``, backslashes, blanks at the ends, and endings.

    Args:
        path: The absent file.
        suffixes: Endings that may stand for each other, in lower case.
    """
    text = str(path)
    for spelling in (text.replace("\\", "/"), unquote(text), unquote(text).replace("\\", "/")):
        if spelling != text and ".." not in Path(spelling).parts and Path(spelling).is_file():
            return os.path.relpath(spelling, path.parent)
    try:
        index = _index_of(path.parent, path.parent.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ""
    key = _key(path.name)
    usual, stem = index.get(key, ""), PurePath(key)
    if usual or (stem.suffix and stem.suffix not in suffixes):
        return usual
    return next((index[name] for end in suffixes if (name := stem.stem + end) in index), "")


def is_there(path: Path) -> bool:
    """Return whether a file is there; no error for a name that no file system has."""
    return os.path.isfile(path)  # noqa: PTH113 -- Path.is_file raises one for a long name


def names_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the files in a folder, sorted; none if it cannot be read."""
    try:
        return tuple(sorted(path.name for path in folder.iterdir()))
    except (OSError, ValueError):
        return ()


def files_ending(folder: Path, suffix: str) -> list[Path]:
    """Return the files in a folder and below that have an ending, in whatever case, sorted."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() == suffix and p.is_file())
    return sorted(found)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name)).strip().casefold()


@lru_cache(maxsize=64)
def _index_of(folder: Path, _changed: int) -> dict[str, str]:
    return {_key(name): name for name in names_in(folder)}
