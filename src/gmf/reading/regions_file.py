"""``regions.jsonl``: the regions of each image of a data set, one image a line."""

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import Field

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.types import Region, Sample
from gmf.reading.image_folders import image_beside, names_of
from gmf.reading.json_rows import RegionRow, Text, parse_row, region_of_row
from gmf.reading.near_files import is_there
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


def stray_regions(
    regions: Iterable[str], *, samples: Iterable[Sample], image_folder: Path
) -> list[str]:
    """Return the names of images that are neither there nor named by samples.

    Args:
        regions: Names of images that have regions, of other splits too.
        samples: The samples of one split.
        image_folder: Folder that the names are relative to.
    """
    absent = [name for name in regions if not _is_image(image_folder, name)]
    images = [image.source for sample in samples if absent for image in sample.images]
    paths = [source for source in images if isinstance(source, Path)]
    named = {name for path in paths for name in names_of(path, image_folder)}
    return [name for name in absent if name not in named]


def _is_image(folder: Path, name: str) -> bool:
    try:
        return is_there(image_beside(folder, name))
    except ValueError:  # It leaves the folder.
        return False
