"""Kept columns as outputs can hold them: Unicode, and in JSON only the numbers of JSON."""

import math
from collections.abc import Mapping
from typing import Any, cast

from gmf.core.unicode import check_unicode


def check_columns(columns: Mapping[str, Any]) -> None:
    """Refuse half of a surrogate pair in any text of kept columns.

    Raises:
        ValueError: Names the column.
    """
    for name, value in columns.items():
        try:
            _check(value)
        except ValueError as error:
            raise ValueError(f"column {name!r}: {error}") from error


def in_json(columns: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return kept columns with null for NaN and the infinities, and a note on each that changed."""
    values = {name: _finite(value) for name, value in columns.items()}
    changed = [n for n, v in values.items() if v is not columns[n] and v != columns[n]]
    note = "column {!r}: NaN or infinity is no number of JSON, null stands in its place"
    return values, tuple(map(note.format, changed))


def _check(value: object) -> None:
    if isinstance(value, str):
        check_unicode(value)
    elif isinstance(value, dict):
        for key, item in cast(dict[object, object], value).items():
            _check(key)
            _check(item)
    elif isinstance(value, list | tuple):
        for item in cast(list[object], value):
            _check(item)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast(dict[Any, Any], value).items()}
    if isinstance(value, list):
        return [_finite(item) for item in cast(list[Any], value)]
    if isinstance(value, tuple):
        return tuple(_finite(item) for item in cast(tuple[Any, ...], value))
    return value
