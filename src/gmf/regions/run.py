"""The job behind ``gmf regions``."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gmf.core.types import Region
from gmf.reading.image_tasks import ImageTask
from gmf.reading.regions_file import RegionsRow
from gmf.regions.base import Proposer, RegionRequest, source_name
from gmf.regions.filters import RegionFilter, filter_regions
from gmf.regions.image_job import ImageJob, ImagesReport, OpenedImage
from gmf.regions.region_files import RegionsFile


@dataclass
class RegionsReport(ImagesReport):
    """What became of the images.

    Args:
        images: By outcome: ``proposed``, ``kept`` from before, or the kind of fault.
        examples: The first faults, as messages.
        regions: Regions by label, over proposed and kept images.
        empty: Proposed or kept images without any region.
    """

    regions: Counter[str] = field(default_factory=Counter[str])
    empty: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the counts for JSON."""
        return {
            "images": dict(self.images),
            "regions": self.regions.total(),
            "labels": dict(self.regions.most_common()),
            "images_without_regions": self.empty,
            "examples": list(self.examples),
        }

    @property
    def more(self) -> tuple[str, ...]:
        """Counts beside those of images, as text."""
        return (f"regions: {self.regions.total()}", f"without any: {self.empty}")


class RegionsJob(ImageJob[RegionsRow]):
    """Finds regions in images and writes ``regions.jsonl``.

    Args:
        proposer: Finds them.
        limits: Which are kept.
        out: Folder of the file.
        batch_size: Images at once.

    Attributes:
        report: What became of the images.
    """

    done = "proposed"

    def __init__(
        self, proposer: Proposer, *, limits: RegionFilter, out: Path, batch_size: int = 8
    ) -> None:
        self.proposer, self.limits, self.report = proposer, limits, RegionsReport()
        name = proposer.source.partition("@")[0]
        source = source_name(name, proposer.source, limits.model_dump())
        self._regions_file = RegionsFile(out, source)
        super().__init__(
            self._regions_file,
            self.report,
            batch_size=batch_size,
            needs_picture=proposer.needs_picture,
        )

    def run(
        self,
        tasks: Sequence[ImageTask],
        *,
        overwrite: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> RegionsReport:
        """Find the regions of all images; see ``ImageJob.work``."""
        self.work(tasks, overwrite=overwrite, on_progress=on_progress)
        return self.report

    def is_current(self, row: RegionsRow, task: ImageTask) -> bool:
        """Return whether the same would be looked for."""
        return row.queries == tuple(self.proposer.queries_of(task.texts))

    def rows_of(self, opened: Sequence[OpenedImage]) -> list[RegionsRow]:
        """Return the regions of each image."""
        requests = [RegionRequest(one.task.name, one.image, one.task.texts) for one in opened]
        proposals = self.proposer.propose(requests)
        return [self._row(one, regions) for one, regions in zip(opened, proposals, strict=True)]

    def count(self, outcome: str, row: RegionsRow) -> None:
        """Count an image that has its line."""
        self.report.images[outcome] += 1
        self.report.regions.update(region.label for region in row.regions)
        self.report.empty += not row.regions

    def _row(self, opened: OpenedImage, regions: Sequence[Region]) -> RegionsRow:
        present = [region for region in regions if self._has_crop(region)]
        image, name = opened.image, opened.task.name
        usable = filter_regions(present, limits=self.limits, size=image.size if image else None)
        return RegionsRow(
            image=name,
            digest=opened.digest,
            source=self.file.source,
            queries=tuple(self.proposer.queries_of(opened.task.texts)),
            regions=tuple(
                self._regions_file.row_of(region, image=name, number=number)
                for number, region in enumerate(usable)
            ),
        )

    def _has_crop(self, region: Region) -> bool:
        if region.crop is None or region.crop.is_file():
            return True
        self.report.fail("absent crop", f"{region.crop}: no such file")
        return False
