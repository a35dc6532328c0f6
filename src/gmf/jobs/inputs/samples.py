"""The samples of a data set's file as an input, by whatever reader it has."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gmf.core.errors import DataError
from gmf.jobs.inputs.rows import InputOptions, Row, RowSource
from gmf.reading.reader import Reader


class SamplesSource(RowSource):
    """The samples of a file, in order; tags are not read, and what is faulty is an error row.

    Args:
        path: The file.
        options: Not used.
        reader: Reads the file.
    """

    def __init__(self, path: Path, *, options: InputOptions, reader: Reader) -> None:
        super().__init__(path, options=options)
        self.reader = reader

    @property
    def image_folder(self) -> Path:
        """Folder that names of images are relative to."""
        return self.reader.image_folder(self.path.parent)

    def rows(self) -> Iterator[Row]:
        """Yield a row for each sample and each fault, in the order of their lines."""
        faults: list[DataError] = []
        samples = self.reader.read(self.path, on_fault=faults.append)
        rows = [Row(0, s.id, s.origin, replace(s, tags=None)) for s in samples]
        rows += [Row(0, "", f"{self.path}:{f.line or 0}", error=str(f)) for f in faults]
        rows.sort(key=lambda row: _line_of(row.origin))
        for number, row in enumerate(rows, 1):
            yield replace(row, number=number, id=row.id or self.default_id(number))


def _line_of(origin: str) -> int:
    number = origin.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0
