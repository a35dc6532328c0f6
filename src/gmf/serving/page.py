"""The web pages: fixed files of packages, read once; no path comes from a request."""

import hashlib
from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request
from fastapi.responses import Response

from gmf.serving.guard import HEADERS

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
#: Pages by file; every other file is at ``/page/NAME``.
PAGES = {"index.html": "/", "docs.html": "/docs"}
_SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")
_POLICY = "Content-Security-Policy"
#: Swagger UI draws with inline styles and with images in its style sheet.
_DOCS_POLICY = (
    HEADERS[_POLICY]
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("blob:", "blob: data:")
)


def add_page(app: FastAPI) -> None:
    """Serve the page at ``/``, the description of the service at ``/docs``, and their files."""
    swagger = files("fastapi_offline").joinpath("static")
    for file in [
        *files("gmf.serving").joinpath("page").iterdir(),
        *map(swagger.joinpath, _SWAGGER),
    ]:
        kind = CONTENT_TYPES.get(f".{file.name.rpartition('.')[2]}")
        if kind is not None:
            path = PAGES.get(file.name, f"/page/{file.name}")
            app.add_api_route(path, _sender(file, kind), methods=["GET"], include_in_schema=False)


def _sender(file: Traversable, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = file.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if file.name == "docs.html":
        headers[_POLICY] = _DOCS_POLICY

    async def send(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    return send
