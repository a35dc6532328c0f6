"""``regions.jsonl`` while it is being made, with the crops that come ready."""

import shutil
from pathlib import Path

from gmf.core.types import Region
from gmf.reading.json_rows import RegionRow
from gmf.reading.regions_file import REGIONS_FILE, RegionsRow
from gmf.regions.rows_file import RowsFile

_CROPS = "crops"


class RegionsFile(RowsFile[RegionsRow]):
    """The regions of one source in an output folder.

    Args:
        folder: The output folder.
        source: What proposes.
    """

    def __init__(self, folder: Path, source: str) -> None:
        super().__init__(folder / REGIONS_FILE, source, RegionsRow, "regions")

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
            crop = f"{_CROPS}/{image}/{number}{region.crop.suffix}"
            copy = self.path.parent / crop
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(region.crop, copy)
        return RegionRow(box=region.box, crop=crop, label=region.label, score=region.score)
