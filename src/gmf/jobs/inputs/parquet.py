"""Posts as a Parquet table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gmf.core.errors import DataError
from gmf.jobs.inputs.fields import IMAGE_COLUMNS, TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputOptions, Row, RowSource, Shard, shards_of
from gmf.jobs.parquet import pyarrow_parquet

#: Rows that are in memory at once; a row may hold the bytes of its images.
BATCH_ROWS = 64


class ParquetSource(RowSource):
    """A table of posts; an image column holds paths, bytes, lists, or structs of bytes and path.

    Args:
        path: The file.
        options: Names of the columns.

    Raises:
        ConfigError: If pyarrow is missing, or a column that was asked for is.
        DataError: If the file is no Parquet.
    """

    suffixes = (".parquet",)

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        self.root = options.image_root or path.parent
        with self._open() as file:
            there = set(file.schema_arrow.names)
        check_columns(options, sorted(there), path=path)
        images = IMAGE_COLUMNS if options.images is None else options.images
        self.columns = [c for c in (options.text, TOKENS, options.id, *images) if c in there]

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the table; see ``RowSource``."""
        with self._open() as file:
            total: int = file.metadata.num_rows
        yield from shards_of(total, size)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield the rows of a shard; see ``RowSource``."""
        for number, fields in enumerate(self._fields(shard), shard.first_row):
            yield row_of_fields(
                fields,
                number=number,
                origin=f"{self.path}, row {number}",
                options=self.options,
                root=self.root,
                default_id=self.default_id(number),
            )

    def _fields(self, shard: Shard) -> Iterator[dict[str, Any]]:
        skip, left = shard.position, shard.rows
        with self._open() as file:
            groups: list[int] = []
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if not groups and skip >= rows:
                    skip -= rows
                else:
                    groups.append(group)
            for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=self.columns):
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                part = batch.slice(skip, left)
                skip, left = 0, left - part.num_rows
                yield from part.to_pylist()
                if not left:
                    return

    def _open(self) -> Any:
        parquet = pyarrow_parquet()
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:
            raise DataError(f"cannot be read as Parquet ({error})", path=self.path) from error
