"""What an output format can do: write a shard, and make one output of all shards."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from gmf.exchange.base import PieceWriter, join_pieces
from gmf.jobs.inputs.rows import Row
from gmf.prediction.documents import Document


class ShardWriter(Protocol):
    """Writes the documents of one shard."""

    def add(self, row: Row, document: Document) -> None:
        """Write one document.

        Raises:
            ValueError: If the format cannot hold it; nothing of it is then written.
        """
        ...

    def close(self) -> None:
        """Finish the shard."""
        ...


class OutputFormat(ABC):
    """Base of the output formats.

    A format of text needs ``suffixes`` and ``render``, see ``LineFormat``. It becomes available
    with ``@gmf.jobs.outputs.open.output_formats.register(name)`` in a file that is given with
    ``--code``, or as an entry point of the group ``gmf.output_formats`` in an installed package.
    The first line of its docstring is shown by ``gmf formats list``.

    Attributes:
        suffixes: Endings of outputs that choose the format, in lower case, with the dot; the first
            one ends the names of its shards. None if it must be named.

        keeps_columns: Whether it can hold columns of the input, ``Row.columns``.
        columns: Their names, and their Arrow types where the input has types.

    Raises:
        ConfigError: If an optional package is missing.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    keeps_columns: ClassVar[bool] = False
    columns: Mapping[str, Any] = MappingProxyType({})

    @property
    def is_file(self) -> bool:
        """Whether the output is a file, which may be compressed, not a folder."""
        return True

    @property
    def suffix(self) -> str:
        """Ending of the names of its shards."""
        return self.suffixes[0] if self.suffixes else ""

    @property
    def marks(self) -> tuple[str, str, str] | None:
        """What opens the output, stands between its shards, and closes it; ``None`` if no text."""
        return None

    def check(self, columns: Mapping[str, Any]) -> None:  # noqa: B027 -- most have no types
        """Refuse kept columns whose types the format cannot hold.

        Args:
            columns: Their names, and their Arrow types where the input has types.

        Raises:
            ConfigError: Names the column and its type.
        """

    def fitted(self, columns: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return kept columns as the format can hold them, and a note on each that changed."""
        return columns, ()

    @abstractmethod
    def open(self, path: Path) -> ShardWriter:
        """Begin a shard at a path that does not exist yet."""

    @abstractmethod
    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Make the output of all shards, in the order of their names, appear at once.

        Args:
            folder: Finished shards and nothing else.
            target: The output; a format of many files moves the folder there.
            types: Entity types that occur.
        """


class LineFormat(OutputFormat):
    """Base of the formats in which a document is a piece of text."""

    between: str = ""
    closing: str = ""

    @property
    def opening(self) -> str:
        """What stands before the first document."""
        return ""

    @property
    def marks(self) -> tuple[str, str, str]:
        """What opens the output, stands between its shards, and closes it."""
        return self.opening, self.between, self.closing

    @abstractmethod
    def render(self, row: Row, document: Document) -> str:
        """Return a document as text.

        Raises:
            ValueError: If the format cannot hold it.
        """

    def open(self, path: Path) -> ShardWriter:
        """Begin a shard."""
        return _LineWriter(self.render, PieceWriter(path, between=self.between))

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Copy the shards one after the other."""
        join_pieces(folder, target, self.marks)


class _LineWriter:
    def __init__(self, render: Callable[[Row, Document], str], pieces: PieceWriter) -> None:
        self.render, self.pieces = render, pieces

    def add(self, row: Row, document: Document) -> None:
        self.pieces.write(self.render(row, document))

    def close(self) -> None:
        self.pieces.close()
