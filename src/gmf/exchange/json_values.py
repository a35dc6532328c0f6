"""Values of JSON files, and fields of their objects, checked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import DataError, reason_of
from gmf.core.unicode import check_unicode
from gmf.exchange.report import ConversionReport
from gmf.reading.json_doubles import without_doubles
from gmf.reading.json_lists import FaultyItem, is_json_list, list_items
from gmf.reading.text_files import decode, open_text


def json_values(
    path: Path, *, report: ConversionReport, encoding: str | None = None
) -> Iterator[tuple[str, object]]:
    """Yield the values of a JSON list or of JSON lines, each with where it stands, one at a time.

    Args:
        path: The file.
        report: Counts the values; a line that is no JSON is a fault.
        encoding: See ``open_text``.

    Raises:
        DataError: If it cannot be read, is no text, or begins a list that is no JSON.
    """
    if is_json_list(path, encoding=encoding):
        for position, value in enumerate(list_items(path, encoding=encoding), 1):
            report.read += 1
            if isinstance(value, FaultyItem):
                report.fault(f"{path}, item {position}: {value.error}")
            else:
                yield f"{path}, item {position}", value
        return
    with open_text(path, encoding=encoding) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            report.read += 1
            try:
                value = json.loads(decode(line), object_pairs_hook=without_doubles)
            except json.JSONDecodeError as error:
                report.fault(f"{path}:{number}: not valid JSON: {error}")
            except (ValueError, RecursionError, DataError) as error:
                report.fault(f"{path}:{number}: {reason_of(error)}")
            else:
                yield f"{path}:{number}", value


def field_of(row: dict[str, Any], name: str, kind: type | tuple[type, ...], expected: str) -> Any:
    """Return a field of a JSON object.

    Raises:
        ValueError: If it is absent or of another type.
    """
    value = row.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in _all(kind)):
        got = "nothing" if name not in row else type(value).__name__
        raise ValueError(f"{name!r}: expected {expected}, got {got}")
    return value


def text_of(row: dict[str, Any], name: str = "text") -> str:
    """Return a text of a JSON object.

    Raises:
        ValueError: If it is absent, no text, or has half of a character.
    """
    text: str = field_of(row, name, str, "a text")
    check_unicode(text, name=repr(name))
    return text


def identifier_of(value: object) -> str:
    """Return an identifier as text; empty for anything but text and whole numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _all(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def span_of(start: object, end: object) -> tuple[int, int]:
    """Return offsets of a JSON value.

    Raises:
        ValueError: If one is no whole number from 0.
    """
    for value in (start, end):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"offsets {start!r} and {end!r}: expected whole numbers from 0")
    return cast(int, start), cast(int, end)


def type_of(value: object) -> str:
    """Return a label of a JSON value.

    Raises:
        ValueError: If it is no text, or empty.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"label {value!r}: expected a name")
    value.encode()
    return value


def listed(row: dict[str, Any], name: str) -> list[Any]:
    """Return a list of a JSON object; an absent or null one is empty.

    Raises:
        ValueError: If it is no list.
    """
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name!r}: expected a list, got {type(value).__name__}")
    return cast(list[Any], value)


def objects(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects of a JSON object.

    Raises:
        ValueError: If it is no list of objects.
    """
    values = listed(row, name)
    for value in values:
        if not isinstance(value, dict):
            raise ValueError(f"{name!r}: expected objects, got {type(value).__name__}")
    return values


def words_in(row: dict[str, Any], name: str) -> list[str]:
    """Return the words of a JSON object.

    Raises:
        ValueError: If they are no list of words.
    """
    words = listed(row, name)
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ValueError(f"{name!r}: expected a list of words, none of them empty")
    "".join(cast(list[str], words)).encode()
    return cast(list[str], words)
