"""The body of a request as it arrives: unpacked, counted, refused beyond the limit."""

import zlib
from collections.abc import Callable

from starlette.types import Message, Receive

from gmf.serving.config import MEBIBYTE
from gmf.serving.problems import RefusedError, invalid
from gmf.serving.schemas import Fault

#: What a body may be packed with.
ENCODINGS = ("gzip", "deflate", "identity")
#: Older names of them, which are to be understood (RFC 9110, 8.4.1.3).
_OLDER = {"x-gzip": "gzip"}
#: A refused body is still read, up to this many times the limit: a client that is cut off while it
#: sends sees a broken connection in place of the reason.
DRAIN = 4
#: Reads the headers of gzip and of zlib, which HTTP calls deflate.
_ANY_HEADER = zlib.MAX_WBITS | 32


class Body:
    """The body of one request.

    Args:
        receive: Where it comes from.
        encoding: Value of its header ``Content-Encoding``; may be empty.
        limit: Most bytes, unpacked.
        length: Bytes that are announced; 0 when none are.
        hold: Called with each number of bytes that are kept.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        encoding: str,
        limit: int,
        length: int = 0,
        hold: Callable[[int], None],
    ) -> None:
        self._length = length
        self._receive, self._limit, self._hold = receive, limit, hold
        name = encoding.strip().lower() or "identity"
        self._encoding = _OLDER.get(name, name)
        self._unpacker = zlib.decompressobj(_ANY_HEADER)
        #: Bytes so far, unpacked.
        self.size = 0

    async def receive(self) -> Message:
        """Return the next part of the body, unpacked.

        Raises:
            RefusedError: If it is too large (413), packed in an unknown way (415) or damaged (422).
        """
        if self._length > DRAIN * self._limit:  # Nobody waits for all that.
            raise self._too_large()
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        if self._encoding not in ENCODINGS:
            raise RefusedError(
                415,
                f"The content encoding {self._encoding[:50]!r} is not read; send one of "
                f"{', '.join(ENCODINGS)}.",
                reason="encoding",
            )
        content, is_last = message.get("body", b""), not message.get("more_body")
        if self._encoding != "identity":
            content = self._unpacked(content, is_last=is_last)
        self.size += len(content)
        self._hold(len(content))
        if self.size > self._limit:
            await self._drain(message)
            raise self._too_large()
        return {**message, "body": content}

    def _too_large(self) -> RefusedError:
        detail = (
            f"The request is larger than {self._limit // MEBIBYTE} MiB; send fewer or smaller "
            "images."
        )
        return RefusedError(413, detail, reason="size")

    def _unpacked(self, packed: bytes, *, is_last: bool) -> bytes:
        room = self._limit - self.size + 1
        content = bytearray()
        try:
            while packed and len(content) < room:
                if self._unpacker.eof:  # A file of several members is one content.
                    self._unpacker = zlib.decompressobj(_ANY_HEADER)
                content += self._unpacker.decompress(packed, room - len(content))
                packed = self._unpacker.unused_data
        except zlib.error as error:
            raise invalid([Fault(field="", message=f"not {self._encoding}: {error}")]) from error
        if is_last and not self._unpacker.eof and len(content) < room:
            raise invalid([Fault(field="", message=f"the {self._encoding} content is cut off")])
        return bytes(content)

    async def _drain(self, message: Message) -> None:
        size = self.size
        while message.get("more_body") and size < DRAIN * self._limit:
            message = await self._receive()
            size += len(message.get("body", b""))
