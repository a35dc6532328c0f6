"""The job behind ``gmf regions``: batches, resumption, and a report of what could not be done."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.files import locked
from gmf.core.types import Region
from gmf.data.images import UnusableImageError, open_image, read_source
from gmf.reading.regions_file import RegionsRow
from gmf.regions.base import Proposer, RegionRequest, source_name
from gmf.regions.filters import RegionFilter, filter_regions
from gmf.regions.image_tasks import ImageTask
from gmf.regions.region_files import RegionsFile

_MAX_EXAMPLES = 5


@dataclass
class RegionsReport:
    """What became of the images.

    Args:
        images: By outcome: ``proposed``, ``kept`` from before, or the kind of fault.
        regions: Regions by label, over proposed and kept images.
        empty: Proposed or kept images without any region.
        examples: The first faults, as messages.
    """

    images: Counter[str] = field(default_factory=Counter[str])
    regions: Counter[str] = field(default_factory=Counter[str])
    empty: int = 0
    examples: list[str] = field(default_factory=list[str])

    def count(self, outcome: str, row: RegionsRow) -> None:
        """Count an image that has its line."""
        self.images[outcome] += 1
        self.regions.update(region.label for region in row.regions)
        self.empty += not row.regions

    def fail(self, kind: str, message: str) -> None:
        """Count an image, or a crop, that was left out."""
        self.images[kind] += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(message)

    def to_dict(self) -> dict[str, object]:
        """Return the counts for JSON."""
        return {
            "images": dict(self.images),
            "regions": self.regions.total(),
            "labels": dict(self.regions.most_common()),
            "images_without_regions": self.empty,
            "examples": list(self.examples),
        }

    def summary(self) -> str:
        """Return the report as text."""
        images = ", ".join(f"{n} {outcome}" for outcome, n in self.images.most_common()) or "none"
        lines = [f"images: {images}; regions: {self.regions.total()}; without any: {self.empty}"]
        return "\n".join([*lines, *(f"  {message}" for message in self.examples)])


@dataclass(frozen=True, slots=True)
class _Pending:
    task: ImageTask
    digest: str | None
    request: RegionRequest


class RegionsJob:
    """Finds regions in images and writes ``regions.jsonl``.

    Args:
        proposer: Finds them.
        limits: Which are kept.
        out: Folder of the file.
        batch_size: Images at once.

    Attributes:
        report: What became of the images.
    """

    def __init__(
        self, proposer: Proposer, *, limits: RegionFilter, out: Path, batch_size: int = 8
    ) -> None:
        self.proposer, self.limits, self.batch_size = proposer, limits, batch_size
        name = proposer.source.partition("@")[0]
        source = source_name(name, proposer.source, limits.model_dump())
        self.file = RegionsFile(out, source)
        self.report = RegionsReport()

    def run(
        self,
        tasks: Sequence[ImageTask],
        *,
        overwrite: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> RegionsReport:
        """Find the regions of all images; a job that was cut short goes on where it stopped.

        An image keeps its line when file, queries and source are the same as before. One that
        cannot be read, or on which the proposer fails, is reported and left out.

        Args:
            tasks: The images.
            overwrite: Drop what another source wrote into the folder.
            on_progress: Told how many images are done.

        Raises:
            ConfigError: If another process writes there.
            DataError: If another source wrote there, or every image failed.
        """
        with locked(self.file.folder / ".regions.lock", work=self.file.folder):
            self.file.load(overwrite=overwrite)
            self._work(tasks, on_progress)
            self.file.finish()
        if self.report.images["failed"] and not self.report.images["proposed"]:
            raise DataError(f"the proposer failed on every image: {self.report.examples[0]}")
        return self.report

    def _work(self, tasks: Sequence[ImageTask], on_progress: Callable[[int], None] | None) -> None:
        pending: list[_Pending] = []
        for done, task in enumerate(tasks, 1):
            prepared = self._prepare(task)
            if prepared is not None:
                pending.append(prepared)
            if len(pending) == self.batch_size or (done == len(tasks) and pending):
                self._propose(pending)
                pending = []
            if on_progress is not None:
                on_progress(done - len(pending))

    def _prepare(self, task: ImageTask) -> _Pending | None:
        """Open an image, unless its line is there already or it cannot be read."""
        digest, image = None, None
        try:
            content = read_source(task.path)
            digest = hashlib.sha256(content).hexdigest()
            row = self.file.rows.get(task.name)
            queries = tuple(self.proposer.queries_of(task.texts))
            if row is not None and (row.digest, row.queries) == (digest, queries):
                self.report.count("kept", row)
                return None
            image = open_image(content)
        except UnusableImageError as fault:
            if self.proposer.needs_picture:
                self.report.fail(fault.kind.value, f"{task.path}: {fault.detail}")
                return None
        return _Pending(task, digest, RegionRequest(task.name, image, task.texts))

    def _propose(self, pending: Sequence[_Pending]) -> None:
        try:
            proposals = self.proposer.propose([item.request for item in pending])
        except Exception as error:
            # Whatever a model chokes on, the other images of the batch must not suffer.
            if len(pending) > 1:
                for item in pending:
                    self._propose([item])
            else:
                self.report.fail("failed", f"{pending[0].task.path}: {error!r}")
            return
        rows = [self._row(item, regions) for item, regions in zip(pending, proposals, strict=True)]
        self.file.append(rows)
        for row in rows:
            self.report.count("proposed", row)

    def _row(self, item: _Pending, regions: Sequence[Region]) -> RegionsRow:
        present = [region for region in regions if self._has_crop(region)]
        image = item.request.image
        usable = filter_regions(present, limits=self.limits, size=image.size if image else None)
        return RegionsRow(
            image=item.task.name,
            digest=item.digest,
            source=self.file.source,
            queries=tuple(self.proposer.queries_of(item.task.texts)),
            regions=tuple(
                self.file.row_of(region, image=item.task.name, number=number)
                for number, region in enumerate(usable)
            ),
        )

    def _has_crop(self, region: Region) -> bool:
        if region.crop is None or region.crop.is_file():
            return True
        self.report.fail("absent crop", f"{region.crop}: no such file")
        return False
