"""Text files of any usual encoding, compressed or not, as one stream: UTF-8, LF, no mark.

Everything that reads posts reads through here: training, checks, scoring and prediction.
"""

import codecs
import io
from pathlib import Path
from typing import BinaryIO

from gmf.core.errors import ConfigError, DataError
from gmf.reading.compression import MAGIC, open_bytes

#: Bytes from the front of a file that are looked at to tell its encoding and line ends.
HEAD_BYTES = 2**16
BYTE_ORDER_MARK = "\ufeff"

#: Longest first: the mark of UTF-32 LE begins with that of UTF-16 LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: First bytes of files that people take for text.
_BINARIES = (
    (b"PK\x03\x04", "a ZIP archive (also .xlsx, .pth): save it as text, or unpack it"),
    (
        b"PAR1\x15",
        "a Parquet table: gmf predict reads it as .parquet; save it as JSON lines elsewhere",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file: save it as UTF-8 text"),
    (b"%PDF", "a PDF file: save it as text"),
    (b"SQLite format 3", "a database: export its table"),
    (
        b"ARROW1",
        "a table of Arrow: gmf predict reads it as .arrow; save it as JSON lines elsewhere",
    ),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself: run git lfs pull"),
    *((magic, "compressed twice: decompress it once") for magic in MAGIC),
)


def open_text(path: Path, *, encoding: str | None = None) -> BinaryIO:
    """Open a text file as bytes of UTF-8 without byte order mark, lines ended by LF (or CR LF).

    Read is UTF-8; UTF-16 and UTF-32, with a byte order mark or without; whatever encoding is
    stated; these compressed with gzip, bzip2, xz or zstd; and files whose lines end with CR
    alone. What cannot be decoded stays a byte that is no UTF-8, so that the line it is in can be
    named, see ``decode``. A position in the stream can be sought again, which reads from the front
    unless the file is plain UTF-8.

    Args:
        path: The file.
        encoding: Name of the encoding, for files that cannot tell: ``cp1252``, ``latin-1``.

    Raises:
        ConfigError: If there is no encoding of that name.
        DataError: If the file cannot be read, or is no text.
    """
    if encoding is not None:
        encoding = known_encoding(encoding)
    file: BinaryIO | None = None
    try:
        file = open_bytes(path)
        head = file.read(HEAD_BYTES)
        file.seek(0)
    except OSError as error:
        if file is not None:
            file.close()
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, io.UnsupportedOperation):
            reason = "it is a pipe, and is read more than once: save it to a file first"
        raise DataError(f"cannot be read ({reason})", path=path) from error
    binary = next((name for magic, name in _BINARIES if head.startswith(magic)), None)
    if binary is not None:
        file.close()
        raise DataError(f"expected text, this is {binary}", path=path)
    detected, mark = encoding_of(head, encoding)
    has_cr_only = _has_cr_only(head[mark:].decode(detected, errors="replace"))
    if detected == "utf-8" and not (mark or has_cr_only):
        return file
    recoded = _Recoded(file, detected, path=path, mark=mark, has_cr_only=has_cr_only)
    return io.BufferedReader(recoded, HEAD_BYTES)


def read_lines(path: Path, *, encoding: str | None = None) -> list[str]:
    r"""Return the lines of a text file, split at LF only, without CR and byte order mark.

    ``str.splitlines`` would also cut at U+0085 or U+2028, which posts contain.

    Args:
        path: The file.
        encoding: See ``open_text``.

    Raises:
        ConfigError: If there is no encoding of that name.
        DataError: If the file cannot be read, is no text, or a line is not in its encoding.
    """
    with open_text(path, encoding=encoding) as file:
        content = file.read()
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    texts: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            texts.append(decode(line.removesuffix(b"\r")))
        except ValueError as error:
            raise DataError(str(error), path=path, line=number) from error
    return texts


def decode(content: bytes) -> str:
    """Return bytes of a stream of ``open_text`` as text.

    Raises:
        ValueError: If they are not UTF-8: names the byte and what the file may be.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(not_utf8(error)) from error


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return what to tell of bytes that are not UTF-8: which, and what they may be."""
    content, start = error.object, error.start
    shown = content[max(0, start - 12) : start + 12].decode("cp1252", errors="replace")
    return (
        f"expected UTF-8, byte {start} is not (0x{content[start]:02x}); as Windows-1252 it would "
        f"read {shown!r}; convert the file to UTF-8, or, of posts, state its encoding (--encoding "
        "cp1252; in a configuration data.encoding=cp1252)"
    )


