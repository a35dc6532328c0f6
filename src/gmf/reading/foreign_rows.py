"""Rows of JSON that other tools and libraries write, told by their keys."""

from collections.abc import Callable, Mapping
from typing import Any, cast

#: Name of the format in ``gmf data convert`` to what its rows have; the first that fits is taken.
_ROWS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "label-studio": lambda row: (
        isinstance(row.get("data"), dict) or {"annotator", "annotation_id"} <= row.keys()
    ),
    "gliner": lambda row: "tokenized_text" in row,
    "huggingface": lambda row: (
        ("tokens" in row and ("ner_tags" in row or "fine_ner_tags" in row))
        or {"words", "ner"} <= row.keys()
    ),
    "prodigy": lambda row: not row.keys().isdisjoint(("spans", "answer", "_task_hash")),
    "doccano": lambda row: (
        not row.keys().isdisjoint(("text", "data"))
        and (
            _is_of_lists(row.get("label"))
            or _is_of_lists(row.get("labels"))
            or "Comments" in row
            or "start_offset" in _first(row.get("entities"))
        )
    ),
    "spacy-examples": lambda row: "text" in row and _is_of_lists(row.get("entities"), empty=False),
}
_TITLES = {
    "label-studio": "Label Studio",
    "gliner": "GLiNER",
    "huggingface": "Hugging Face",
    "prodigy": "Prodigy",
    "doccano": "Doccano",
    "spacy-examples": "spaCy 2",
}


def tool_of(row: object) -> str | None:
    """Return the format of ``gmf data convert`` that a JSON value is a row of, if any.

    Args:
        row: The row; a list of tasks is told by the first.
    """
    if isinstance(row, list):
        items = cast(list[Any], row)
        if len(items) == 2 and isinstance(items[0], str) and isinstance(items[1], dict):
            return "spacy-examples"
        return tool_of(items[0]) if items and isinstance(items[0], dict) else None
    if not isinstance(row, dict):
        return None
    fields = cast(dict[str, Any], row)
    return next((name for name, fits in _ROWS.items() if fits(fields)), None)


def tool_hint(row: object) -> str:
    """Return how to bring a row of another tool into own data; empty if it is of none."""
    name = tool_of(row)
    if name is None:
        return ""
    return f"this is a row of {_TITLES[name]}: run gmf data convert FILE OUT.jsonl --from {name}"


def _is_of_lists(value: object, *, empty: bool = True) -> bool:
    """Return whether a value is a list of lists; what an empty one is, the caller says."""
    if not isinstance(value, list):
        return False
    items = cast(list[Any], value)
    return isinstance(items[0], list) if items else empty


def _first(value: object) -> Mapping[str, Any]:
    items = cast(list[Any], value) if isinstance(value, list) else []
    return items[0] if items and isinstance(items[0], dict) else {}
