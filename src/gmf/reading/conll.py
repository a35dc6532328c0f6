"""CoNLL files: a token and its tag a line, samples separated by empty lines."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.tags import TYPE_ALIASES, alias_tag, mend_tags
from gmf.core.types import ImageInput, Sample
from gmf.reading.conll_lines import (
    DOCUMENT_MARK,
    HEAD_LINES,
    ID_PREFIX,
    Block,
    Columns,
    columns_of,
    group_lines,
    id_of_line,
)
from gmf.reading.foreign_columns import note_on_tags
from gmf.reading.image_folders import ImageFolder
from gmf.reading.reader import RawSample, Reader, fail
from gmf.reading.tag_schemes import foreign_tag, read_tags, what_is_expected
from gmf.reading.text_files import read_lines


class ConllReader(Reader):
    """A token and its tag a line, by TAB or blanks; ``IMGID:<id>`` names ``images/<id>.jpg``."""

    suffixes = (".txt", ".conll")
    names_images = False

    def read(self, path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
        """Return the samples of a file; see ``read_conll``."""
        notes: list[str] = []
        samples = read_conll(
            path,
            image_folder=self.image_folder(path.parent),
            aliases={},
            encoding=self.options.encoding,
            on_fault=on_fault,
            on_note=notes.append,
        )
        self.notes = tuple(notes)
        return samples

    def read_raw(
        self, path: Path, *, on_fault: Callable[[DataError], None] = fail
    ) -> list[RawSample]:
        """Return the samples with tags of whatever scheme; see ``read_blocks``."""
        return list(read_blocks(path, encoding=self.options.encoding, on_fault=on_fault))

    def mend(self, lines: Sequence[str], *, counts: Counter[str]) -> list[str]:
        """Return the lines with regular BIO2 tags and an empty line before each ``IMGID:``."""
        mended = list(lines)
        columns = columns_of(lines, path=None)
        blocks = list(_blocks(lines, columns))
        rows = [
            [(n, parts) for n, line in block.lines if len(parts := columns.split(line)) > 1]
            for block in blocks
        ]
        written = [[parts[-1] for _, parts in row] for row in rows]
        read = read_tags(written).tags
        # From the end, so that an inserted line moves none that is still to be repaired.
        for block, row, old, new in reversed(list(zip(blocks, rows, written, read, strict=True))):
            counts["tag-scheme"] += sum(a != b for a, b in zip(old, new or (), strict=True))
            tags, repaired = mend_tags(new or ())
            counts.update(repaired)
            for (number, parts), tag in zip(row, tags, strict=True):
                mended[number - 1] = columns.separator.join([*parts[:-1], tag])
            if not block.is_separated:
                counts["missing-blank-line"] += 1
                mended.insert(block.first[0] - 1, "")
        return mended


def read_conll(
    path: Path,
    *,
    image_folder: Path | None = None,
    aliases: Mapping[str, str] = TYPE_ALIASES,
    encoding: str | None = None,
    on_fault: Callable[[DataError], None] = fail,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[Sample]:
    """Read token lines, the tag in the last column, of whatever scheme the file has.

    Every odd token is kept (U+00A0, U+FE0F, URLs). A sample without ``IMGID:`` line is named
    ``<file stem>-<position from 1>``. A file of one column is unlabelled. Broken BIO2 is kept.

    Args:
        path: The file.
        image_folder: Where ``<IMGID>.jpg`` lies, or the same with another ending; a listed file may
            be absent. ``None``: no images.
        aliases: Entity types to rename; by default ``OTHER`` is read as ``MISC``.
        encoding: Of the file, if it cannot tell.
        on_fault: Called with each fault; the line or sample is then left out. By default raised.
        on_note: Called with what is read otherwise than the file has it.

    Raises:
        DataError: With file and line, if a line breaks the layout or a tag is of no scheme.
    """

    def tell(kind: str, count: int) -> None:
        on_note(f"{count} {kind}" if count else kind)

    raws = list(read_blocks(path, encoding=encoding, on_fault=on_fault, on_note=tell))
    read = read_tags([raw.tags for raw in raws])
    for note in read.notes:
        on_note(note)
    ids = {raw.id for raw in raws}
    folder = image_folder and ImageFolder(image_folder, split=path.stem, ids=ids)
    samples: list[Sample] = []
    for position, (raw, tags) in enumerate(zip(raws, read.tags, strict=True), 1):
        try:
            samples.append(
                Sample(
                    id=raw.id or f"{path.stem}-{position}",
                    tokens=raw.tokens,
                    tags=_checked(tags, raw, path=path, aliases=aliases),
                    images=_images_of(raw, path, folder),
                    origin=f"{path}:{raw.line}",
                )
            )
        except DataError as error:
            on_fault(error)
    return samples


def read_blocks(
    path: Path,
    *,
    encoding: str | None = None,
    on_fault: Callable[[DataError], None] = fail,
    on_note: Callable[[str, int], None] = lambda *_: None,
) -> Iterator[RawSample]:
    """Yield the samples of a file as they stand: token in the first column, tag in the last.

    A token before a TAB may be empty.

    Args:
        path: The file.
        encoding: Of the file, if it cannot tell.
        on_fault: Called with each fault; the line is then left out. By default it is raised.
        on_note: Called with what is left out on purpose, and how many lines of it; 0 where it is
            no lines.

    Raises:
        DataError: If the file is a plain text, a line has another number of columns than most,
            a tag is empty, or a sample has no tokens.
    """
    lines = read_lines(path, encoding=encoding)
    columns = columns_of(lines, path=path)
    comments = 0
    for block in _blocks(lines, columns):
        comments += block.comments
        line, head = block.first
        identifier = id_of_line(head) if block.has_id else ""
        rows: list[list[str]] = []
        row_lines: list[int] = []
        for number, text in block.lines:
            row = columns.split(text)
            if fault := columns.fault_of(row):
                on_fault(DataError(fault, path=path, line=number))
                continue
            rows.append(row)
            row_lines.append(number)
        if rows:
            tokens = tuple(row[columns.word] for row in rows)
            is_tagged = len(rows[0]) > columns.word + 1
            tags = tuple(row[-1] for row in rows) if is_tagged else None
            yield RawSample(
                identifier,
                line,
                tuple(row_lines),
                tokens,
                tags,
                is_separated=block.is_separated,
            )
        elif not block.lines:
            message = f"post {identifier!r} has no tokens; add them or remove the {ID_PREFIX} line"
            on_fault(DataError(message, path=path, line=line, field="IMGID"))
    if comments:
        on_note(columns.no_words, comments)
    for note in _notes(lines, columns):
        on_note(note, 0)


def _notes(lines: Sequence[str], columns: Columns) -> Iterator[str]:
    """Yield which columns are not read."""
    head = [columns.split(t) for t in lines[:HEAD_LINES] if not t.startswith(DOCUMENT_MARK)]
    if note := note_on_tags(head, word=columns.word, width=columns.width):
        yield note
    if columns.word:
        yield "the first column counts the words; they are read from the second"


def _blocks(lines: Sequence[str], columns: Columns) -> Iterator[Block[tuple[int, str]]]:
    return group_lines(enumerate(lines, 1), text_of=lambda line: line[1], columns=columns)


def _checked(
    tags: Sequence[str] | None, raw: RawSample, *, path: Path, aliases: Mapping[str, str]
) -> tuple[str, ...] | None:
    if tags is None:
        return None
    foreign = foreign_tag(tags)
    if foreign is not None:
        message = f"tag {tags[foreign]!r}: {what_is_expected(tags[foreign])}"
        raise DataError(message, path=path, line=raw.lines[foreign], field="tag")
    return tuple(alias_tag(tag, aliases=aliases) for tag in tags)


def _images_of(raw: RawSample, path: Path, folder: ImageFolder | None) -> tuple[ImageInput, ...]:
    if not raw.id or folder is None:
        return ()
    try:
        return tuple(map(ImageInput, folder.images_of(raw.id)))
    except ValueError as error:
        raise DataError(str(error), path=path, line=raw.line, field="IMGID") from error
