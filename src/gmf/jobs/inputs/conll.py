"""Posts as CoNLL columns."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Sample
from gmf.data.images import RefusedImage
from gmf.jobs.inputs.fields import image_at
from gmf.jobs.inputs.rows import MAX_WORDS, InputOptions, Row
from gmf.jobs.inputs.scanned import (
    MAX_LINE,
    Line,
    Record,
    ScannedSource,
    scan_lines,
)
from gmf.reading.conll_lines import (
    HEAD_LINES,
    Block,
    Columns,
    PlainTextError,
    columns_of,
    group_lines,
    id_of_line,
)
from gmf.reading.image_folders import ImageFolder, image_folder_of
from gmf.reading.json_rows import is_json
from gmf.reading.regions_file import REGIONS_FILE, read_regions
from gmf.reading.text_files import decode, open_text

_COUNTED = "the first column counts the words; they are read from the second"
#: Note on lines of one word each without tags, and without an empty line between them.
_ONE_POST = "read as one post, a word a line; if each line is a post, {}add --input-format {}"
_NAMES = "put a line with the names of the columns above it, text among them, and "


class ConllSource(ScannedSource):
    """Words in the first column, samples separated by empty lines; tags are not read.

    Lines are grouped as in training (``gmf.reading.conll``). The image of ``IMGID:33`` is
    ``33.jpg`` in the image folder when there is such a folder; object boxes come from
    ``regions.jsonl`` beside the file.

    Args:
        path: The file.
        options: Only ``image_root`` is used.

    Raises:
        DataError: If a line of ``regions.jsonl`` is wrong.
    """

    suffixes = (".conll", ".txt")

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        folder = options.image_root or image_folder_of(path.parent)
        self.root = folder if folder.is_dir() else None
        self.images = ImageFolder(folder, split=path.stem)
        regions = path.parent / REGIONS_FILE
        self._regions_file = regions if self.root and regions.is_file() else None
        self.regions = read_regions(regions) if self._regions_file else {}
        self.columns = _columns_in(path, options)
        #: Comments of the whole file, and whether it is one post without identifier.
        self._seen: tuple[int, bool] | None = None

    @property
    def note(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What is read otherwise than the file has it, or left out; known by its shards."""
        if self._seen is None:
            deque(self.shards(1), maxlen=0)
        comments, is_one_post = self._seen or (0, False)
        counted = _COUNTED if self.columns.word else ""
        one_post = _ONE_POST.format(*(("", "text") if self.columns.width == 1 else (_NAMES, "csv")))
        notes = (
            counted,
            f"{comments} {self.columns.no_words}" if comments else "",
            one_post if is_one_post and not (counted or self.columns.has_tags) else "",
        )
        return "; ".join(filter(None, notes))

    def side_files(self) -> list[Path]:
        """Return the file of regions."""
        return [*filter(None, [self._regions_file])]

    @property
    def image_folder(self) -> Path:
        """Folder that names of images are relative to."""
        return self.images.path

    @classmethod
    def true_format(cls, path: Path, options: InputOptions) -> str | None:
        """Return JSON lines for the files of MNER-MI, and plain text for one post a line."""
        if is_json(path):
            return "jsonl"
        try:
            _columns_in(path, options)
        except PlainTextError:
            return "text" if ".txt" in path.name.lower() else None
        except DataError:
            pass
        return None

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the blocks of lines."""
        lines = scan_lines(file, position=position, line=line)
        comments, posts, has_id = 0, 0, False
        # One line more than allowed is kept, so that the block can be seen to be too long.
        for block in group_lines(
            lines, text_of=_text_of, columns=self.columns, max_lines=MAX_WORDS + 1
        ):
            comments, posts = comments + block.comments, posts + 1
            has_id = has_id or block.has_id
            yield Record(block.first.position, block.first.number, block)
        if position == 0:
            self._seen = comments, posts == 1 and not has_id

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the sample of a block."""
        block: Block[Line] = record.content
        name = self.default_id(number)
        try:
            if len(block.lines) > MAX_WORDS:
                raise ValueError(f"more than {MAX_WORDS} lines without an empty line")
            if any(line.is_cut for line in (block.first, *block.lines)):
                raise ValueError(f"a line is longer than {MAX_LINE} bytes")
            if block.has_id:
                name = id_of_line(decode(block.first.content)) or name
            rows = [self.columns.split(decode(line.content)) for line in block.lines]
            if not rows:
                raise ValueError(f"post {name!r} has no tokens")
            for line, row in zip(block.lines, rows, strict=True):
                if fault := self.columns.fault_of(row):
                    raise ValueError(f"line {line.number}: {fault}")
            tokens = tuple(row[self.columns.word] for row in rows)
        except ValueError as error:
            return Row(number, name, origin, error=str(error))
        images = self._images_of(name) if block.has_id else ()
        return Row(number, name, origin, Sample(name, tokens, None, images, origin=origin))

    def _images_of(self, name: str) -> tuple[ImageInput, ...]:
        """Return the images of a post; one outside of their folder becomes a note."""
        if self.root is None:
            return ()
        try:
            paths = self.images.images_of(name)
        except ValueError as error:
            return (ImageInput(RefusedImage(name, str(error))),)
        images = [image_at(self.root, str(path.relative_to(self.root))) for path in paths]
        return tuple(
            image
            if isinstance(image.source, RefusedImage)
            else replace(image, regions=self.regions.get(path.name, ()))
            for path, image in zip(paths, images, strict=True)
        )


def _columns_in(path: Path, options: InputOptions) -> Columns:
    with open_text(path, encoding=options.encoding) as file:
        head = islice(scan_lines(file, position=0, line=1), HEAD_LINES)
        return columns_of(map(_text_of, head), path=path)


def _text_of(line: Line) -> str:
    return line.content.decode(errors="replace")
