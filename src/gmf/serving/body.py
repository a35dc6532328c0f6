"""The body of a request as it arrives: unpacked, counted, refused beyond the limit."""

import zlib
from collections.abc import Callable

from starlette.types import Message, Receive

from gmf.serving.config import MEBIBYTE
from gmf.serving.problems import RefusedError, invalid
from gmf.serving.schemas import Fault

#: What a body may be packed with.
ENCODINGS = ("gzip", "deflate", "identity")
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
        hold: Called with each number of bytes that are kept.
    """

    def __init__(
        self, receive: Receive, *, encoding: str, limit: int, hold: Callable[[int], None]
    ) -> None:
        self._receive, self._limit, self._hold = receive, limit, hold
        self._encoding = encoding.strip().lower() or "identity"
        self._unpacker = zlib.decompressobj(_ANY_HEADER)
        #: Bytes so far, unpacked.
        self.size = 0

    async def receive(self) -> Message:
        """Return the next part of the body, unpacked.

        Raises:
            RefusedError: If it is too large (413), packed in an unknown way (415) or damaged (422).
        """
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
            raise RefusedError(
                413,
                f"The request is larger than {self._limit // MEBIBYTE} MiB; send fewer or smaller "
                "images.",
                reason="size",
            )
        return {**message, "body": content}

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
