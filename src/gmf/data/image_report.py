"""What became of the images: counted once each, printed at the end of every command."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from gmf.core.types import Sample
from gmf.data.images import Box, UnusableImageError, name_of

#: Share of readable images below which a model learns nothing reliable from images. With 10 in
#: 3,373 posts one learning rate made GMF tag nothing where there was an image (decision 0011).
MIN_READ_SHARE = 0.05
#: Outcome of an image of which only a part could be decoded.
READ_IN_PART = "read in part"

#: What was counted: ``images`` and ``regions`` with their outcome, ``blanks`` with their number.
_Counted = tuple[Literal["images", "regions", "blanks"], str, int]


@dataclass
class ImageReport:
    """Counts of images and regions by outcome.

    However often an image is fetched, in several epochs or for several posts, it counts once.

    Args:
        images: Whole images by outcome: ``read``, ``read in part`` or the kind of fault.
        regions: Regions by outcome.
        blanks: Blank stand-ins given to posts.
        examples: The first faults of each kind, as messages.
        max_examples: How many of them to keep.
    """

    images: Counter[str] = field(default_factory=Counter[str])
    regions: Counter[str] = field(default_factory=Counter[str])
    blanks: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    max_examples: int = 5
    _seen: dict[bytes, _Counted] = field(default_factory=dict[bytes, _Counted], repr=False)

    def count_view(
        self,
        source: Path | bytes,
        box: Box | None,
        is_region: bool,
        fault: UnusableImageError | None,
        *,
        substitution: str = "",
    ) -> None:
        """Count a view that was fetched.

        Args:
            source: File or encoded bytes.
            box: Part of the image; ``None`` for all of it.
            is_region: Whether it is a region of an image.
            fault: Why it could not be read.
            substitution: What stands in for a part of it.
        """
        outcome = fault.kind.value if fault else READ_IN_PART if substitution else "read"
        counted: _Counted = "regions" if is_region else "images", outcome, 1
        if self._count(_identity(source, box, is_region), counted) and outcome != "read":
            self._exemplify(outcome, [str(fault or f"{name_of(source)}: {substitution}")])

    def count_blanks(self, sample: Sample, number: int) -> None:
        """Count the blank stand-ins that a post got."""
        if number:
            identity = _identity(sample.origin, sample.id, sample.text or sample.tokens)
            self._count(identity, ("blanks", "", number))

    def include(self, other: "ImageReport") -> None:
        """Add what another process saw of the same images; what both have seen counts once."""
        for identity, counted in other._seen.items():
            self._count(identity, counted)
        for outcome, messages in other.examples.items():
            known = self.examples.get(outcome, [])
            self._exemplify(outcome, [message for message in messages if message not in known])

    def merge(self, other: "ImageReport") -> None:
        """Add the counts of another process; what both have seen counts twice."""
        self.images.update(other.images)
        self.regions.update(other.regions)
        self.blanks += other.blanks
        for outcome, messages in other.examples.items():
            self._exemplify(outcome, messages)

    @classmethod
    def from_dict(cls, counts: dict[str, Any]) -> Self:
        """Return the report of which ``to_dict`` gave the counts."""
        return cls(
            Counter(counts["images"]),
            Counter(counts["regions"]),
            counts["blank_stand_ins"],
            counts["examples"],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {
            "images": dict(self.images),
            "regions": dict(self.regions),
            "blank_stand_ins": self.blanks,
            "examples": {kind: list(messages) for kind, messages in self.examples.items()},
        }

    def summary(self) -> str:
        """Return the report as text: one line of counts, then the first faults of each kind."""
        counts = [f"images: {_listed(self.images)}"]
        if self.regions:
            counts.append(f"regions: {_listed(self.regions)}")
        if self.blanks:
            counts.append(f"blank stand-ins: {self.blanks}")
        faults = [f"  {message}" for messages in self.examples.values() for message in messages]
        return "\n".join(["; ".join(counts), *faults])

    def training_warning(self) -> str:
        """Return what to tell after training on so few readable images; empty when enough were."""
        named, read = self.images.total(), self.images["read"] + self.images[READ_IN_PART]
        if not named or read / named >= MIN_READ_SHARE:
            return ""
        return (
            f"only {read} of {named} images could be read: what a model learns of images from so "
            "few is noise, and posts with an image may be tagged worse than without; bring the "
            "images, or train a text-only model (model=bert-crf)"
        )

    def _count(self, identity: bytes, counted: _Counted) -> bool:
        """Count something, unless it was counted before; return whether it was new."""
        if identity in self._seen:
            return False
        self._seen[identity] = counted
        what, outcome, number = counted
        if what == "blanks":
            self.blanks += number
        else:
            (self.images if what == "images" else self.regions)[outcome] += number
        return True

    def _exemplify(self, outcome: str, messages: Sequence[str]) -> None:
        examples = self.examples.setdefault(outcome, [])
        examples += messages[: self.max_examples - len(examples)]


def _identity(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common()) or "none"
