"""Documents as JSON lines."""

import json
from base64 import b64encode
from typing import Any

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.prediction.documents import Document


class JsonlFormat(LineFormat):
    """``row``, ``id``, ``text``, ``entities`` by characters and ``notes``, one object a line.

    A row that gave words instead of text also has ``tokens`` and ``tags``; kept columns follow.
    """

    suffixes = (".jsonl", ".ndjson")
    keeps_columns = True

    def render(self, row: Row, document: Document) -> str:
        """Return a line."""
        fields: dict[str, Any] = {"row": row.number, "id": row.id, **document.to_dict()}
        if row.sample is not None and row.sample.text is None:
            fields |= {"tokens": row.sample.tokens, "tags": document.tags}
        return as_json({**fields, **row.columns}) + "\n"


def as_json(value: object) -> str:
    """Return a value as JSON in one line; bytes as base64, other values of tables as text."""
    return json.dumps(value, ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
