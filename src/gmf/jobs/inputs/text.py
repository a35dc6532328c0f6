"""Posts as a plain text: one a line, without images."""

from collections.abc import Iterator
from typing import BinaryIO

from gmf.core.errors import GmfError
from gmf.jobs.inputs.rows import Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines
from gmf.prediction.user_input import sample_of
from gmf.reading.conll_lines import is_id_line
from gmf.reading.text_files import decode


class TextSource(ScannedSource):
    """One post a line, without images; lines without content are no rows.

    An ``IMGID:`` line, as CoNLL has above a post, is an error row: its image would be lost.
    """

    note = "read as a plain text, one post a line"

    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the lines that hold something."""
        for read in scan_lines(file, position=position, line=line):
            error = f"the line is longer than {MAX_LINE} bytes" if read.is_cut else ""
            if error or read.content.strip():
                yield Record(read.position, read.number, read.content, error)

    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the post of a line."""
        name = self.default_id(number)
        try:
            text = decode(record.content)
            if is_id_line(text):
                raise ValueError(
                    f"{text!r} names an image, and a plain text has none; give the posts as JSON "
                    "lines or as a table with a column of images, or remove such lines"
                )
            sample = sample_of(text, name=name, origin=origin)
        except (ValueError, GmfError) as error:
            return Row(number, name, origin, error=str(error))
        return Row(number, name, origin, sample)
