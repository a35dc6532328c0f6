"""Rows and shards: what a job reads, and the pieces it is cut into."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator

from gmf.core.config import Config
from gmf.core.types import Sample
from gmf.reading.compression import compression_of
from gmf.reading.reader import fault_of
from gmf.reading.tables import Quoting

#: Words of one post; a longer one is an error row and no danger to memory.
MAX_WORDS = 20_000


class InputOptions(Config):
    """How the posts are found in their file.

    Args:
        format: Name of an input format or reader; ``None`` chooses it by the file's ending.
        encoding: Encoding of a text file that cannot tell it, see ``gmf.reading.text_files``.
        delimiter: Separator of a table; ``None`` finds it in the header.
        quoting: Whether the fields of a table may stand in quotes.
        text: Column or key of the text.
        images: Columns or keys of images: a path, encoded bytes, or a list of them. ``None`` takes
            ``image`` and ``images`` where they exist.
        context: Columns or keys of texts that are read as context fields of their names, beside
            those of the mapping ``context`` of rows that have one.
        id: Column or key of the identifier; rows without one are named ``<file>-<row>``.
        keep: Columns or keys that go to the output as they are.
        image_root: Folder that image paths are relative to and never leave; that of the input when
            ``None`` (for CoNLL its folder ``images``).
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quoting: Quoting = "auto"
    text: str = Field(default="text", min_length=1)
    images: tuple[str, ...] | None = Field(default=None, strict=False)
    context: tuple[str, ...] = Field(default=(), strict=False)
    id: str = Field(default="id", min_length=1)
    keep: tuple[str, ...] = Field(default=(), strict=False)
    image_root: Path | None = Field(default=None, strict=False)

    @field_validator("context")
    @classmethod
    def _has_each_field_once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        names = [column.rpartition(".")[2] for column in columns]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two columns are the field {twice!r} of the context; name one")
        return columns


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an input: a post, or why it is none.

    Args:
        number: Position in the input, from 1.
        id: Identifier; may occur more than once.
        origin: ``file:line`` or file, for messages.
        sample: The post.
        error: Reason when there is no post.
        columns: The columns that go to the output as they are.
    """

    number: int
    id: str
    origin: str
    sample: Sample | None = None
    error: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of rows that is predicted and written as one piece.

    Args:
        number: Position among the shards, from 0.
        first_row: Number of its first row, from 1.
        rows: How many rows it has.
        position: Where the source begins to read: a byte, or a row from 0.
        line: Line number at that position, from 1.
        file: Which of several files, from 0.
        rows_before: Rows of the files before it.
    """

    number: int
    first_row: int
    rows: int
    position: int = 0
    line: int = 1
    file: int = 0
    rows_before: int = 0


class InputFormat(ABC):
    """Base of the input formats: where rows come from.

    A format needs ``suffixes`` and ``rows``, see ``RowSource``; one for large inputs brings its
    own ``shards`` and ``read`` instead. It becomes available with
    ``@gmf.jobs.inputs.open.input_formats.register(name)`` in a file that is given with ``--code``,
    or as an entry point of the group ``gmf.input_formats`` in an installed package. The first line
    of its docstring is shown by ``gmf formats list``.

    Attributes:
        suffixes: Endings of its files in lower case, with the dot.
        is_folder: Whether it reads a folder instead of a file.
        has_columns: Whether its rows have columns or keys; if not, options that name some are
            refused.
        note: What the user is told of how it is read; empty for nothing.

    Args:
        path: The input.
        options: How the samples are found in it.

    Raises:
        ConfigError: If the input lacks a column that was asked for.
        DataError: If the input cannot be read at all.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    is_folder: ClassVar[bool] = False
    has_columns: ClassVar[bool] = False
    note: str = ""

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        self.path, self.options = path, options

    @classmethod
    def true_format(cls, path: Path, options: InputOptions) -> str | None:  # noqa: ARG003
        """Return the format that the content of a file shows, where its ending says this one.

        Args:
            path: The file.
            options: How its content is read, where it cannot tell.
        """
        return None

    @abstractmethod
    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the whole input, ``size`` rows each, the last one shorter.

        Raises:
            DataError: If the input cannot be read at all.
        """

    @abstractmethod
    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield exactly the rows of a shard; a row that is no sample holds its error."""

    def files(self) -> Iterator[Path]:
        """Yield the files that the rows are made of."""
        yield self.path

    def side_files(self) -> list[Path]:
        """Return files beside the input that the format takes something from, such as boxes."""
        return []

    @property
    def image_folder(self) -> Path:
        """Folder that names of images are relative to, those in ``context.jsonl`` too."""
        return self.options.image_root or self.path.parent

    def column_types(self) -> dict[str, Any]:
        """Return the Arrow type of each kept column; none when the format has no types."""
        return {}

    def default_id(self, number: int) -> str:
        """Return the identifier of a row that has none."""
        name = self.path.stem if compression_of(self.path) else self.path.name
        return f"{name.rpartition('.')[0] or name}-{number}"


class RowSource(InputFormat):
    """Base of the input formats of which every shard is read from the front."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Yield all rows in order, numbered from 1; a row that is no sample holds its error."""

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the whole input; see ``InputFormat``."""
        yield from shards_of(sum(1 for _ in self.rows()), size)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield exactly the rows of a shard."""
        return islice(self.rows(), shard.first_row - 1, shard.first_row - 1 + shard.rows)


def fault_of_row(row: object, number: int) -> str:
    """Return what makes a value no row; empty if it is one.

    Args:
        row: What came.
        number: The number that it is to have.
    """
    if not isinstance(row, Row):
        return f"rows: expected a Row, got {row!r:.100}"
    given: Any = row
    if given.number != number:
        return f"rows: expected number {number} (from 1, one after the other), got {row.number!r}"
    for name in ("id", "origin", "error"):
        if not isinstance(value := getattr(row, name), str):
            return f"rows: row {number}: {name}: expected text, got {value!r:.100}"
    if not isinstance(given.columns, Mapping):
        return f"rows: row {number}: columns: expected a mapping, got {row.columns!r:.100}"
    if (row.sample is None) == (not row.error):
        return f"rows: row {number}: expected either a sample or an error, got {row!r:.200}"
    fault = "" if row.sample is None else fault_of(row.sample)
    return f"rows: row {number}: {fault}" if fault else ""


def no_inputs(names: Sequence[str]) -> str:
    """Return what is told of files of an input folder that are not read; empty for none."""
    if not names:
        return ""
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{len(names)} files of the folder are no inputs and are not read: {shown}"


def shards_of(total: int, size: int) -> Iterator[Shard]:
    """Yield shards whose position is the first row, from 0.

    Args:
        total: Rows of the input.
        size: Rows of a shard.
    """
    for number, start in enumerate(range(0, total, size)):
        yield Shard(number, start + 1, min(size, total - start), start)
