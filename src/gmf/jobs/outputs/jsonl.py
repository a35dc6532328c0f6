"""Documents as JSON lines."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.kept import in_json
from gmf.prediction.documents import Document


class JsonlFormat(LineFormat):
    """``row``, ``id``, ``text``, ``entities`` by characters and ``notes``, one object a line.

    A row that gave words instead of text also has ``tokens`` and ``tags``; kept columns follow.
    """

    suffixes = (".jsonl", ".ndjson")
    keeps_columns = True

    def fitted(self, columns: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return kept columns with null for what is no number of JSON, and notes."""
        return in_json(columns)

    def render(self, row: Row, document: Document) -> str:
        """Return a line."""
        fields: dict[str, Any] = {"row": row.number, "id": row.id, **document.to_dict()}
        if row.sample is not None and row.sample.text is None:
            fields |= {"tokens": row.sample.tokens, "tags": document.tags}
        return as_json({**fields, **row.columns}) + "\n"


def as_json(value: object) -> str:
    """Return a value as JSON in one line; bytes as base64, other values of tables as text.

    Raises:
        ValueError: If it holds NaN or an infinity.
    """
    return json.dumps(value, ensure_ascii=False, default=_as_text, allow_nan=False)


def _as_text(value: object) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
