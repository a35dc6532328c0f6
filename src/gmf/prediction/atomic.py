"""Files and folders that are whole or absent, whenever the process is killed."""

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
    half = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield half
        if half.is_dir():
            if not path.exists():
                half.rename(path)
        else:
            with half.open("rb") as file:
                os.fsync(file.fileno())
            half.replace(path)
    finally:
        if half.is_dir():
            shutil.rmtree(half)
        half.unlink(missing_ok=True)
