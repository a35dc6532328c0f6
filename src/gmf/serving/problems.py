"""Refusals: one exception that carries status, words for people, and the faults by field."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from gmf.serving.schemas import Fault, Problem

MEDIA_TYPE = "application/problem+json"
#: Faults that one answer names; a request may hold thousands.
MAX_FAULTS = 20

TITLES = {
    400: "Bad request",
    401: "API key needed",
    404: "Not found",
    405: "Method not allowed",
    408: "The request took too long to arrive",
    413: "Too large",
    415: "Unsupported content type",
    422: "The request cannot be used",
    429: "Too busy",
    431: "The head of the request is too long",
    500: "Internal error",
    503: "Not available",
}


#: How JSON calls what pydantic calls by the names of Python.
_KINDS = {
    "bytes_type": "a valid string",
    "list_type": "a valid array",
    "model_type": "an object",
    "tuple_type": "a valid array",
}


class RefusedError(Exception):
    """A request that gets no result.

    Args:
        status: HTTP status.
        detail: What went wrong and what to do.
        faults: What is wrong, field by field.
        retry_after: Seconds after which to try again.
        reason: A word for the metrics.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        reason: str,
        faults: Sequence[Fault] = (),
        retry_after: int | None = None,
    ) -> None:
        self.status, self.detail, self.reason = status, detail, reason
        self.faults, self.retry_after = tuple(faults), retry_after
        super().__init__(detail)

    def problem(self) -> Problem:
        """Return what the client is told."""
        return Problem(
            status=self.status,
            title=TITLES[self.status],
            detail=self.detail,
            faults=list(self.faults[:MAX_FAULTS]),
        )


def invalid(faults: Sequence[Fault]) -> RefusedError:
    """Return the refusal of a request with faults."""
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    first = faults[0]
    where = f"{first.field}: " if first.field else ""
    return RefusedError(422, f"{where}{first.message}{more}", reason="invalid", faults=faults)


def faults_of(error: ValidationError, *, keys: Sequence[str] = ()) -> list[Fault]:
    """Return the faults that pydantic found; of what the client sent only the names of keys.

    Args:
        error: What pydantic found.
        keys: Keys that the whole may have, for messages.
    """
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return [Fault(field=_field(fault["loc"]), message=_message(fault, keys)) for fault in faults]


def _field(location: Sequence[int | str]) -> str:
    # Keys are the client's: of any length, and perhaps no Unicode.
    parts = (str(part)[:50].encode(errors="backslashreplace").decode() for part in location)
    return ".".join(parts)


def _message(fault: Any, keys: Sequence[str]) -> str:
    if fault["type"] == "model_type" and "images" in fault["loc"]:
        return "Input should be an object with the file in base64 as data; no URL or path is read"
    if fault["type"] in _KINDS:
        return f"Input should be {_KINDS[fault['type']]}"
    message: str = fault["msg"].removeprefix("Value error, ")
    if fault["type"] != "extra_forbidden" or len(fault["loc"]) != 1 or not keys:
        return message
    near = get_close_matches(str(fault["loc"][0])[:50], keys, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{message}: expected {', '.join(keys)}{hint}"


def response_of(refusal: RefusedError) -> Response:
    """Return a refusal as a response."""
    headers: dict[str, str] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.reason == "encoding":
        headers["Accept-Encoding"] = "gzip, deflate"
    return _response(refusal.problem(), headers)


def http_error(request: Request, error: Exception) -> Response:
    """Return the framework's own errors (no such page, wrong method) in the same form."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = (error.headers or {}) if isinstance(error, HTTPException) else {}
    hint = "; perhaps without the slash at its end" if request.url.path.endswith("/") else ""
    detail = {
        404: f"There is nothing at this address{hint}. See /docs.",
        405: f"{request.method} is not allowed at this address; see /docs.",
    }.get(status, "The server failed; the post was not the cause. Its log says more.")
    title = TITLES.get(status, "Error")
    return _response(Problem(status=status, title=title, detail=detail), headers)


def _response(problem: Problem, headers: Mapping[str, str]) -> Response:
    return JSONResponse(
        problem.model_dump(mode="json"), problem.status, dict(headers), media_type=MEDIA_TYPE
    )
