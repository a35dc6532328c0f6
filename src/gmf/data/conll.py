"""CoNLL files: token lines separated by TAB, samples separated by empty lines."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, alias_tag, mend_tags
from gmf.core.types import ImageInput, Sample
from gmf.data.paths import inside
from gmf.data.reader import RawSample, Reader, fail, read_lines

ID_PREFIX = "IMGID:"
DOCUMENT_MARK = "-DOCSTART-"

LineT = TypeVar("LineT")


@dataclass
class Block(Generic[LineT]):
    """The lines of one sample.

    Args:
        first: Its first line, that of its identifier if it has one.
        has_id: Whether that is an ``IMGID:`` line.
        is_separated: False when it follows another block without an empty line.
        lines: Its token lines.
    """

    first: LineT
    has_id: bool
    is_separated: bool
    lines: list[LineT] = field(default_factory=list[LineT])


def is_id_line(text: str) -> bool:
    """Return whether a line is ``IMGID:<id>``; with a TAB it is a token."""
    return text.startswith(ID_PREFIX) and "\t" not in text


def group_lines(
    lines: Iterable[LineT],
    *,
    text_of: Callable[[LineT], str],
    is_empty: Callable[[str], bool] = lambda text: not text,
    max_lines: int | None = None,
) -> Iterator[Block[LineT]]:
    """Yield the blocks of a file.

    A line is empty only when nothing is on it, so that tokens such as U+00A0 or U+FE0F survive. A
    line ``IMGID:<id>`` opens a block even without an empty line before it. A ``-DOCSTART-`` line
    ends a block and belongs to none.

    Args:
        lines: The lines, in whatever form.
        text_of: Returns the text of a line.
        is_empty: Returns whether a line with such a text separates blocks.
        max_lines: Most lines of a block that are kept; ``None`` for all.
    """
    block: Block[LineT] | None = None
    for line in lines:
        text = text_of(line)
        starts, ends = is_id_line(text), is_empty(text) or text.startswith(DOCUMENT_MARK)
        if block and (starts or ends):
            yield block
        if starts:
            block = Block(line, has_id=True, is_separated=block is None)
        elif ends:
            block = None
        else:
            block = block or Block(line, has_id=False, is_separated=True)
            if max_lines is None or len(block.lines) < max_lines:
                block.lines.append(line)
    if block:
        yield block


class ConllReader(Reader):
    """A token and its tag a line, separated by TAB; ``IMGID:<id>`` names ``images/<id>.jpg``."""

    suffixes = (".txt", ".conll")
    names_images = False

    def read(self, path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
        """Return the samples of a file; see ``read_conll``."""
        images = self.image_folder(path.parent)
        return read_conll(path, image_folder=images, aliases={}, on_fault=on_fault)

    def read_raw(
        self, path: Path, *, on_fault: Callable[[DataError], None] = fail
    ) -> list[RawSample]:
        """Return the samples with tags of whatever scheme; see ``read_blocks``."""
        return list(read_blocks(path, on_fault=on_fault))

    def mend(self, lines: Sequence[str], *, counts: Counter[str]) -> list[str]:
        """Return the lines with regular BIO2 tags and an empty line before each ``IMGID:``."""
        mended = list(lines)
        # From the end, so that an inserted line moves none that is still to be repaired.
        for block in reversed(list(_blocks(lines))):
            rows = [(number, line.split("\t")) for number, line in block.lines if "\t" in line]
            tags, repaired = mend_tags([columns[-1] for _, columns in rows])
            counts.update(repaired)
            for (number, columns), tag in zip(rows, tags, strict=True):
                mended[number - 1] = "\t".join([*columns[:-1], tag])
            if not block.is_separated:
                counts["missing-blank-line"] += 1
                mended.insert(block.first[0] - 1, "")
        return mended


def read_conll(
    path: Path,
    *,
    image_folder: Path | None = None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    on_fault: Callable[[DataError], None] = fail,
) -> list[Sample]:
    """Read token lines separated by TAB, the tag in the last column.

    Every odd token is kept (U+00A0, U+FE0F, URLs). A sample without ``IMGID:`` line is named
    ``<file stem>-<position from 1>``. A file of one column is unlabelled. Broken BIO2 is kept.

    Args:
        path: The file.
        image_folder: Where ``<IMGID>.jpg`` lies; a listed file may be absent. ``None``: no images.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        on_fault: Called with each fault; the line or sample is then left out. By default raised.

    Raises:
        DataError: With file and line, if a line breaks the layout or a tag is not BIO2.
    """
    samples: list[Sample] = []
    for position, raw in enumerate(read_blocks(path, on_fault=on_fault), 1):
        try:
            samples.append(
                Sample(
                    id=raw.id or f"{path.stem}-{position}",
                    tokens=raw.tokens,
                    tags=_tags_of(raw, path=path, aliases=aliases),
                    images=_images_of(raw, path, image_folder),
                    origin=f"{path}:{raw.line}",
                )
            )
        except DataError as error:
            on_fault(error)
    return samples


def read_blocks(path: Path, *, on_fault: Callable[[DataError], None] = fail) -> Iterator[RawSample]:
    """Yield the samples of a file as they stand: token in the first column, tag in the last.

    Columns are split at TAB only; a token before a TAB may be empty.

    Args:
        path: The file.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Raises:
        DataError: If a line has another number of columns than the first one, a tag is empty, or a
            sample has no tokens.
    """
    width: int | None = None
    for block in _blocks(read_lines(path)):
        line, head = block.first
        identifier = head.removeprefix(ID_PREFIX) if block.has_id else ""
        rows: list[list[str]] = []
        row_lines: list[int] = []
        for number, text in block.lines:
            columns = text.split("\t")
            fault = _fault_of(columns, width=width)
            if fault:
                on_fault(DataError(fault, path=path, line=number))
                continue
            width = len(columns)
            rows.append(columns)
            row_lines.append(number)
        if rows:
            tokens = tuple(row[0] for row in rows)
            tags = tuple(row[-1] for row in rows) if len(rows[0]) > 1 else None
            yield RawSample(
                identifier,
                line,
                tuple(row_lines),
                tokens,
                tags,
                is_separated=block.is_separated,
            )
        elif not block.lines:
            message = f"tweet {identifier!r} has no tokens; add them or remove the {ID_PREFIX} line"
            on_fault(DataError(message, path=path, line=line, field="IMGID"))


def _blocks(lines: Sequence[str]) -> Iterator[Block[tuple[int, str]]]:
    return group_lines(enumerate(lines, 1), text_of=lambda line: line[1])


def _tags_of(raw: RawSample, *, path: Path, aliases: Mapping[str, str]) -> tuple[str, ...] | None:
    if raw.tags is None:
        return None
    tags: list[str] = []
    for tag, line in zip(raw.tags, raw.lines, strict=True):
        try:
            tags.append(alias_tag(tag, aliases=aliases))
        except ValueError as error:
            raise DataError(str(error), path=path, line=line, field="tag") from error
    return tuple(tags)


def _images_of(raw: RawSample, path: Path, image_folder: Path | None) -> tuple[ImageInput, ...]:
    if not raw.id or image_folder is None:
        return ()
    try:
        return (ImageInput(inside(image_folder, f"{raw.id}.jpg")),)
    except ValueError as error:
        raise DataError(str(error), path=path, line=raw.line, field="IMGID") from error


def _fault_of(columns: Sequence[str], *, width: int | None) -> str:
    shown = "\t".join(columns)[:60]
    if width is not None and len(columns) != width:
        return (
            f"expected {width} columns separated by TAB, as in the lines before, got "
            f"{len(columns)}: {shown!r}; a tweet ends with a wholly empty line"
        )
    if not all(columns[1:]):
        return f"expected a token and its tag, got an empty tag in {shown!r}"
    return ""
