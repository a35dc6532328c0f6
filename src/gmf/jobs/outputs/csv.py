"""Documents as a table of separated values."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.jsonl import as_json
from gmf.jobs.outputs.kept import in_json
from gmf.prediction.documents import Document

_COLUMNS = ("row", "id", "text", "entities", "notes")


class CsvFormat(LineFormat):
    """Columns ``row``, ``id``, ``text``, ``entities`` and ``notes``, both as JSON; kept columns."""

    suffixes = (".csv",)
    keeps_columns = True
    delimiter = ","

    @property
    def opening(self) -> str:
        """The header."""
        return self._line([*_COLUMNS, *self.columns])

    def fitted(self, columns: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return kept columns; NaN is a cell as it is, but not within JSON."""
        numbers = {name: value for name, value in columns.items() if isinstance(value, float)}
        others, notes = in_json({n: v for n, v in columns.items() if n not in numbers})
        return {**numbers, **others}, notes

    def render(self, row: Row, document: Document) -> str:
        """Return a record."""
        entities = [entity.to_dict() for entity in document.entities]
        values = [row.columns.get(name) for name in self.columns]
        cells = ["" if value is None else _cell(value) for value in values]
        texts = (document.text, as_json(entities), as_json(list(document.notes)))
        return self._line([row.number, row.id, *texts, *cells])

    def _line(self, cells: Iterable[object]) -> str:
        row, buffer = list(cells), io.StringIO()
        # The writer quotes what holds its own line end alone, and a reader takes CR for one.
        quoting = csv.QUOTE_ALL if any("\r" in str(cell) for cell in row) else csv.QUOTE_MINIMAL
        csv.writer(buffer, delimiter=self.delimiter, lineterminator="\n", quoting=quoting).writerow(
            row
        )
        return buffer.getvalue()


def _cell(value: object) -> str:
    """Return a kept value: as JSON, but texts, dates and the like without its quotes."""
    text = json.dumps(value) if isinstance(value, float) else as_json(value)
    return json.loads(text) if text.startswith('"') else text


class TsvFormat(CsvFormat):
    """As CSV, separated by TAB."""

    suffixes = (".tsv",)
    delimiter = "\t"