def known_encoding(encoding: str) -> str:
    """Return the usual name of an encoding.

    Raises:
        ConfigError: If there is none of that name.
    """
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise ConfigError(
            f"encoding {encoding!r}: no such text encoding; expected for example utf-8, utf-16, "
            "cp1252 or latin-1"
        ) from error
    return name


def encoding_of(head: bytes, stated: str | None) -> tuple[str, int]:
    """Return the encoding of a file and the length of its byte order mark.

    Args:
        head: Bytes from its front, ``HEAD_BYTES`` of a longer one.
        stated: Usual name of its encoding, if it cannot tell.
    """
    for mark, name in _MARKS:
        # What was stated goes before a mark of another family, which would be text there.
        if head.startswith(mark) and stated in (None, name, name[:-3], f"{name}-sig"):
            return name, len(mark)
    if stated is not None:
        return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(
            stated, stated
        ), 0
    for name in ("utf-32-le", "utf-32-be"):
        if _is_utf32(head, name):
            return name, 0
    even, odd = head[::2], head[1::2]
    for name, letters, zeros in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        # Spaces, digits, tags and Latin letters have a zero byte, always on the same side.
        count = zeros.count(b"\0")
        if count * 3 > len(zeros) and count > 4 * letters.count(b"\0"):
            return name, 0
    return "utf-8", 0


def _is_utf32(head: bytes, name: str) -> bool:
    """Return whether bytes are letters of UTF-32, most of them below U+10000, and no NUL."""
    try:
        text = head[: len(head) // 4 * 4].decode(name)
    except UnicodeDecodeError:
        return False
    return "\0" not in text and sum(letter <= "\uffff" for letter in text) * 2 > len(text)


def _has_cr_only(head: str) -> bool:
    return "\n" not in head and "\r" in head


class _Recoded(io.RawIOBase):
    """Bytes of another encoding as UTF-8; those that cannot be decoded stay as they are.

    Args:
        file: The bytes.
        path: Where they come from, for messages.
        encoding: Their encoding.
        mark: Length of the byte order mark.
        has_cr_only: Whether lines end with CR.
    """

    def __init__(
        self, file: BinaryIO, encoding: str, *, path: Path, mark: int, has_cr_only: bool
    ) -> None:
        self._file, self._encoding, self._path, self._mark = file, encoding, path, mark
        self._has_cr_only = has_cr_only
        self._restart()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the front")
        if position < self._position:
            self._restart()
        while self._position < position and self.read(min(position - self._position, HEAD_BYTES)):
            pass
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        while not self._ready and not self._is_done:
            try:
                content = self._file.read(HEAD_BYTES)
            except OSError as error:
                raise DataError(f"cannot be read ({error})", path=self._path) from error
            self._is_done = not content
            self._ready = self._recoded(content)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        self._position += size
        return size

    def close(self) -> None:
        self._file.close()
        super().close()

    def _restart(self) -> None:
        self._file.seek(self._mark)
        self._decoder = codecs.getincrementaldecoder(self._encoding)(_ERRORS)
        self._ready, self._position, self._is_done = b"", 0, False

    def _recoded(self, content: bytes) -> bytes:
        text = self._decoder.decode(content, final=self._is_done)
        if self._has_cr_only:
            text = text.replace("\r", "\n")
        return text.encode("utf-8", errors=_ERRORS)


def _kept_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Let bytes that are in no encoding pass as bytes that no UTF-8 has."""
    if isinstance(error, UnicodeDecodeError):
        bad = error.object[error.start : error.end]
        return "".join(chr(0xDC00 + max(byte, 0x80)) for byte in bad), error.end
    if isinstance(error, UnicodeEncodeError):
        escaped = error.object[error.start : error.end]
        return bytes(min(ord(half) - 0xDC00, 0xFF) for half in escaped), error.end
    raise error


_ERRORS = "gmf-kept-bytes"
codecs.register_error(_ERRORS, _kept_bytes)
