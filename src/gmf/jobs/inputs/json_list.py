"""Posts as one JSON list."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gmf.core.errors import DataError
from gmf.jobs.inputs.jsonl import check_keys, row_of_object
from gmf.jobs.inputs.rows import InputOptions, Row, RowSource, Shard
from gmf.reading.json_lists import FaultyItem, is_json_list, list_items


class JsonListSource(RowSource):
    """One JSON list of objects as in JSON lines, read one by one.

    Args:
        path: The file.
        options: Names of the keys.

    Raises:
        ConfigError: If a key that was asked for is in no row.
    """

    suffixes = (".json",)
    has_columns = True

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        # No generator of this object: with one it would be a circle, its file closed at any time.
        self._next: tuple[int, Iterator[object]] = (-1, iter(()))
        check_keys(options, self._items(), path=path)

    @classmethod
    def true_format(cls, path: Path, options: InputOptions) -> str | None:
        """Return JSON lines for a file that is no list: many of them end so."""
        try:
            return None if is_json_list(path, encoding=options.encoding) else "jsonl"
        except DataError:  # Told when it is opened.
            return None

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the list."""
        for number, value in enumerate(self._items(), 1):
            yield self._row_of(value, number)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield the rows of a shard; shards in order read the file once."""
        position, values = self._next
        if position != shard.first_row - 1:
            values = islice(self._items(), shard.first_row - 1, None)
        self._next = (-1, iter(()))
        for number, value in enumerate(islice(values, shard.rows), shard.first_row):
            yield self._row_of(value, number)
        self._next = (shard.first_row - 1 + shard.rows, values)

    def _items(self) -> Iterator[object]:
        return list_items(self.path, encoding=self.options.encoding)

    def _row_of(self, value: object, number: int) -> Row:
        origin = f"{self.path}, item {number}"
        if isinstance(value, FaultyItem):
            return Row(number, self.default_id(number), origin, error=value.error)
        return row_of_object(
            value,
            number=number,
            origin=origin,
            options=self.options,
            root=self.image_folder,
            default_id=self.default_id(number),
        )
