"""Posts as a plain text: one a line, without images."""

from collections.abc import Iterator
from typing import BinaryIO

from gmf.core.errors import GmfError
from gmf.jobs.inputs.rows import Row
from gmf.jobs.inputs.scanned import MAX_LINE, Record, ScannedSource, scan_lines
from gmf.prediction.user_input import sample_of
from gmf.reading.text_files import decode


class TextSource(ScannedSource):
    """One post a line, without images; lines without content are no rows."""

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
            sample = sample_of(decode(record.content), name=name, origin=origin)
        except (ValueError, GmfError) as error:
            return Row(number, name, origin, error=str(error))
        return Row(number, name, origin, sample)
