"""Bytes to JSON values: in the encoding they have, and nothing in them lost in silence."""

import codecs
import json
from typing import Any, NoReturn

from gmf.core.errors import DataError, reason_of
from gmf.reading.json_doubles import without_doubles
from gmf.serving.problems import RefusedError, invalid
from gmf.serving.schemas import Fault

#: Encodings that a request may declare, by Python's names.
_ENCODINGS = ("utf-8", "utf-16", "utf-32", "ascii", "iso8859-1", "iso8859-15", "cp1252")


def decoded_text(content: bytes, *, charset: str = "") -> str:
    """Return the text of a request without its byte order mark.

    UTF-16 and UTF-32 are told by their bytes; everything else is what was declared, or UTF-8.

    Args:
        content: The whole body.
        charset: What its content type declares.

    Raises:
        RefusedError: If the encoding is not read (415), or is not that of the bytes (422).
    """
    encoding = json.detect_encoding(content)
    if charset and encoding == "utf-8":
        encoding = known_charset(charset)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"expected {encoding}, byte {error.start + 1} is not; send UTF-8"
        raise invalid([Fault(field="", message=message)]) from error


def known_charset(charset: str) -> str:
    """Return Python's name of a charset that is read.

    Raises:
        RefusedError: If it is not read (415).
    """
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if not name.startswith(_ENCODINGS):
        detail = f"The charset {charset[:50]!r} is not read; send UTF-8."
        raise RefusedError(415, detail, reason="charset")
    return name


def read_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        RefusedError: If it is no JSON, or an object has a key twice (422).
    """
    try:
        return json.loads(text, object_pairs_hook=without_doubles, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg} at line {error.lineno} column {error.colno}"
    except DataError as error:
        message = str(error)
    except (RecursionError, ValueError) as error:
        message = reason_of(error)
    raise invalid([Fault(field="", message=f"Invalid JSON: {message}")])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
