"""What a format of documents is: traits, reading, writing in shards."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, ClassVar, Protocol

from gmf.core.files import replacing
from gmf.exchange.document import AnnotatedText
from gmf.exchange.offsets import Unit
from gmf.exchange.report import ConversionReport


class Trait(StrEnum):
    """What a format may be able to hold beside texts and entities."""

    IMAGES = "images"
    REGIONS = "regions of images"
    CONTEXT = "fields of the context"
    CONFIDENCES = "confidences"
    OVERLAP = "overlapping entities"
    UNLABELLED = "unlabelled texts"
    SPACING = "exact spacing"
    EDGES = "entities with white space at an edge"
    ANY_TYPE = "types with white space"


class DocumentWriter(Protocol):
    """Writes the documents of one shard."""

    def add(self, document: AnnotatedText) -> None:
        """Write one document.

        Raises:
            ValueError: If the format cannot hold it; nothing of it is then written.
        """
        ...

    def close(self) -> None:
        """Finish the shard."""
        ...


class DocumentFormat:
    """What is common to the formats that documents are read from and written to.

    A format is a ``ReadableFormat``, a ``WritableFormat`` (a ``TextFormat`` if each document is a
    piece of text), or both. It becomes available to ``gmf data convert`` with
    ``@gmf.exchange.formats.document_formats.register(name)`` in a file that is given with
    ``--code``, or as an entry point of the group ``gmf.document_formats`` in an installed package.
    ``gmf.jobs.outputs.exchanged.output_of`` makes an output of ``gmf predict`` of it. The first
    line of its docstring is shown by ``gmf formats list``.

    Attributes:
        suffixes: Endings of its files in lower case, with the dot; the first ends its shards.
        traits: What it can hold; the rest is counted as lost before a document is written.
        is_folder: Whether it is a folder of files, one or more a document.
        unit: What its offsets count when nothing else tells.
        has_annotators: Whether its files name who annotated.
        annotator: Whose annotation is read where a text has several; ``None`` lets it choose.
        annotators: Who annotated, as far as it was read.
        is_text: Whether its files are text, which may be in another encoding than Unicode.
        encoding: Encoding of files that cannot tell, see ``gmf.reading.text_files.open_text``.

    Args:
        offsets: What the offsets of a file count; ``None`` for what the tool writes.
        scheme: Tag scheme of what is written, for formats with tags.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    traits: ClassVar[frozenset[Trait]] = frozenset()
    is_folder: ClassVar[bool] = False
    unit: ClassVar[Unit] = "code-points"
    has_annotators: ClassVar[bool] = False
    annotator: str | None = None
    is_text: ClassVar[bool] = True
    encoding: str | None = None

    def __init__(self, *, offsets: Unit | None = None, scheme: str = "IOB2") -> None:
        self.offsets: Unit | None = offsets
        self.scheme = scheme
        self.annotators: set[str] = set()


class ReadableFormat(DocumentFormat, ABC):
    """Base of the formats that can be read."""

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether a file or folder is of this format.

        Args:
            path: The file or folder.
            head: Its first JSON value (of a list or of lines), else the first 2000 characters.
        """
        return False

    @abstractmethod
    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file or folder, in order.

        Args:
            path: The file or folder.
            report: Counts in ``read`` what the source holds; takes faults, losses and notes.

        Raises:
            DataError: If the file cannot be read at all.
        """


