"""``regions.jsonl``: the regions of each image of a data set, one image a line."""

from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.types import Region
from gmf.reading.json_rows import RegionRow, Text, parse_row, region_of_row
from gmf.reading.reader import fail, read_lines

REGIONS_FILE = "regions.jsonl"


class RegionsRow(Config):
    """A line of ``regions.jsonl``: the objects of one image."""

    image: Text = Field(
        description="File name in the images folder; for own data the path as in the data file."
    )
    digest: str | None = Field(None, description="sha256 of the image file.")
    source: str = Field("", description="What proposed them, with a digest of its settings.")
    queries: tuple[str, ...] = Field((), description="What was looked for.")
    regions: tuple[RegionRow, ...] = Field(description="Objects, best first.")


def read_regions(
    path: Path, *, on_fault: Callable[[DataError], None] = fail
) -> dict[str, tuple[Region, ...]]:
    """Read ``regions.jsonl``: ``{"image": "33.jpg", "regions": [{"box": [...], ...}]}`` a line.

    Args:
        path: The file; crop paths in it are relative to its folder.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Returns:
        Regions by image file name.

    Raises:
        DataError: If a line is wrong or an image is listed twice.
    """
    regions: dict[str, tuple[Region, ...]] = {}
    for number, line in enumerate(read_lines(path), 1):
        if line.strip() == "":
            continue
        try:
            row = parse_row(RegionsRow, line, path=path, line=number)
            if row.image in regions:
                message = f"image {row.image!r} is listed twice; keep one line"
                raise DataError(message, path=path, line=number, field="image")
            try:
                regions[row.image] = tuple(
                    region_of_row(region, path.parent) for region in row.regions
                )
            except ValueError as error:
                raise DataError(str(error), path=path, line=number, field="regions") from error
        except DataError as error:
            on_fault(error)
    return regions
