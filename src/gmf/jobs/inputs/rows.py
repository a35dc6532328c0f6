"""Rows and shards: what a job reads, and the pieces it is cut into."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from gmf.core.config import Config
from gmf.core.types import Sample
from gmf.data.tables import Quoting

#: Words of one post; a longer one is an error row and no danger to memory.
MAX_WORDS = 20_000


class InputOptions(Config):
    """How the posts are found in their file.

    Args:
        format: Name of an input format or reader; ``None`` chooses it by the file's ending.
        encoding: Encoding of a text file that cannot tell it, see ``gmf.data.text_files``.
        delimiter: Separator of a table; ``None`` finds it in the header.
        quoting: Whether the fields of a table may stand in quotes.
        text: Column or key of the text.
        images: Columns or keys of images: a path, encoded bytes, or a list of them. ``None`` takes
            ``image`` and ``images`` where they exist.
        id: Column or key of the identifier; rows without one are named ``<file>-<row>``.
        image_root: Folder that image paths are relative to and never leave; that of the input when
            ``None`` (for CoNLL its folder ``images``).
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quoting: Quoting = "auto"
    text: str = Field(default="text", min_length=1)
    images: tuple[str, ...] | None = Field(default=None, strict=False)
    id: str = Field(default="id", min_length=1)
    image_root: Path | None = Field(default=None, strict=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an input: a post, or why it is none.

    Args:
        number: Position in the input, from 1.
        id: Identifier; may occur more than once.
        origin: ``file:line`` or file, for messages.
        sample: The post.
        error: Reason when there is no post.
    """

    number: int
    id: str
    origin: str
    sample: Sample | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of rows that is predicted and written as one piece.

    Args:
        number: Position among the shards, from 0.
        first_row: Number of its first row, from 1.
        rows: How many rows it has.
        position: Where the source begins to read: a byte, or a row from 0.
        line: Line number at that place, from 1.
    """

    number: int
    first_row: int
    rows: int
    position: int = 0
    line: int = 1


class RowSource:
    """Base of the input formats: where rows come from.

    A format needs ``suffixes`` and ``rows``; one for large inputs also brings its own ``shards``
    and ``read``. ``@gmf.jobs.inputs.open.input_formats.register(name)`` makes it available in a
    file that is given with ``--code``, an entry point of the group ``gmf.input_formats`` in an
    installed package. The first line of its docstring is shown by ``gmf formats list``.

    Attributes:
        suffixes: Endings of its files in lower case, with the dot.
        is_folder: Whether it reads a folder instead of a file.

    Args:
        path: The input.
        options: How the samples are found in it.

    Raises:
        ConfigError: If the input lacks a column that was asked for.
        DataError: If the input cannot be read at all.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    is_folder: ClassVar[bool] = False

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        self.path, self.options = path, options

    def rows(self) -> Iterator[Row]:
        """Yield all rows in order, numbered from 1; a row that is no sample holds its error.

        Every shard reads from the front until it has its rows, unless ``shards`` and ``read`` are
        overridden, which is also the only case in which this need not be.
        """
        raise NotImplementedError

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the whole input, ``size`` rows each, the last one shorter.

        Raises:
            DataError: If the input cannot be read at all.
        """
        yield from shards_of(sum(1 for _ in self.rows()), size)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield exactly the rows of a shard."""
        return islice(self.rows(), shard.first_row - 1, shard.first_row - 1 + shard.rows)

    def files(self) -> Iterator[Path]:
        """Yield the files that the rows are made of."""
        yield self.path

    def default_id(self, number: int) -> str:
        """Return the identifier of a row that has none."""
        return f"{self.path.stem}-{number}"


def shards_of(total: int, size: int) -> Iterator[Shard]:
    """Yield shards whose position is the first row, from 0.

    Args:
        total: Rows of the input.
        size: Rows of a shard.
    """
    for number, start in enumerate(range(0, total, size)):
        yield Shard(number, start + 1, min(size, total - start), start)
