"""Posts as a Parquet table."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from gmf.core.errors import DataError
from gmf.jobs.inputs.arrow import BATCH_ROWS, TableSource
from gmf.jobs.parquet import pyarrow_parquet


class ParquetSource(TableSource):
    """A table of posts; an image column holds paths, bytes, lists, or structs of bytes and path."""

    suffixes = (".parquet",)

    def schema(self) -> Any:
        """Return the Arrow schema."""
        with self._open() as file:
            return file.schema_arrow

    def count(self) -> int:
        """Return the number of rows."""
        with self._open() as file:
            return file.metadata.num_rows

    def batches(self, start: int) -> Iterator[tuple[int, Any]]:
        """Yield batches and their first row, from the one that holds a row on."""
        with self._open() as file:
            groups: list[int] = []
            first = 0
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if not groups and first + rows <= start:
                    first += rows
                else:
                    groups.append(group)
            for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=self.columns):
                yield first, batch
                first += batch.num_rows

    @contextmanager
    def _open(self) -> Generator[Any]:
        parquet = pyarrow_parquet()
        from pyarrow import ArrowException

        try:
            with self.path.open("rb") as content, parquet.ParquetFile(content) as file:
                yield file
        except (OSError, ValueError, MemoryError, ArrowException) as error:
            raise DataError(f"cannot be read as Parquet ({error})", path=self.path) from error
