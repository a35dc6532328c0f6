"""``context.jsonl``: the context of posts and of images, one of them a line."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self, cast

from pydantic import Field, model_validator

from gmf.core.config import Config
from gmf.core.errors import DataError
from gmf.core.types import Sample
from gmf.reading.context import Context
from gmf.reading.image_folders import names_of
from gmf.reading.json_rows import Text, parse_row
from gmf.reading.reader import fail, read_lines

CONTEXT_FILE = "context.jsonl"


class ContextRow(Config):
    """A line of ``context.jsonl``: what is said of one post or of one image."""

    id: Text | None = Field(None, description="Identifier of the post.")
    image: Text | None = Field(
        None, description="File name in the images folder; for own data the path as in its file."
    )
    digest: str | None = Field(None, description="sha256 of the image file.")
    source: str = Field("", description="What made it, with a digest of its settings.")
    context: Context = Field(description="Text of each field.")

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.id is None) == (self.image is None):
            raise ValueError("expected either id or image")
        return self


@dataclass(frozen=True)
class ContextFile:
    """The contexts of a file.

    Args:
        posts: Text by field, by identifier of the post.
        images: Text by field, by name of the image.
    """

    posts: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    images: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def added_to(self, sample: Sample, *, image_folder: Path) -> Sample:
        """Return a sample with its context: its own, then that of the post, then of its images.

        A field that stands nearer to the post hides those of its images; those of several images
        follow each other.
        """
        of_images: dict[str, list[str]] = defaultdict(list)
        for image in sample.images:
            names = names_of(image.source, image_folder) if isinstance(image.source, Path) else ()
            name = next((name for name in names if name in self.images), None)
            for key, text in self.images[name].items() if name is not None else ():
                of_images[key].append(text)
        joined = {name: " ".join(texts) for name, texts in of_images.items()}
        fields = {**joined, **self.posts.get(sample.id, {}), **dict(sample.context)}
        return replace(sample, context=tuple(fields.items())) if fields else sample


def read_context(path: Path, *, on_fault: Callable[[DataError], None] = fail) -> ContextFile:
    """Read lines of ``{"id": "33", "context": {"caption": "a dog"}}``, or of ``image``.

    Args:
        path: The file.
        on_fault: Called with each fault; the line is then left out. By default it is raised.

    Raises:
        DataError: If a line is wrong, or a field of one post or image stands twice.
    """
    file = ContextFile()
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = parse_row(ContextRow, line, path=path, line=number)
            kind, key = (file.posts, row.id) if row.id is not None else (file.images, row.image)
            known = kind[cast(str, key)]
            double = [name for name in row.context if name in known]
            if double:
                message = f"field {double[0]!r} of {key!r} stands twice; keep one line"
                raise DataError(message, path=path, line=number, field="context")
            known.update(row.context)
        except DataError as error:
            on_fault(error)
    return file


def check_fields(samples: Sequence[Sample], wanted: Iterable[str], *, what: str) -> list[str]:
    """Return a note for each field of the context that some samples lack.

    Args:
        samples: The samples.
        wanted: Fields that are to be read.
        what: What the samples are, for messages.

    Raises:
        DataError: If no sample has a field.
    """
    counts = Counter(name for sample in samples for name, _ in sample.context)
    notes: list[str] = []
    for name in wanted:
        if not counts[name]:
            present = ", ".join(sorted(counts)) or "none"
            raise DataError(
                f"{what}: no sample has the context field {name!r} (data.context); fields that are "
                f"there: {present}; rows have them as 'context', or {CONTEXT_FILE} beside the data"
            )
        if counts[name] < len(samples):
            notes.append(f"{what}: {counts[name]} of {len(samples)} samples have context {name!r}")
    return notes
