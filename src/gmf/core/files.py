"""Files and folders that are whole or absent, whenever the process is killed; their digests."""

import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a new path to write at; when that is done, it gets the name ``path``.

    A file's content is on disk before its name is. Several processes may write the same thing at
    once: a file is replaced by an equal one, a folder that is there is kept. If the work fails,
    what was written is removed.

    Args:
        path: The file or folder; the folder around it exists.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield temporary
        if temporary.is_dir():
            if not path.exists():
                temporary.rename(path)
        else:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader sees all of it or what was there before."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, as hexadecimal.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
