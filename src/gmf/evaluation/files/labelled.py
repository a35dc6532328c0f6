"""One labelled file as it stands: what every format is read into."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from gmf.core.errors import DataError
from gmf.core.files import sha256_of
from gmf.core.tags import STRAY, TYPE_ALIASES, alias_tag
from gmf.core.types import ScoredEntity
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.offsets import CutWords, TrimmedSpans
from gmf.reading.tag_schemes import (
    SERVICE_LABELS,
    is_one_tag,
    is_one_type,
    read_tags,
    tells_iob1,
    what_is_expected,
)

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
        words: For each of ``tokens`` the word of the file that it is part of, where entities cut
            words; ``None`` where none was cut.
        scored: Entities of the prediction with confidences, if the file has them.
        has_image: Whether the model saw an image, if the file says so, else whether one of the
            listed images is there; ``None`` when it says neither.
        line: Where the sample begins, from 1.
    """

    id: str
    tokens: tuple[str, ...]
    first: Labels
    second: Labels | None = None
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None
    words: tuple[int, ...] | None = None
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
        skipped_lines: Lines that are no part of a sample, such as ``-DOCSTART-`` and comments.
        warning: What looks wrong with its offsets; empty if nothing does.
        is_iob1: Whether its tags are IOB1 or IOE; ``None`` if it has none.
    """

    path: Path
    format: FileFormat
    sha256: str
    samples: tuple[LabelledSample, ...]
    respelled: dict[str, int] = field(default_factory=dict[str, int])
    skipped_lines: int = 0
    warning: str = ""
    is_iob1: bool | None = None

    @property
    def has_two_columns(self) -> bool:
        """Whether samples carry two label columns."""
        return any(sample.second is not None for sample in self.samples)


class LabelReader:
    """Reads the labels of one file and counts the spellings that it mends.

    Args:
        path: The file, for messages.
        aliases: Type spelling to type name.
        is_iob1: Whether the gold is IOB1 or IOE: a prediction that begins with ``I-`` is, if the
            gold is.
    """

    def __init__(
        self,
        path: Path,
        *,
        aliases: Mapping[str, str] = TYPE_ALIASES,
        is_iob1: bool | None = None,
    ) -> None:
        self.path, self.aliases, self.is_iob1 = path, aliases, is_iob1
        self.respelled: Counter[str] = Counter()
        self.cut_words = CutWords()
        self.trimmed = TrimmedSpans()
        self.notes: list[str] = []
        #: Types of its entities that have the prefix of a tag.
        self.prefixed: frozenset[str] = frozenset()

    def read(
        self,
        sides: Sequence[Sequence[Sequence[str] | None]],
        *,
        lines: Sequence[Sequence[Sequence[int]]],
        fields: Sequence[str],
    ) -> list[list[tuple[str, ...] | None]]:
        """Return the labels of all samples of the file as BIO; service labels stay.

        Args:
            sides: Gold, prediction or both: labels of each sample as written; ``None`` where it
                has none. Both are IOB1 or IOE, or neither is.
            lines: Line of each label of each side; one for all labels of a sample will do.
            fields: Column or key of each side, for messages.

        Raises:
            DataError: If one is neither a tag of the file's scheme nor a service label.
        """
        written = [tags for side in sides for tags in side if tags]
        if written:
            fits, has_b = tells_iob1(written)
            self.is_iob1 = fits and (has_b or self.is_iob1 is not False)
        return [
            self._read_side(side, lines=numbers, field=field)
            for side, numbers, field in zip(sides, lines, fields, strict=True)
        ]

    def _read_side(
        self,
        samples: Sequence[Sequence[str] | None],
        *,
        lines: Sequence[Sequence[int]],
        field: str,
    ) -> list[tuple[str, ...] | None]:
        read = read_tags(samples, is_iob1=self.is_iob1, strays=True).tags
        return [
            None
            if written is None or labels is None
            else tuple(
                self._label(old, new, line=numbers[min(index, len(numbers) - 1)], field=field)
                for index, (old, new) in enumerate(zip(written, labels, strict=True))
            )
            for written, labels, numbers in zip(samples, read, lines, strict=True)
        ]

    def _label(self, written: str, label: str, *, line: int, field: str) -> str:
        is_stray = label.startswith(STRAY)
        label = f"I-{label[2:]}" if is_stray else label
        if label not in SERVICE_LABELS:
            if not is_one_tag(label):
                expected = what_is_expected(label)
                message = f"label {written!r}: {expected}, or a service label such as X or [SEP]"
                raise DataError(message, path=self.path, line=line, field=field)
            label = alias_tag(label, aliases=self.aliases)
        if label != written:
            self.respelled[f"{written} as {label}"] += 1
        return STRAY + label[2:] if is_stray else label

    def type_name(self, name: str, *, written: Sequence[str]) -> str:
        """Return the common name of the type of an entity, and count what it was written as.

        Args:
            name: The type without a prefix.
            written: It, or the types of the pieces that the entity is made of.

        Raises:
            ValueError: If it is no one type: empty, ``O``, or two in one.
        """
        name = name.strip()
        if not name or not is_one_type(name):
            shown = ", ".join(map(repr, written))
            raise ValueError(f"entity of type {shown}: expected one type, for example PER")
        name = self.aliases.get(name, name)
        self.respelled.update(f"{one} as {name}" for one in written if one != name)
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
