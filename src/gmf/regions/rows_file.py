"""A file of lines of JSON, one an image: appended as they are made, sorted at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from pydantic import ValidationError

from gmf.core.errors import DataError
from gmf.core.files import write_text


class ImageRow(Protocol):
    """A line: what was made of an image, and by what."""

    source: str

    @property
    def image(self) -> str | None:
        """Name of the image."""
        ...

    @property
    def digest(self) -> str | None:
        """sha256 of the image file."""
        ...

    @classmethod
    def model_validate_json(cls, json_data: bytes) -> Self:
        """Return a line that was read."""
        ...

    def model_dump_json(self, *, exclude_defaults: bool) -> str:
        """Return the line."""
        ...


Row = TypeVar("Row", bound=ImageRow)


@dataclass
class RowsFile(Generic[Row]):
    """The lines of one source in an output folder.

    Args:
        path: The finished file.
        source: What makes the lines.
        kind: Class of a line.
        what: What lines are of, for messages.
    """

    path: Path
    source: str
    kind: type[Row]
    what: str
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    others: list[Row] = field(default_factory=list[Row])
    unfinished: list[Row] = field(default_factory=list[Row])

    @property
    def partial(self) -> Path:
        """The file of an unfinished job."""
        return self.path.with_name(f"{self.path.name}.partial")

    def stays(self, row: Row) -> bool:  # noqa: ARG002
        """Return whether a line of another source stays beside ours."""
        return False

    def left_of(self, row: Row) -> Row | None:  # noqa: ARG002
        """Return what of a line of another source stays when ours are to replace it."""
        return None

    def load(self, *, overwrite: bool) -> None:
        """Read what is there: finished lines, then those of jobs that were cut short.

        Args:
            overwrite: Replace lines of other sources instead of refusing.

        Raises:
            DataError: If the finished file is damaged or holds lines of another source.
        """
        for number, row in enumerate(self._read(self.path), 1):
            if row is None:
                message = f"not a line of {self.what}; delete the file or choose another --out"
                raise DataError(message, path=self.path, line=number)
            if row.source == self.source:
                self.rows[str(row.image)] = row
            elif self.stays(row):
                self.others.append(row)
            elif overwrite:
                self.others += filter(None, [self.left_of(row)])
            else:
                raise DataError(
                    f"holds {self.what} of {row.source or 'an unnamed source'}, these would be of "
                    f"{self.source}; choose another --out, or give --overwrite",
                    path=self.path,
                    line=number,
                )
        rows = list(filter(None, self._read(self.partial)))
        self.rows |= {str(row.image): row for row in rows if row.source == self.source}
        self.unfinished = [row for row in rows if row.source != self.source]
        if self.partial.exists():
            # Rewritten, so that a torn last line does not swallow the next one.
            _write(self.partial, rows)

    def append(self, rows: Sequence[Row]) -> None:
        """Keep lines now, so that a killed job does not lose them."""
        with self.partial.open("a", encoding="utf-8") as file:
            file.writelines(_line_of(row) for row in rows)
        self.rows |= {str(row.image): row for row in rows}

    def finish(self) -> None:
        """Write all lines, sorted by image name, in one step; others' unfinished work stays."""
        _write(self.path, [*self.others, *(self.rows[name] for name in sorted(self.rows))])
        if self.unfinished:
            _write(self.partial, self.unfinished)
        else:
            self.partial.unlink(missing_ok=True)

    def _read(self, path: Path) -> Iterator[Row | None]:
        """Yield the lines of a file, ``None`` for one that is not whole."""
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                try:
                    yield self.kind.model_validate_json(line)
                except ValidationError:
                    yield None


def _write(path: Path, rows: Sequence[ImageRow]) -> None:
    write_text(path, "".join(map(_line_of, rows)))


def _line_of(row: ImageRow) -> str:
    return row.model_dump_json(exclude_defaults=True) + "\n"
