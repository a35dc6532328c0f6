"""The job behind ``gmf context``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.context.base import Describer
from gmf.core.errors import ConfigError
from gmf.reading.context import context_of
from gmf.reading.context_file import CONTEXT_FILE, ContextRow
from gmf.reading.image_tasks import ImageTask
from gmf.regions.image_job import ImageJob, ImagesReport, OpenedImage
from gmf.regions.rows_file import RowsFile


@dataclass
class ContextReport(ImagesReport):
    """What became of the images.

    Args:
        images: By outcome: ``described``, ``kept`` from before, or the kind of fault.
        examples: The first faults, as messages.
        empty: Described or kept images of which there was nothing to say.
    """

    empty: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the counts for JSON."""
        return {
            "images": dict(self.images),
            "images_without_text": self.empty,
            "examples": list(self.examples),
        }

    @property
    def more(self) -> tuple[str, ...]:
        """Counts beside those of images, as text."""
        return (f"without text: {self.empty}",)


class _ContextRows(RowsFile[ContextRow]):
    """The lines of one field; those of posts, and of images' other fields, stay."""

    def __init__(self, folder: Path, source: str, field: str) -> None:
        super().__init__(folder / CONTEXT_FILE, source, ContextRow, "context")
        self._field = field

    def stays(self, row: ContextRow) -> bool:
        # Of a line without a text the field is not known, and it says nothing against ours.
        return row.image is None or self._field not in row.context

    def left_of(self, row: ContextRow) -> ContextRow | None:
        others = {name: text for name, text in row.context.items() if name != self._field}
        return row.model_copy(update={"context": others}) if others else None


class ContextJob(ImageJob[ContextRow]):
    """Describes images and writes a field of ``context.jsonl``.

    Args:
        describer: Describes them.
        out: Folder of the file.
        batch_size: Images at once.

    Attributes:
        report: What became of the images.

    Raises:
        ConfigError: If the name of the describer's field is none.
    """

    done = "described"

    def __init__(self, describer: Describer, *, out: Path, batch_size: int = 8) -> None:
        self.describer, self.report = describer, ContextReport()
        try:
            context_of({describer.field: ""})
        except ValueError as error:
            raise ConfigError(f"describer: {error}") from error
        file = _ContextRows(out, describer.source, describer.field)
        super().__init__(file, self.report, batch_size=batch_size)

    def run(
        self,
        tasks: Sequence[ImageTask],
        *,
        overwrite: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> ContextReport:
        """Describe all images; see ``ImageJob.work``."""
        self.work(tasks, overwrite=overwrite, on_progress=on_progress)
        return self.report

    def is_current(self, row: ContextRow, task: ImageTask) -> bool:  # noqa: ARG002
        """Return that it is: the source is the same, and the words of posts play no part."""
        return True

    def rows_of(self, opened: Sequence[OpenedImage]) -> list[ContextRow]:
        """Return the text of each image."""
        texts = self.describer.describe([one.image for one in opened if one.image is not None])
        return [
            ContextRow(
                id=None,
                image=one.task.name,
                digest=one.digest,
                source=self.file.source,
                context={self.describer.field: text},
            )
            for one, text in zip(opened, texts, strict=True)
        ]

    def count(self, outcome: str, row: ContextRow) -> None:
        """Count an image that has its line."""
        self.report.images[outcome] += 1
        self.report.empty += not row.context
