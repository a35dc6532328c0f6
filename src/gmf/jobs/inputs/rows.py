"""Rows and shards: what a job reads, and the pieces it is cut into."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from gmf.core.config import Config
from gmf.core.types import Sample

#: Words of one post; a longer one is an error row and no danger to memory.
MAX_WORDS = 20_000

InputFormat = Literal["jsonl", "csv", "parquet", "conll", "folder"]


class InputOptions(Config):
    """How the posts are found in their file.

    Args:
        format: ``None`` tells it by the file's ending.
        text: Column or key of the text.
        images: Columns or keys of images: a path, encoded bytes, or a list of them. ``None`` takes
            ``image`` and ``images`` where they exist.
        id: Column or key of the identifier; rows without one are named ``<file>-<row>``.
        image_root: Folder that image paths are relative to and never leave; that of the input when
            ``None`` (for CoNLL its folder ``images``).
    """

    format: InputFormat | None = None
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


class RowSource(Protocol):
    """Where rows come from."""

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the whole input, ``size`` rows each, the last one shorter.

        Raises:
            ConfigError: If the input lacks a column that was asked for.
            DataError: If the input cannot be read at all.
        """
        ...

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield exactly the rows of a shard; a row that is no post says why."""
        ...
