"""Values of a JSON list, one at a time, and whether a file is one."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gmf.core.errors import DataError, reason_of
from gmf.reading.json_doubles import without_doubles
from gmf.reading.text_files import HEAD_BYTES, decode, open_text

#: Longest value of a list in bytes; what is longer is not read.
MAX_ITEM = 64 * 2**20
#: Brackets in brackets of a value that is refused; a deeper one ends the list.
MAX_DEPTH = 10**6
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(object_pairs_hook=without_doubles)
#: A string as JSON has it, a bracket, a comma, what lies between them, a quote out of place.
_PIECE = re.compile(
    r'''"[^"\\]*+(?:\\.[^"\\]*+)*+"(?=\s*[],:}])|[][{}]|,|[^]["{},]++|"''', re.DOTALL
)
_PAIRS = {"]": ord("["), "}": ord("{")}


@dataclass(frozen=True, slots=True)
class FaultyItem:
    """Stands for a value of a list that cannot be used, while those behind it can.

    Args:
        error: What is wrong with it.
    """

    error: str


def list_items(path: Path, *, encoding: str | None = None) -> Iterator[object]:
    """Yield the values of a file that is one JSON list; only a piece of it is in memory.

    A value that is no JSON but whose quotes and brackets fit, that is nested too deeply, has a key
    twice, a number of too many digits, or bytes that are not UTF-8 is a ``FaultyItem``. (Of
    ``ijson`` a file of brackets alone takes memory without bound.)

    Args:
        path: The file.
        encoding: Of the file, if it cannot tell.

    Raises:
        DataError: If it cannot be read, or where it stops to be JSON.
    """
    number = 0
    with open_text(path, encoding=encoding) as file:
        text = _Text(file)
        try:
            for value in _items(text):
                number += 1
                yield value
        except (ValueError, RecursionError, DataError) as error:
            reason = getattr(error, "msg", None) or reason_of(error)
            message = f"not valid JSON: {reason}, after item {number}"
            raise DataError(message, path=path, line=text.line) from error


def is_json_list(path: Path, *, encoding: str | None = None) -> bool:
    """Return whether a file is one JSON list, and not lines of which the first is a list."""
    with open_text(path, encoding=encoding) as file:
        start = file.read(HEAD_BYTES).lstrip()
    if not start.startswith(b"["):
        return False
    line, _, rest = start.partition(b"\n")
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return True
    is_example = isinstance(value, list) and bool(value) and isinstance(value[0], str)
    return not (rest.strip() or is_example)


def _items(text: "_Text") -> Iterator[object]:
    text.take("[")
    mark = text.take("]") if text.peek() == "]" else ","
    while mark == ",":
        yield text.value()
        mark = text.take(",]")
    if text.peek():
        raise ValueError(f"expected nothing behind the list, got {text.peek()!r}")


class _Text:
    """The text of a file, from block to block.

    Args:
        file: The file, UTF-8.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text, self._position, self._size = "", 0, HEAD_BYTES
        self._lines = 1

    @property
    def line(self) -> int:
        """Number of the line that the next character stands in."""
        return self._lines + self._text.count("\n", 0, self._position)

    def peek(self) -> str:
        """Return the next character that is no blank; empty at the end."""
        while True:
            self._position = _BLANKS.match(self._text, self._position).end()  # pyright: ignore[reportOptionalMemberAccess]
            if self._position < len(self._text) or not self._has_more():
                return self._text[self._position : self._position + 1]

    def take(self, marks: str) -> str:
        """Return the next character, which is one of some.

        Raises:
            ValueError: If it is not.
        """
        mark = self.peek()
        if not mark or mark not in marks:
            shown = self._text[self._position : self._position + 20]
            raise ValueError(f"expected {' or '.join(marks)}, got {shown!r}")
        self._position += 1
        return mark

    def value(self) -> object:
        """Return the next value, or a ``FaultyItem``.

        Raises:
            ValueError: If there is none, or nobody can tell where it ends.
            RecursionError: If it is nested too deeply and does not end.
            DataError: If a key stands twice in it and it does not end.
        """
        self.peek()
        while True:
            try:
                value, end = self._decoded()
            except (ValueError, RecursionError, DataError):
                if len(self._text) - self._position > MAX_ITEM or not self._has_more():
                    raise
                continue
            # A number may go on behind what was read.
            is_whole = self._text[end : end + 1] in tuple(",] \t\r\n")
            if is_whole or not self._has_more():
                self._position, self._size = end, HEAD_BYTES
                return value

    def _decoded(self) -> tuple[object, int]:
        """Return the value here and where it ends."""
        try:
            value, end = _DECODER.raw_decode(self._text, self._position)
        except (ValueError, RecursionError, DataError) as error:
            end = _end_of_value(self._text, self._position)
            if end is None:
                raise
            return FaultyItem(json_fault(error, start=self._position)), end
        try:
            decode(self._text[self._position : end].encode(errors="surrogateescape"))
        except ValueError as error:
            return FaultyItem(str(error)), end
        return value, end

    def _has_more(self) -> bool:
        block = self._file.read(self._size)
        self._size *= 2
        self._lines = self.line
        self._text = self._text[self._position :] + self._utf8.decode(block, final=not block)
        self._position = 0
        return bool(block)


def json_fault(error: Exception, *, start: int = 0) -> str:
    """Return what is wrong with a JSON value.

    Args:
        error: What its decoder raised.
        start: Where it begins in the text that was decoded.
    """
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg.removesuffix(' at')} at character {error.pos - start}"
    kind = "not valid JSON: " if isinstance(error, RecursionError) else ""
    return kind + reason_of(error)


def _end_of_value(text: str, position: int) -> int | None:
    """Return where a value ends that may be no JSON; ``None`` where its end is not sure."""
    opened = bytearray()
    for piece in _PIECE.finditer(text, position):
        mark = piece.group()
        if mark == '"' or len(opened) > MAX_DEPTH:
            return None
        if mark in "[{":
            opened += mark.encode()
        elif mark in _PAIRS and opened:
            if opened.pop() != _PAIRS[mark]:
                return None
            if not opened:
                return piece.end()
        elif mark in "],}" and not opened:
            return piece.start() if piece.start() > position else None
    return None
