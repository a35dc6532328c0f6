"""Documents as a Parquet table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.files import replacing
from gmf.core.unicode import check_unicode
from gmf.exchange.base import shards_in
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.jobs.outputs.jsonl import as_json
from gmf.jobs.outputs.kept import in_json
from gmf.jobs.parquet import pyarrow_parquet
from gmf.prediction.documents import Document

#: Documents that are in memory before they are written.
GROUP_ROWS = 512


class ParquetFormat(OutputFormat):
    """Columns ``row``, ``id``, ``text``, ``entities`` and ``notes``.

    An entity has ``char_start``, ``char_end``, ``type``, ``text`` and ``confidence``.
    """

    suffixes = (".parquet",)
    keeps_columns = True

    def __init__(self) -> None:
        super().__init__()
        pyarrow_parquet()

    def check(self, columns: Mapping[str, Any]) -> None:
        """Write each type once, for pyarrow alone knows which Parquet can hold."""
        import pyarrow

        for name, kind in columns.items():
            try:
                schema = _schema({name: kind})
                with pyarrow_parquet().ParquetWriter(pyarrow.BufferOutputStream(), schema) as file:
                    file.write_table(schema.empty_table())
            except (pyarrow.ArrowException, NotImplementedError) as error:
                raise ConfigError(
                    f"--keep-columns: column {name!r} is {kind}, which Parquet cannot hold; leave "
                    "it out, or write JSON lines or CSV"
                ) from error

    def fitted(self, columns: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return kept columns; those without a type become JSON, which has no NaN."""
        typed = {n: v for n, v in columns.items() if self.columns.get(n) is not None}
        others, notes = in_json({n: v for n, v in columns.items() if n not in typed})
        return {**typed, **others}, notes

    def open(self, path: Path) -> ShardWriter:
        """Begin a shard."""
        return _ParquetWriter(path, _schema(self.columns))

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Copy the tables into one, group by group."""
        parquet, schema = pyarrow_parquet(), _schema(self.columns)
        with replacing(target) as half, parquet.ParquetWriter(half, schema) as writer:
            for shard in shards_in(folder):
                with parquet.ParquetFile(shard) as file:
                    for batch in file.iter_batches(GROUP_ROWS * 8):
                        writer.write_batch(batch)


class _ParquetWriter:
    def __init__(self, path: Path, schema: Any) -> None:
        self.schema = schema
        self.writer = pyarrow_parquet().ParquetWriter(path, schema)
        self.waiting: list[dict[str, Any]] = []

    def add(self, row: Row, document: Document) -> None:
        fields = document.to_dict()
        names = ("text", "entities", "notes")
        values = {name: self._fitting(name, value) for name, value in row.columns.items()}
        own = {"row": row.number, "id": row.id, **{name: fields[name] for name in names}}
        # Half of a surrogate pair would fail all rows that wait.
        texts = (("id", row.id), *values.items(), *(("notes", note) for note in document.notes))
        for name, value in texts:
            if isinstance(value, str):
                check_unicode(value, name=name)
        self.waiting.append({**own, **values})
        if len(self.waiting) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        if self.waiting:
            self._flush()
        self.writer.close()

    def _fitting(self, name: str, value: Any) -> Any:
        """Return a kept value; as text where the input has no types, or another one here."""
        import pyarrow

        kind = self.schema.field(name).type
        if value is None or isinstance(value, str):
            return (
                value
                if value is None or pyarrow.types.is_string(kind)
                else self._typed(value, kind, name)
            )
        return as_json(value) if pyarrow.types.is_string(kind) else self._typed(value, kind, name)

    def _typed(self, value: Any, kind: Any, name: str) -> Any:
        import pyarrow

        try:
            return pyarrow.scalar(value, kind).as_py()
        except (pyarrow.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"column {name!r} is {kind} in the first input: {error}") from error

    def _flush(self) -> None:
        import pyarrow

        table = pyarrow.Table.from_pylist(self.waiting, schema=self.schema)
        self.writer.write_table(table)
        self.waiting = []


def _schema(values: Mapping[str, Any]) -> Any:
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
            *((name, kind or pyarrow.string()) for name, kind in values.items()),
        ]
    )
