"""NDJSON as it arrives: lines are answered while more of them come, and none waits for the last."""

import asyncio
import codecs
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gmf.serving.json_text import decoded_text
from gmf.serving.problems import RefusedError, invalid
from gmf.serving.schemas import Fault


@dataclass(frozen=True, slots=True)
class Line:
    """A post of NDJSON as it was sent.

    Args:
        content: JSON, or what should be; in UTF-8 or what was declared.
        charset: What the content type declares.
    """

    content: bytes
    charset: str = ""


class Lines:
    """The lines of a body, without empty ones.

    They are read on while others are answered: a client that sends all before it reads anything is
    never stuck. What is kept of them is what was not taken yet.

    Args:
        receive: Where the body comes from, unpacked and limited.
        charset: What the content type declares; may be empty.
        most: Lines that are taken.
        timeout_seconds: Time for a line to arrive when nothing else is to be answered.
    """

    def __init__(
        self, receive: Receive, *, charset: str, most: int, timeout_seconds: float
    ) -> None:
        self._receive, self._charset, self._most = receive, charset, most
        self._timeout = timeout_seconds
        self._waiting, self._news = deque[Line](), asyncio.Event()
        self._has_ended, self._is_gone = False, False
        self._fault: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        #: Lines that came.
        self.count = 0

    async def begin(self) -> None:
        """Wait for the first line.

        Raises:
            RefusedError: If there is none, or what came at once cannot be used (413, 415, 422).
        """
        self._task = asyncio.create_task(self._read())
        try:
            while not self._has_ended and not 0 < self.count <= self._most:
                await self._wait()
            if self._fault is not None:
                raise self._fault
            if not self.count:
                raise invalid([Fault(field="", message="expected one or more lines, each a post")])
        except BaseException:
            await self.close()
            raise

    async def take(self, number: int) -> list[Line]:
        """Return up to so many lines that have arrived, at least one; none when all are taken.

        Raises:
            RefusedError: If the body ends in what cannot be used, when all before it is taken.
            ClientDisconnect: If nobody reads the answer any more.
        """
        try:
            async with asyncio.timeout(self._timeout):  # For all of a line, not for its next part.
                while not self._waiting and not self._has_ended:
                    await self._wait()
        except TimeoutError as error:
            detail = "The next line did not arrive in time; the answer ends here."
            raise RefusedError(408, detail, reason="slow") from error
        if self._is_gone:
            raise ClientDisconnect
        if not self._waiting and self._fault is not None:
            raise self._fault
        return [self._waiting.popleft() for _ in range(min(number, len(self._waiting)))]

    async def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _read(self) -> None:
        try:
            parts = list[bytes]()
            async for content in self._contents():
                *whole, rest = content.split(b"\n")
                for line in whole:
                    self._add(b"".join((*parts, line)))
                    parts.clear()
                parts.append(rest)
                self._news.set()
            self._add(b"".join(parts))
            if self.count > self._most:
                message = f"{self.count} posts, at most {self._most} are taken at once"
                self._fault = invalid([Fault(field="posts", message=message)])
        except Exception as error:  # Raised by who waits for the lines.
            self._fault = error
        self._has_ended = True
        self._news.set()
        while not self._is_gone:
            self._is_gone = (await self._receive())["type"] == "http.disconnect"

    def _add(self, line: bytes) -> None:
        if not line.strip():
            return
        self.count += 1
        if self.count <= self._most:
            self._waiting.append(Line(line, self._charset))

    async def _contents(self) -> AsyncIterator[bytes]:
        """Yield the body in parts; of UTF-16 and UTF-32, which their bytes tell, as UTF-8."""
        head, encoding, decoder = b"", "", None
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._is_gone = True
                return
            content, is_last = head + message.get("body", b""), not message.get("more_body")
            if not encoding and len(content) < 4 and not is_last:
                head = content
                continue
            if not encoding:
                head, encoding = b"", json.detect_encoding(content)
                if not encoding.startswith("utf-8"):
                    decoder, self._charset = codecs.getincrementaldecoder(encoding)(), ""
            if decoder is not None:
                try:
                    content = decoder.decode(content, is_last).encode()
                except UnicodeError as error:
                    fault = Fault(field="", message=f"expected {encoding}; send UTF-8")
                    raise invalid([fault]) from error
            yield content
            if is_last:
                return


def text_of(line: Line) -> str:
    """Return the text of a line.

    Raises:
        RefusedError: If its encoding is not that of its bytes (422), or is not read (415).
    """
    return decoded_text(line.content, charset=line.charset)


class LinesResponse(StreamingResponse):
    """An answer that is sent while the request is read, by the one reader that it has."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the answer."""
        await self.stream_response(send)
