"""HTTP/1.1 connections: what uvicorn itself refuses has the form of all refusals."""

import asyncio
import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gmf.serving.config import ServeConfig
from gmf.serving.problems import MEDIA_TYPE, RefusedError, response_of


def connections(config: ServeConfig) -> Any:
    """Return the class of connections under the limits of a configuration, for uvicorn."""
    return functools.partial(Connection, limits=config)


class Connection(H11Protocol):
    """A connection whose requests must arrive in time, and whose answers must be taken in time.

    Of uvicorn's own timers, one ends idle connections. None ends a request whose head never comes
    to its end, a body that goes on when its answer is sent, or an answer that nobody reads; a body
    without its answer is limited by the service.
    """

    def __init__(self, *arguments: Any, limits: ServeConfig, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._head: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection; one beyond the limit only gets an answer that says so."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self.app = _too_many
        # Whatever waits to be sent then counts as an answer that is not taken.
        transport.set_write_buffer_limits(high=0)
        # Proxies connect before they have something to ask.
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        super().data_received(data)
        if self.conn.their_state is not h11.SEND_BODY:
            self._rest = _cancelled(self._rest)
        has_begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if not has_begun:
            self._head = _cancelled(self._head)
        elif self._head is None:
            self._head = self._in_time(self._late)
        if self.conn.their_state is h11.IDLE and not has_begun:
            self._wait_for_request()

    def on_response_complete(self) -> None:
        """Go on to the next request, when the body of this one has come."""
        super().on_response_complete()
        # A client that is cut off while it sends may not see the answer: it has its time.
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._rest = self._in_time(self.transport.close)

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent, but not for ever."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self._in_time(self.transport.abort)

    def resume_writing(self) -> None:
        """Send on."""
        self._unread = _cancelled(self._unread)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        for timer in (self._head, self._rest, self._unread):
            _cancelled(timer)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has a head that is too long."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        if hint == 431:
            detail = "The address and headers of the request are too long; send shorter ones."
            self._refuse(RefusedError(431, detail, reason="head"))
        else:
            self._refuse(RefusedError(400, f"{msg} Send HTTP/1.1.", reason="http"))

    def _refuse(self, refusal: RefusedError) -> None:
        body = json.dumps(refusal.problem().model_dump()).encode()
        headers = [("content-type", MEDIA_TYPE), ("content-length", str(len(body)))]
        head = h11.Response(status_code=refusal.status, headers=[*headers, ("connection", "close")])
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_for_request(self) -> None:
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _in_time(self, end: Callable[[], None]) -> asyncio.TimerHandle:
        return self.loop.call_later(self._limits.timeout_seconds, end)

    def _late(self) -> None:
        detail = "The head of the request did not arrive in time."
        self._refuse(RefusedError(408, detail, reason="slow"))


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "The service has too many connections; try again."
    refusal = RefusedError(503, detail, reason="connections", retry_after=1)
    response = response_of(refusal)
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
