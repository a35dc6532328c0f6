"""Documents as JSON lines."""

import json
from typing import Any

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.prediction.documents import Document


class JsonlFormat(LineFormat):
    """``row``, ``id``, ``text``, ``entities`` by characters and ``notes``, one object a line.

    A row that gave words instead of text also has ``tokens`` and ``tags``.
    """

    suffixes = (".jsonl", ".ndjson")

    def render(self, row: Row, document: Document) -> str:
        """Return a line."""
        fields: dict[str, Any] = {"row": row.number, "id": row.id, **document.to_dict()}
        if row.sample is not None and row.sample.text is None:
            fields |= {"tokens": row.sample.tokens, "tags": document.tags}
        return json.dumps(fields, ensure_ascii=False) + "\n"
