"""Files that are read from front to back: records found by their byte, so that any can be first."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from gmf.jobs.inputs.rows import InputFormat, Row, Shard
from gmf.reading.text_files import open_text

#: Longest line in bytes; a longer one is an error row and never held in memory.
MAX_LINE = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file without its end.

    Args:
        position: First byte.
        end: First byte of the next line.
        number: From 1.
        content: Its bytes; the first ``MAX_LINE`` of a longer line.
        is_cut: Whether it is longer.
    """

    position: int
    end: int
    number: int
    content: bytes
    is_cut: bool

    @property
    def ends_with_cr(self) -> bool:
        """Whether CR LF ends it."""
        return not self.is_cut and self.end - self.position == len(self.content) + 2


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file.

    Args:
        position: Byte to begin at in order to read it first.
        line: Its first line, from 1.
        content: What the source makes rows of.
        error: Why there is no content.
    """

    position: int
    line: int
    content: Any = None
    error: str = ""


class ScannedSource(InputFormat):
    """Base of the formats that are scanned: each shard is read from its first byte on."""

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the file; see ``InputFormat``."""
        with self._open() as file:
            records = self.scan(file, position=0, line=1)
            number = 0
            while first := next(records, None):
                rows = 1 + sum(1 for _ in islice(records, size - 1))
                yield Shard(number, number * size + 1, rows, first.position, first.line)
                number += 1

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield the rows of a shard; see ``InputFormat``."""
        with self._open() as file:
            file.seek(shard.position)
            records = self.scan(file, position=shard.position, line=shard.line)
            for number, record in enumerate(islice(records, shard.rows), shard.first_row):
                origin = f"{self.path}:{record.line}"
                if record.error:
                    yield Row(number, self.default_id(number), origin, error=record.error)
                else:
                    yield self.row_of(record, number=number, origin=origin)

    @abstractmethod
    def scan(self, file: BinaryIO, *, position: int, line: int) -> Iterator[Record]:
        """Yield the records of a file that stands at ``position``, where ``line`` begins."""

    @abstractmethod
    def row_of(self, record: Record, *, number: int, origin: str) -> Row:
        """Return the row of a record that has content."""

    def _open(self) -> BinaryIO:
        return open_text(self.path, encoding=self.options.encoding)


def scan_lines(file: BinaryIO, *, position: int, line: int) -> Iterator[Line]:
    """Yield the lines of a file, split at LF only, without CR."""
    while content := file.readline(MAX_LINE + 1):
        end, is_cut = position + len(content), False
        while len(content) > MAX_LINE and not content.endswith(b"\n"):
            is_cut = True
            rest = file.readline(MAX_LINE)
            end += len(rest)
            if not rest or rest.endswith(b"\n"):
                break
        body = content[:MAX_LINE].removesuffix(b"\n").removesuffix(b"\r")
        yield Line(position, end, line, body, is_cut)
        position, line = end, line + 1
