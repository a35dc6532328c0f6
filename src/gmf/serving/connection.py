"""HTTP/1.1 connections: what uvicorn itself refuses has the form of all refusals."""

import asyncio
import functools
import json
import sys
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
    """A connection whose requests must arrive in time, each from its first byte.

    Of uvicorn's own timers, one ends idle connections and none ends a request whose head never
    comes to its end; what comes after the head is limited by the service.
    """

    def __init__(self, *arguments: Any, limits: ServeConfig, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection; one beyond the limit only gets an answer that says so."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self.app = _too_many
        # Proxies connect before they have something to ask.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._forget_head()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._limits.timeout_seconds, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget_head()
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

    def _forget_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        detail = "The head of the request did not arrive in time."
        self._refuse(RefusedError(408, detail, reason="slow"))


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "The service has too many connections; try again."
    refusal = RefusedError(503, detail, reason="connections", retry_after=1)
    response = response_of(refusal)
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
