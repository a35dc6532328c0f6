"""The interface of a region proposer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from gmf.core.types import Region


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """One image to look at.

    Args:
        name: Name of the image file, relative to the folder of images.
        picture: The upright RGB picture; ``None`` when it cannot be read and the proposer does
            without.
        texts: The words of each post that shows the image.
    """

    name: str
    picture: Image.Image | None
    texts: tuple[tuple[str, ...], ...] = ()

    @property
    def upright(self) -> Image.Image:
        """The picture.

        Raises:
            ValueError: If there is none; `needs_picture` of the proposer says whether one may ask.
        """
        if self.picture is None:
            raise ValueError(f"{self.name}: no picture was given")
        return self.picture


class Wordless:
    """Base of proposers that do not read the posts."""

    def queries_of(self, texts: Sequence[Sequence[str]]) -> list[str]:  # noqa: ARG002
        """Return nothing: the words play no part."""
        return []


class Proposer(Protocol):
    """Finds the objects of images.

    Attributes:
        source: Name and digest of what proposes: weights and settings. Equal sources give equal
            regions for equal requests.
        needs_picture: Whether images that cannot be read are left out.
    """

    source: str
    needs_picture: bool

    def queries_of(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """Return what is looked for in an image of posts with these words; empty: anything."""
        ...

    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the regions of each image, unfiltered, boxes in pixels of the upright picture."""
        ...
