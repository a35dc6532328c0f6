"""Compressed files as bytes: what is read is told by content, what is written by the name."""

import bz2
import gzip
import importlib
import io
import lzma
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, cast

from gmf.core.errors import DataError
from gmf.core.extras import require_extra

#: Endings of compressed files.
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
T = TypeVar("T")

#: First bytes of each.
MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\0": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading; what is compressed is read as what was compressed.

    Several compressed files one after the other are read as one. Any position can be sought, which
    decompresses what lies before it.

    Args:
        path: The file, here or on another file system (``UPath``).

    Raises:
        ConfigError: If it is compressed with zstd and no library reads that.
        DataError: While it is read, if it is damaged.
        OSError: If it cannot be opened, or is a pipe.
    """
    file = cast(BinaryIO, path.open("rb"))
    try:
        head = file.read(6)
        file.seek(0)
    except OSError:
        file.close()
        raise
    kind = next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), "")
    return io.BufferedReader(_Decompressed(_coder(kind, file, "rb"), file, path)) if kind else file


class _Decompressed(io.RawIOBase):
    """What was compressed; damage is a ``DataError`` whatever the library calls it.

    Args:
        content: Decompresses.
        file: The compressed file, closed with it.
        path: Its path, for messages.
    """

    def __init__(self, content: BinaryIO, file: BinaryIO, path: Path) -> None:
        self._content, self._file, self._path = content, file, path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._content.tell()

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        return self._guarded(lambda: self._content.seek(position, whence))

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        content = self._guarded(lambda: self._content.read(len(buffer)))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._content.close()
            self._file.close()
        super().close()

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:  # OSError, EOFError, zlib.error, LZMAError, ZstdError
            message = f"cannot be read (the compressed file is damaged: {error})"
            raise DataError(message, path=self._path) from error


@contextmanager
def open_compressed(path: Path, suffix: str) -> Generator[BinaryIO]:
    """Open a file for writing; the same content gives the same bytes.

    Args:
        path: The file.
        suffix: One of ``COMPRESSIONS``.

    Raises:
        ConfigError: If zstd is asked for and no library writes it.
    """
    with path.open("wb") as file, _coder(suffix, file, "wb") as compressed:
        yield compressed


def compression_of(path: Path) -> str:
    """Return the ending of a compressed file's name; empty for another name."""
    suffix = path.suffix.lower()
    return suffix if suffix in COMPRESSIONS else ""


def _coder(suffix: str, file: Any, mode: Literal["rb", "wb"]) -> Any:
    if suffix == ".gz":
        # No name and no time in the header.
        return gzip.GzipFile("", mode, fileobj=file, mtime=0)
    if suffix == ".bz2":
        return bz2.BZ2File(file, mode)
    return lzma.LZMAFile(file, mode) if suffix == ".xz" else _zstd().ZstdFile(file, mode)


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        return importlib.import_module("compression.zstd")
    require_extra("backports.zstd", extra="zstd", purpose="a file compressed with zstd")
    return importlib.import_module("backports.zstd")
