"""The outermost layer: request ids, size limits, security headers, one log line a request."""

import hmac
import logging
import time
import uuid
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gmf.serving.body import Body
from gmf.serving.config import ServeConfig
from gmf.serving.logs import LOGGER
from gmf.serving.metrics import Metrics
from gmf.serving.problems import RefusedError, http_error

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI layer around the service.

    Args:
        app: The service.
        config: Limits.
        metrics: Where requests are counted.
    """

    def __init__(self, app: ASGIApp, *, config: ServeConfig, metrics: Metrics) -> None:
        self.app, self.config, self.metrics = app, config, metrics
        self.log = logging.getLogger(LOGGER)
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, name = time.perf_counter(), 0, uuid.uuid4().hex
        body = self._body_of(scope, receive)
        scope.setdefault("state", {})["log"] = fields = {"request": name}
        # HEAD is GET without the body, at every address.
        is_head = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if is_head else scope

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                answered["X-Request-ID"] = name
                for header, value in HEADERS.items():
                    answered.setdefault(header, value)
                answered.setdefault("Cache-Control", "no-store")
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(asked, body.receive, dressed)
        except ClientDisconnect:
            # Nobody is left to answer; 499 is the customary status for the log.
            status = 499
        except Exception as error:
            self.log.exception("failed", extra={"fields": fields})
            if status:
                raise
            await http_error(Request(scope), error)(scope, receive, dressed)
        finally:
            self._held -= body.size
            route = getattr(asked.get("route"), "path", "(none)")
            fields |= {"method": scope["method"], "route": route, "status": status}
            self._count(fields | {"bytes": body.size}, seconds=time.perf_counter() - begun)

    def _body_of(self, scope: Scope, receive: Receive) -> Body:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        return Body(
            receive,
            encoding=headers.get("content-encoding", ""),
            limit=self.config.max_body,
            length=int(length) if length.isdecimal() else 0,
            hold=self._hold,
        )

    def _count(self, fields: dict[str, Any], *, seconds: float) -> None:
        """Count a request that was answered, and log it."""
        self.metrics.requests.labels(fields["route"], str(fields["status"])).inc()
        self.metrics.seconds.labels(fields["route"]).observe(seconds)
        fields["milliseconds"] = round(1000 * seconds, 1)
        self.log.info("request", extra={"fields": fields})

    def _hold(self, size: int) -> None:
        """Count bytes of a request as held.

        Raises:
            RefusedError: If all requests together hold too much.
        """
        self._held += size
        if self._held > self.config.max_held:
            raise RefusedError(
                429, "The service holds too much already; try again.", reason="held", retry_after=1
            )


class ApiKey:
    """Let in those who bring the key as ``Authorization: Bearer KEY``.

    Args:
        key: The key; ``None`` lets everybody in.
    """

    def __init__(self, key: str | None) -> None:
        self._key = None if key is None else key.encode()

    async def __call__(self, request: Request) -> None:
        """Check the key of a request, in a time that does not depend on how wrong it is.

        Raises:
            RefusedError: If it is absent or wrong (401).
        """
        if self._key is None:
            return
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(credentials.strip().encode(), self._key)
        if scheme.lower() != "bearer" or not is_right:
            detail = "Send the API key of this service as 'Authorization: Bearer KEY'."
            raise RefusedError(401, detail, reason="key")
