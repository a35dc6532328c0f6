"""What a reader of data sets is, and what all of them share."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn, cast

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Sample
from gmf.reading.image_folders import image_folder_of
from gmf.reading.text_files import BYTE_ORDER_MARK, read_lines

__all__ = [
    "BYTE_ORDER_MARK",
    "DEFAULTS",
    "RawSample",
    "ReadOptions",
    "Reader",
    "fail",
    "read_lines",
]


@dataclass(frozen=True, slots=True)
class RawSample:
    """A sample as the file has it, for checks of the file.

    Args:
        id: Identifier; empty when the file gives none.
        line: Number of its first line, from 1.
        lines: Line number of each token.
        tokens: Words.
        tags: Tags as written, of whatever scheme; ``None`` when unlabelled.
        images: Images that the file names itself, see ``Reader.names_images``.
        is_separated: False when the sample follows another one without what should separate them.
    """

    id: str
    line: int
    lines: tuple[int, ...]
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    images: tuple[ImageInput, ...] = ()
    is_separated: bool = True


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the files of a data set are read, where they cannot tell.

    Args:
        encoding: Encoding of text that is not Unicode, for example ``cp1252``.
        images: Folder of the images; ``None`` looks in the usual places.
        context: File of contexts; ``None`` takes ``context.jsonl`` beside the data if it is there.
    """

    encoding: str | None = None
    images: Path | None = None
    context: Path | None = None


#: Nothing stated.
DEFAULTS = ReadOptions()


def fail(error: DataError) -> NoReturn:
    """Raise the fault: the default when faults are not collected."""
    raise error


class Reader(ABC):
    """Base of the readers: one file of a data set to samples.

    A reader needs ``suffixes`` and ``read``. It becomes available to every command with
    ``@gmf.reading.readers.readers.register(name)`` in a file that is given with ``--code``, or as
    an entry point of the group ``gmf.readers`` in an installed package. The first line of its
    docstring is shown by ``gmf formats list``.

    Attributes:
        options: What the user states; ``read_lines`` takes ``options.encoding``.
        suffixes: Endings of its files in lower case, with the dot.
        names_images: Whether its files name image files, relative to their folder. Otherwise the
            image of a sample is ``images/<id>.jpg`` in that folder, or with another ending.
        notes: What ``read`` took otherwise than the file has it, for the user to know.
        is_text: Whether its files are lines of text; then the doctor looks at their ends.
    """

    options: ReadOptions = DEFAULTS
    notes: tuple[str, ...] = ()

    suffixes: ClassVar[tuple[str, ...]]
    names_images: ClassVar[bool] = True
    is_text: ClassVar[bool] = True

    @abstractmethod
    def read(self, path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
        """Return the samples of a file in order.

        Each has its ``origin``, ``file:line`` with lines from 1, and tags of any known scheme with
        the types of the file. Images need no regions; those of ``regions.jsonl`` are added to
        images without.

        Args:
            path: The file.
            on_fault: Called with each fault; what it concerns is then left out. By default the
                fault is raised.

        Raises:
            DataError: With file and line, if something breaks the format.
        """

    def read_raw(
        self, path: Path, *, on_fault: Callable[[DataError], None] = fail
    ) -> list[RawSample]:
        """Return the samples as the file has them; by default from ``read``.

        Raises:
            DataError: As ``read`` does.
        """
        return [_raw_of(sample, path) for sample in self.read(path, on_fault=on_fault)]

    def mend(self, lines: Sequence[str], *, counts: Counter[str]) -> list[str]:  # noqa: ARG002
        """Return the lines of a file with what needs no judgement repaired; by default as they are.

        Args:
            lines: The lines without their ends.
            counts: What is repaired is counted here, by kind of finding.
        """
        return list(lines)

    def image_folder(self, folder: Path) -> Path:
        """Return the folder that image names are relative to.

        Args:
            folder: Folder of the data set.
        """
        if self.options.images is not None:
            return self.options.images
        return folder if self.names_images else image_folder_of(folder)


def _raw_of(sample: Sample, path: Path) -> RawSample:
    number = sample.origin.rpartition(":")[2]
    line = int(number) if number.isdecimal() else 1
    # A sample without identifier is named by its position; that means nothing in other files.
    identifier = "" if sample.id == f"{path.stem}-{line}" else sample.id
    lines = (line,) * len(sample.tokens)
    return RawSample(identifier, line, lines, sample.tokens, sample.tags, sample.images)


def fault_of(sample: object) -> str:
    """Return what makes a value no sample; empty if it is one."""
    if not isinstance(sample, Sample):
        return f"expected a Sample, got {sample!r:.60}"
    given: Any = sample
    if not isinstance(given.id, str):
        return f"id: expected text, got {given.id!r:.60}"
    if not isinstance(given.tokens, tuple) or not all(
        isinstance(token, str) and token for token in given.tokens
    ):
        return f"tokens: expected a tuple of words, none empty, got {given.tokens!r:.60}"
    if given.tags is not None and not (
        isinstance(given.tags, tuple)
        and len(given.tags) == len(given.tokens)
        and all(isinstance(tag, str) for tag in given.tags)
    ):
        return f"tags: expected None or a tuple of {len(given.tokens)} tags, got {given.tags!r:.60}"
    if not isinstance(given.images, tuple) or not all(
        isinstance(image, ImageInput) and isinstance(cast(object, image.source), Path | bytes)
        for image in cast(tuple[Any, ...], given.images)
    ):
        return (
            f"images: expected a tuple of ImageInput of a Path or bytes, got {given.images!r:.90}"
        )
    return _fault_of_text(given.text, given.offsets, tokens=sample.tokens)


def _fault_of_text(text: Any, offsets: Any, *, tokens: Sequence[str]) -> str:
    """Return what is wrong with the text of a sample, and with where its words are."""
    if not isinstance(text, str | None):
        return f"text: expected None or text, got {text!r:.60}"
    if text is None or offsets is None:
        return ""
    if not isinstance(offsets, tuple) or len(cast(tuple[Any, ...], offsets)) != len(tokens):
        return f"offsets: expected None or a tuple of {len(tokens)} pairs, got {offsets!r:.60}"
    for token, pair in zip(tokens, cast(tuple[Any, ...], offsets), strict=True):
        match pair:
            case (int() as start, int() as end) if 0 <= start <= end <= len(text):
                if text[start:end] != token and token in _beside(text, start, end):
                    return (
                        f"offsets {pair} hold {text[start:end]!r:.60}, one character off the word "
                        f"{token!r:.60}: they count from 0, and the end is one past the last"
                    )
            case _:
                return f"offsets: expected (start, end) inside the text, got {pair!r:.60}"
    return ""


def _beside(text: str, start: int, end: int) -> set[str]:
    """Return what lies where one or both ends of a piece of a text are moved by a character."""
    starts = range(max(start - 1, 0), start + 2)
    return {text[first:last] for first in starts for last in range(end - 1, end + 2)}