class WritableFormat(DocumentFormat, ABC):
    """Base of the formats that can be written.

    Attributes:
        is_merged_in_memory: Whether ``merge`` holds all documents at once.
    """

    is_merged_in_memory: ClassVar[bool] = False

    @property
    def suffix(self) -> str:
        """Ending of the names of its shards."""
        return self.suffixes[0] if self.suffixes and not self.is_folder else ""

    @abstractmethod
    def open(self, path: Path) -> DocumentWriter:
        """Begin a shard at a path that does not exist yet."""

    @abstractmethod
    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Make the output of all shards, in the order of their names, appear at once.

        Args:
            folder: Finished shards and nothing else.
            target: The output; a format of many files moves the folder there.
            types: Entity types that occur.
        """

    def image_files(self, document: AnnotatedText) -> dict[str, str]:
        """Return the files of a document's images that it names: path there to the source's."""
        if Trait.IMAGES not in self.traits:
            return {}
        crops = [r.crop for image in document.images for r in image.regions if r.crop]
        paths = [image.path for image in document.images]
        paths += crops if Trait.REGIONS in self.traits else []
        return dict(zip(paths, paths, strict=True))

    def image_id(self, document: AnnotatedText) -> str:  # noqa: ARG002
        """Return what of a document names its images, if not their paths do."""
        return ""

    def changes(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:  # noqa: ARG002
        """Yield what it holds otherwise than a document has it: kind and count."""
        yield from ()

    def type_name(self, name: str) -> str:
        """Return a type without the white space that it cannot hold."""
        return name if Trait.ANY_TYPE in self.traits else "_".join(name.split())

    def losses(self, document: AnnotatedText) -> Iterator[tuple[str, int]]:  # noqa: ARG002
        """Yield what it cannot hold of a document beside its traits: kind and count."""
        yield from ()


def shards_in(folder: Path) -> list[Path]:
    """Return the finished shards of a folder, in order; what is half written is hidden."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


class TextFormat(WritableFormat):
    """Base of the formats in which a document is a piece of text."""

    opening: str = ""
    between: str = ""
    closing: str = ""

    @abstractmethod
    def render(self, document: AnnotatedText) -> str:
        """Return a document as text.

        Raises:
            ValueError: If the format cannot hold it.
        """

    def open(self, path: Path) -> DocumentWriter:
        """Begin a shard."""
        return _Rendering(self.render, PieceWriter(path, between=self.between))

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Copy the shards one after the other."""
        join_pieces(folder, target, self.marks)

    @property
    def marks(self) -> tuple[str, str, str]:
        """What opens a file, stands between documents, and closes it."""
        return self.opening, self.between, self.closing


class PieceWriter:
    """Writes pieces of text with something between them.

    Args:
        path: The file.
        between: What separates them.
    """

    def __init__(self, path: Path, *, between: str) -> None:
        self.file = path.open("w", encoding="utf-8", newline="")
        self.between, self.is_first = between, True

    def write(self, text: str) -> None:
        """Write a piece, whole or, if it is no Unicode text, not at all."""
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"render: expected text, got {text!r:.100}")
        text.encode()
        self.file.write(text if self.is_first else self.between + text)
        self.is_first = False

    def close(self) -> None:
        """Finish the file."""
        self.file.close()


class _Rendering:
    def __init__(self, render: Callable[[AnnotatedText], str], pieces: PieceWriter) -> None:
        self.render, self.pieces = render, pieces

    def add(self, document: AnnotatedText) -> None:
        self.pieces.write(self.render(document))

    def close(self) -> None:
        self.pieces.close()


class Joiner:
    """Writes shards of text one after the other.

    Args:
        file: Where they go; it gets what opens the whole at once.
        marks: What opens it, stands between shards, and closes it.
    """

    def __init__(self, file: IO[bytes], marks: tuple[str, str, str]) -> None:
        opening, self.between, self.closing = (mark.encode() for mark in marks)
        self.file, self.is_first = file, True
        file.write(opening)

    def add(self, shard: Path) -> None:
        """Write a shard; an empty one is left out."""
        if not shard.stat().st_size:
            return
        self.file.write(b"" if self.is_first else self.between)
        self.is_first = False
        with shard.open("rb") as part:
            shutil.copyfileobj(part, self.file, 2**20)
        self.file.flush()

    def close(self) -> None:
        """Write what closes the whole."""
        self.file.write(self.closing)
        self.file.flush()


def join_pieces(folder: Path, target: Path, marks: tuple[str, str, str]) -> None:
    """Make one file of a folder of shards of text; see ``Joiner``."""
    with replacing(target) as half, half.open("wb") as file:
        joiner = Joiner(file, marks)
        for shard in shards_in(folder):
            joiner.add(shard)
        joiner.close()
