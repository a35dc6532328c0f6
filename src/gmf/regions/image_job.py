"""A job on the images of a data set: batches, resumption, and a report of what went wrong."""

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

from PIL import Image

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import locked
from gmf.core.registry import place_of
from gmf.data.images import FaultKind, UnusableImageError, open_image, read_source
from gmf.reading.image_tasks import ImageTask
from gmf.regions.rows_file import Row, RowsFile

_MAX_EXAMPLES = 5


@dataclass
class ImagesReport:
    """What became of the images.

    Args:
        images: By outcome: ``kept`` from before, what the job does, or the kind of fault.
        examples: The first faults, as messages.
    """

    images: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def fail(self, kind: str, message: str) -> None:
        """Count an image, or a part of it, that was left out."""
        self.images[kind] += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(message)

    @property
    def more(self) -> tuple[str, ...]:
        """Counts beside those of images, as text."""
        return ()

    def summary(self) -> str:
        """Return the report as text."""
        images = ", ".join(f"{n} {outcome}" for outcome, n in self.images.most_common()) or "none"
        return "\n".join(
            ["; ".join((f"images: {images}", *self.more)), *(f"  {line}" for line in self.examples)]
        )


@dataclass(frozen=True, slots=True)
class OpenedImage:
    """An image to work on.

    Args:
        task: Which it is.
        digest: sha256 of its file; ``None`` when it cannot be read.
        image: The upright RGB image; ``None`` when it cannot be read and the job does without.
    """

    task: ImageTask
    digest: str | None
    image: Image.Image | None


class ImageJob(ABC, Generic[Row]):
    """Makes a line of each image and writes them to a file.

    Args:
        file: The file.
        report: What becomes of the images.
        batch_size: Images at once.
        needs_picture: Whether an image that cannot be read is left out.
    """

    #: What the job does to an image, as an outcome of the report.
    done: str

    def __init__(
        self,
        file: RowsFile[Row],
        report: ImagesReport,
        *,
        batch_size: int,
        needs_picture: bool = True,
    ) -> None:
        self.file, self._images = file, report
        self._batch_size, self._needs_picture = batch_size, needs_picture

    @abstractmethod
    def is_current(self, row: Row, task: ImageTask) -> bool:
        """Return whether a line of the same image file and source is what would be made now."""

    @abstractmethod
    def rows_of(self, opened: Sequence[OpenedImage]) -> list[Row]:
        """Return the line of each image."""

    @abstractmethod
    def count(self, outcome: str, row: Row) -> None:
        """Count an image that has its line."""

    def work(
        self,
        tasks: Sequence[ImageTask],
        *,
        overwrite: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        """Make all lines; a job that was cut short goes on where it stopped.

        An image keeps its line when its file and the source are the same as before. One that cannot
        be read, or on which the work fails, is reported and left out; its earlier line, of another
        file, goes, unless the file is absent now.

        Args:
            tasks: The images.
            overwrite: Drop what another source wrote into the file.
            on_progress: Told how many images are done.

        Raises:
            ConfigError: If another process writes there, or a part of others does not return what
                it is to.
            DataError: If another source wrote there, or no image has a line in the end.
        """
        path = self.file.path
        with locked(path.with_name(f".{path.stem}.lock"), work=path.parent):
            self.file.load(overwrite=overwrite)
            pending: list[OpenedImage] = []
            for number, task in enumerate(tasks, 1):
                opened = self._open(task)
                if opened is not None:
                    pending.append(opened)
                if len(pending) == self._batch_size or (number == len(tasks) and pending):
                    self._make(pending)
                    pending = []
                if on_progress is not None:
                    on_progress(number - len(pending))
            self.file.finish()
        counts = self._images.images
        if not tasks:
            raise DataError("no post names an image, so there is nothing to do", path=path.parent)
        if not counts[self.done] + counts["kept"]:
            raise DataError(
                f"none of the {len(tasks)} images that the posts name was {self.done}\n"
                f"{self._images.summary()}"
            )

    def _open(self, task: ImageTask) -> OpenedImage | None:
        """Open an image, unless its line is there already or it cannot be read."""
        digest, image = None, None
        try:
            content = read_source(task.path)
            digest = hashlib.sha256(content).hexdigest()
            row = self.file.rows.get(task.name)
            if row is not None and row.digest == digest and self.is_current(row, task):
                self.count("kept", row)
                return None
            image = open_image(content)
        except UnusableImageError as fault:
            if self._needs_picture:
                if fault.kind is not FaultKind.ABSENT:
                    self.file.rows.pop(task.name, None)
                self._images.fail(fault.kind.value, f"{task.path}: {fault.detail}")
                return None
        return OpenedImage(task, digest, image)

    def _make(self, opened: Sequence[OpenedImage]) -> None:
        try:
            rows = self.rows_of(opened)
        except ConfigError:
            raise
        except Exception as error:
            # Whatever a model chokes on, the other images of the batch must not suffer.
            if len(opened) > 1:
                for one in opened:
                    self._make([one])
            else:
                self.file.rows.pop(opened[0].task.name, None)
                self._images.fail("failed", f"{opened[0].task.path}: {error!r}{place_of(error)}")
            return
        self.file.append(rows)
        for row in rows:
            self.count(self.done, row)
