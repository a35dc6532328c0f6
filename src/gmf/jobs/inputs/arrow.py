"""Posts as an Arrow table, and what tables with a schema share."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gmf.core.errors import DataError
from gmf.core.extras import require_extra
from gmf.jobs.inputs.fields import IMAGE_COLUMNS, TOKENS, check_columns, row_of_fields
from gmf.jobs.inputs.rows import InputFormat, InputOptions, Row, Shard, shards_of
from gmf.prediction.user_input import CONTEXT, is_unread_key
from gmf.reading.compression import open_bytes

#: Rows that are in memory at once; a row may hold the bytes of its images.
BATCH_ROWS = 64
_FILE_MAGIC = b"ARROW1"


class TableSource(InputFormat):
    """Base of the tables with a schema.

    Args:
        path: The file.
        options: Names of the columns; ``user.name`` is a field of a nested one.

    Raises:
        ConfigError: If pyarrow is missing, or a column that was asked for is.
        DataError: If the file is no such table.
    """

    has_columns = True

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        try:
            names: list[str] = self.schema().names
        except UnicodeDecodeError as error:
            raise DataError("the name of a column is not UTF-8", path=path) from error
        if doubled := [name for name, number in Counter(names).items() if number > 1]:
            raise DataError(f"has two columns {doubled[0]!r}; rename or remove one", path=path)
        check_columns(options, names, path=path)
        images = IMAGE_COLUMNS if options.images is None else options.images
        others = filter(is_unread_key, names if options.images is None else ())
        texts = (options.text, TOKENS, options.id, CONTEXT, *options.context)
        wanted = (*texts, *images, *others, *options.keep)
        tops = dict.fromkeys(n if n in names else n.partition(".")[0] for n in wanted)
        self.columns = [name for name in tops if name in names]

    @abstractmethod
    def schema(self) -> Any:
        """Return the Arrow schema."""

    @abstractmethod
    def count(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def batches(self, start: int) -> Iterator[tuple[int, Any]]:
        """Yield batches of ``columns`` and their first row, from the one that holds a row on."""

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the table; see ``InputFormat``."""
        yield from shards_of(self.count(), size)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield the rows of a shard; see ``InputFormat``."""
        for number, fields in enumerate(self._fields(shard), shard.first_row):
            origin, name = f"{self.path}, row {number}", self.default_id(number)
            if isinstance(fields, str):
                yield Row(number, name, origin, error=fields)
                continue
            yield row_of_fields(
                fields,
                number=number,
                origin=origin,
                options=self.options,
                root=self.image_folder,
                default_id=name,
            )

    def column_types(self) -> dict[str, Any]:
        """Return the Arrow type of each kept column that is no field of another."""
        schema = self.schema()
        return {n: schema.field(n).type for n in self.options.keep if n in schema.names}

    def _fields(self, shard: Shard) -> Iterator[dict[str, Any] | str]:
        end = shard.position + shard.rows
        for first, batch in self.batches(shard.position):
            for start in range(max(0, shard.position - first), batch.num_rows, BATCH_ROWS):
                if first + start >= end:
                    return
                length = min(BATCH_ROWS, end - first - start)
                yield from _values_of(batch.slice(start, length))


def _values_of(batch: Any) -> Iterator[dict[str, Any] | str]:
    """Yield the values of each row, or why there are none: Arrow trusts what it reads."""
    try:
        batch.validate(full=True)
        values: list[dict[str, Any]] = batch.to_pylist()
        for column in batch.columns:
            _check_times(column)
    # Each type raises errors of its own on what Python cannot hold.
    except Exception:
        if batch.num_rows == 1:
            yield _fault_of(batch)
            return
        for row in range(batch.num_rows):
            yield from _values_of(batch.slice(row, 1))
    else:
        yield from values


def _fault_of(batch: Any) -> str:
    """Return why the values of a single row cannot be had, and of which column."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        what = f"column {name!r}: its {column.type} cannot be read"
        try:
            column.to_pylist()
            column.validate(full=True)
            _check_times(column)
        except UnicodeDecodeError as error:
            return f"{what} ({error}); text is expected to be UTF-8"
        except OverflowError:
            return f"{what}: it is beyond the dates and durations of Python (years 1 to 9999)"
        except Exception as error:
            if "zoneinfo" in str(error):  # Arrow's words on any zone that Python does not find.
                return f"{what}: no such time zone is known; write UTC or an offset like +01:00"
            return f"{what} ({error})"
    return "the row cannot be read"


def _check_times(column: Any) -> None:
    """Refuse nanoseconds of times of day: Python's have none, and Arrow drops them.

    Raises:
        ValueError: If a time has some.
    """
    if "time64[ns]" not in str(column.type):
        return
    import pyarrow

    if not pyarrow.array(column.to_pylist(), column.type).equals(column):
        raise ValueError("times of Python have no nanoseconds; write microseconds, or text")


class ArrowSource(TableSource):
    """A table in Arrow's file or stream format, as Feather and Hugging Face data sets have it."""

    suffixes = (".arrow", ".feather", ".ipc", ".arrows")

    def schema(self) -> Any:
        """Return the Arrow schema."""
        with self._open() as reader:
            return reader.schema

    def count(self) -> int:
        """Return the number of rows."""
        with self._open() as reader:
            return sum(batch.num_rows for batch in _batches(reader))

    def batches(self, start: int) -> Iterator[tuple[int, Any]]:
        """Yield batches and their first row, from the one that holds a row on."""
        first = 0
        with self._open() as reader:
            for batch in _batches(reader):
                if first + batch.num_rows > start:
                    yield first, batch.select(self.columns)
                first += batch.num_rows

    @contextmanager
    def _open(self) -> Generator[Any]:
        require_extra("pyarrow", extra="parquet", purpose="Arrow")
        import pyarrow

        try:
            with open_bytes(self.path) as content:
                is_file = content.read(len(_FILE_MAGIC)) == _FILE_MAGIC
                content.seek(0)
                opened = pyarrow.ipc.open_file if is_file else pyarrow.ipc.open_stream
                with opened(content) as reader:
                    yield reader
        except (OSError, ValueError, MemoryError, pyarrow.ArrowException) as error:
            raise DataError(f"cannot be read as Arrow ({error})", path=self.path) from error


def _batches(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        return map(reader.get_batch, range(reader.num_record_batches))
    return iter(reader)
