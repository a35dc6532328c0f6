"""Files and folders that are whole or absent, whenever the process is killed; their digests."""

import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from gmf.core.errors import ConfigError


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


@contextmanager
def locked(path: Path, *, work: object) -> Generator[None]:
    """Keep other processes out at once, without waiting; a killed process leaves no lock.

    Args:
        path: The lock's file; folders around it are made.
        work: What is worked on, for the message.

    Raises:
        ConfigError: If another process holds the lock, or nothing can be written there.
    """
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"{work}: another process works on it; wait for its end") from error
    except OSError as error:
        raise ConfigError(f"{work}: cannot be written ({error.strerror or error})") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def named_in_errors(path: Path) -> Generator[None]:
    """Give an ``OSError`` that names no file, as of a full disk, the file that is worked on."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, as hexadecimal.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
