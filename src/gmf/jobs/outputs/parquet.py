"""Documents as a Parquet table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gmf.core.files import replacing
from gmf.exchange.base import shards_in
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.jobs.parquet import pyarrow_parquet
from gmf.prediction.documents import Document

#: Documents that are in memory before they are written.
GROUP_ROWS = 512


class ParquetFormat(OutputFormat):
    """Columns ``row``, ``id``, ``text``, ``entities`` and ``notes``.

    An entity has ``char_start``, ``char_end``, ``type``, ``text`` and ``confidence``.
    """

    suffixes = (".parquet",)

    def open(self, path: Path) -> ShardWriter:
        """Begin a shard."""
        return _ParquetWriter(path)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Copy the tables into one, group by group."""
        parquet = pyarrow_parquet()
        with replacing(target) as half, parquet.ParquetWriter(half, _schema()) as writer:
            for shard in shards_in(folder):
                with parquet.ParquetFile(shard) as file:
                    for batch in file.iter_batches(GROUP_ROWS * 8):
                        writer.write_batch(batch)


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self.writer = pyarrow_parquet().ParquetWriter(path, _schema())
        self.waiting: list[dict[str, Any]] = []

    def add(self, row: Row, document: Document) -> None:
        fields = document.to_dict()
        names = ("text", "entities", "notes")
        self.waiting.append(
            {"row": row.number, "id": row.id, **{name: fields[name] for name in names}}
        )
        if len(self.waiting) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        if self.waiting:
            self._flush()
        self.writer.close()

    def _flush(self) -> None:
        import pyarrow

        table = pyarrow.Table.from_pylist(self.waiting, schema=_schema())
        self.writer.write_table(table)
        self.waiting = []


def _schema() -> Any:
    import pyarrow

    entity = pyarrow.struct(
        [
            ("char_start", pyarrow.int32()),
            ("char_end", pyarrow.int32()),
            ("type", pyarrow.string()),
            ("text", pyarrow.string()),
            ("confidence", pyarrow.float64()),
        ]
    )
    return pyarrow.schema(
        [
            ("row", pyarrow.int64()),
            ("id", pyarrow.string()),
            ("text", pyarrow.string()),
            ("entities", pyarrow.list_(entity)),
            ("notes", pyarrow.list_(pyarrow.string())),
        ]
    )
