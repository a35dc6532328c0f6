"""Posts as CoNLL columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gmf.core.types import ImageInput, Sample
from gmf.data.conll import DOCUMENT_MARK, ID_PREFIX
from gmf.data.jsonl import read_regions
from gmf.jobs.inputs.fields import safe_path
from gmf.jobs.inputs.rows import MAX_WORDS, InputOptions, Row
from gmf.jobs.inputs.scanned import (
    MAX_LINE,
    Line,
    Record,
    ScannedSource,
    decode,
    scan_lines,
)


class ConllSource(ScannedSource):
    """Words in the first column, split at TAB, tweets parted by empty lines; tags are not read.

    Tweets are told apart as in training (``gmf.data.conll``). The image of ``IMGID:33`` is
    ``33.jpg`` in the image folder when there is such a folder; object boxes come from
    ``regions.jsonl`` beside the file.

    Args:
        path: The file.
        options: Only ``image_root`` is used.

    Raises:
        DataError: If a line of ``regions.jsonl`` is wrong.
    """

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path)
        folder = options.image_root or path.parent / "images"
        self.root = folder if folder.is_dir() else None
        regions = path.parent / "regions.jsonl"
        self.regions = read_regions(regions) if self.root and regions.is_file() else {}

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the blocks of lines."""
        block: list[Line] = []
        for found in scan_lines(file, position=position, line=line):
            starts = _is_id(found.content)
            if block and (starts or found.content == b""):
                yield Record(block[0].position, block[0].number, block)
                block = []
            is_mark = found.content.startswith(DOCUMENT_MARK.encode())
            if found.content and not is_mark and len(block) <= MAX_WORDS:
                block.append(found)
        if block:
            yield Record(block[0].position, block[0].number, block)

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the tweet of a block."""
        block: list[Line] = record.content
        name = self.default_id(number)
        try:
            if len(block) > MAX_WORDS:
                raise ValueError(f"more than {MAX_WORDS} lines without an empty line")
            if any(line.is_cut for line in block):
                raise ValueError(f"a line is longer than {MAX_LINE} bytes")
            has_id = _is_id(block[0].content)
            if has_id:
                name = decode(block[0].content).removeprefix(ID_PREFIX)
            tokens = tuple(decode(line.content).split("\t")[0] for line in block[has_id:])
            if not tokens:
                raise ValueError(f"tweet {name!r} has no tokens")
            images = ()
            if has_id and self.root:
                path = safe_path(self.root, f"{name}.jpg")
                images = (ImageInput(path, self.regions.get(path.name, ())),)
        except ValueError as error:
            return Row(number, name, origin, error=str(error))
        return Row(number, name, origin, Sample(name, tokens, None, images, origin=origin))


def _is_id(content: bytes) -> bool:
    return content.startswith(ID_PREFIX.encode()) and b"\t" not in content
