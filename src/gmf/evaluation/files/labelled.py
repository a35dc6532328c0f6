"""One labelled file as it stands: what every format is read into."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from gmf.core.errors import DataError
from gmf.core.files import sha256_of
from gmf.core.tags import TYPE_ALIASES
from gmf.core.types import ScoredEntity
from gmf.data.decoding import IMAGE_SUFFIXES
from gmf.evaluation.files.labels import canonical_label

#: Which of two label columns comes first.
ColumnOrder = Literal["gold-predicted", "predicted-gold"]
FileFormat = Literal["conll", "blocks", "jsonl"]
#: The order that each format has when nothing else is known: conlleval's, MGCMT's, our own.
DEFAULT_ORDER: dict[FileFormat, ColumnOrder] = {
    "conll": "gold-predicted",
    "blocks": "predicted-gold",
    "jsonl": "gold-predicted",
}
#: A label, or ``None`` for a word that the file gives none.
Labels = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class LabelledSample:
    """One sample of a file.

    Args:
        id: Without an image suffix; empty when the file has none.
        tokens: Words.
        first: The only or the first label column.
        second: The second label column, if any.
        text: Raw text, if the file has it.
        offsets: Character span of each word in ``text``.
        scored: Entities of the prediction with confidences, if the file has them.
        has_image: Whether an image is listed; ``None`` when the file does not say.
        line: Where the sample begins, from 1.
    """

    id: str
    tokens: tuple[str, ...]
    first: Labels
    second: Labels | None = None
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None
    scored: tuple[ScoredEntity, ...] | None = None
    has_image: bool | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """All samples of a file.

    Args:
        path: The file.
        format: What it was recognised as.
        sha256: Digest of its bytes.
        samples: In file order.
        respelled: Labels whose spelling was mended (type aliases, BIOES), with counts.
        skipped_lines: Lines that are no part of a sample, such as ``-DOCSTART-``.
    """

    path: Path
    format: FileFormat
    sha256: str
    samples: tuple[LabelledSample, ...]
    respelled: dict[str, int] = field(default_factory=dict[str, int])
    skipped_lines: int = 0

    @property
    def has_two_columns(self) -> bool:
        """Whether samples carry two label columns."""
        return any(sample.second is not None for sample in self.samples)


class LabelReader:
    """Reads the labels of one file and counts the spellings that it mends.

    Args:
        path: The file, for messages.
        aliases: Type spelling to type name.
    """

    def __init__(self, path: Path, *, aliases: Mapping[str, str] = TYPE_ALIASES) -> None:
        self.path, self.aliases = path, aliases
        self.respelled: Counter[str] = Counter()

    def read(self, label: str, *, line: int, field: str) -> str:
        """Return the canonical label.

        Raises:
            DataError: If it is neither a tag nor a service label.
        """
        try:
            canonical = canonical_label(label, aliases=self.aliases)
        except ValueError as error:
            raise DataError(str(error), path=self.path, line=line, field=field) from error
        if canonical != label:
            self.respelled[f"{label} as {canonical}"] += 1
        return canonical

    def type_name(self, entity_type: str) -> str:
        """Return the common name of a type."""
        name = self.aliases.get(entity_type, entity_type)
        if name != entity_type:
            self.respelled[f"{entity_type} as {name}"] += 1
        return name


def sample_id(name: str) -> str:
    """Return a sample's id: the image's name without its suffix."""
    return PurePath(name).stem if name.lower().endswith(tuple(IMAGE_SUFFIXES)) else name


def digest_of(path: Path) -> str:
    """Return the sha256 of a file as hex.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", path=path) from error
