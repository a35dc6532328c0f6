"""The web page: fixed files of the package, read once; no path comes from a request."""

import hashlib
from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.responses import Response

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def add_page(app: FastAPI) -> None:
    """Serve the page at ``/`` and each of its files at ``/page/NAME``."""
    for file in files("gmf.serving").joinpath("page").iterdir():
        kind = CONTENT_TYPES.get(f".{file.name.rpartition('.')[2]}")
        if kind is None:
            continue
        path = "/" if file.name == "index.html" else f"/page/{file.name}"
        route = _sender(file.read_bytes(), kind)
        app.add_api_route(path, route, methods=["GET", "HEAD"], include_in_schema=False)


def _sender(content: bytes, kind: str) -> Callable[[Request], Awaitable[Response]]:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}

    async def send(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    return send
