"""``regions.jsonl`` while it is being made: lines appended as they come, sorted at the end."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from gmf.core.errors import DataError
from gmf.core.files import write_text
from gmf.core.types import Region
from gmf.reading.json_rows import RegionRow
from gmf.reading.regions_file import REGIONS_FILE, RegionsRow

_CROPS = "crops"


@dataclass
class RegionsFile:
    """The lines of one source in an output folder.

    Args:
        folder: The output folder.
        source: What proposes; lines of other sources are not ours.
    """

    folder: Path
    source: str
    rows: dict[str, RegionsRow] = field(default_factory=dict[str, RegionsRow])

    @property
    def path(self) -> Path:
        """The finished file."""
        return self.folder / REGIONS_FILE

    @property
    def partial(self) -> Path:
        """The file of an unfinished job."""
        return self.folder / f"{REGIONS_FILE}.partial"

    def load(self, *, overwrite: bool) -> None:
        """Read what is there: finished lines, then those of a job that was cut short.

        Args:
            overwrite: Drop lines of other sources instead of refusing.

        Raises:
            DataError: If the finished file is damaged or holds lines of another source.
        """
        for number, row in enumerate(_read_rows(self.path), 1):
            if row is None:
                message = "not a line of regions; delete the file or choose another --out"
                raise DataError(message, path=self.path, line=number)
            if row.source == self.source:
                self.rows[row.image] = row
            elif not overwrite:
                raise DataError(
                    f"holds regions of {row.source or 'an unnamed source'}, these would be of "
                    f"{self.source}; choose another --out, or give --overwrite",
                    path=self.path,
                    line=number,
                )
        rows = [row for row in _read_rows(self.partial) if row and row.source == self.source]
        self.rows |= {row.image: row for row in rows}
        if self.partial.exists():
            # Rewritten, so that a torn last line does not swallow the next one.
            _write_rows(self.partial, rows)

    def append(self, rows: Sequence[RegionsRow]) -> None:
        """Keep lines now, so that a killed job does not lose them."""
        with self.partial.open("a", encoding="utf-8") as file:
            file.writelines(_line_of(row) for row in rows)
        self.rows |= {row.image: row for row in rows}

    def finish(self) -> None:
        """Write all lines, sorted by image name, in one step."""
        _write_rows(self.path, [self.rows[name] for name in sorted(self.rows)])
        self.partial.unlink(missing_ok=True)

    def row_of(self, region: Region, *, image: str, number: int) -> RegionRow:
        """Return a region as written; a ready crop is copied into the output folder.

        Args:
            region: The region.
            image: Name of its image.
            number: Which region of the image, from 0.

        Raises:
            OSError: If the crop cannot be copied.
        """
        crop: str | None = None
        if region.crop is not None:
            flat = PurePosixPath(image).with_suffix("").as_posix().replace("/", "__")
            crop = f"{_CROPS}/{flat}__{number}{region.crop.suffix}"
            (self.folder / _CROPS).mkdir(exist_ok=True)
            shutil.copyfile(region.crop, self.folder / crop)
        return RegionRow(box=region.box, crop=crop, label=region.label, score=region.score)


def _read_rows(path: Path) -> Iterable[RegionsRow | None]:
    """Yield the lines of a file, ``None`` for one that is not whole."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield RegionsRow.model_validate_json(line)
            except ValidationError:
                yield None


def _write_rows(path: Path, rows: Sequence[RegionsRow]) -> None:
    write_text(path, "".join(map(_line_of, rows)))


def _line_of(row: RegionsRow) -> str:
    return row.model_dump_json(exclude_defaults=True) + "\n"
