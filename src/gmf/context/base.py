"""The interface of what describes images in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from gmf.regions.base import PartChoice


class Describer(Protocol):
    """Says in words what an image shows.

    Attributes:
        source: Name and digest of what describes: weights and settings. Equal sources give equal
            texts for equal images.
        field: Field of the context that the texts are of, such as ``caption``.
    """

    source: str
    field: str

    def describe(self, images: Sequence[Image.Image]) -> list[str]:
        """Return a text for each upright RGB image; empty where there is nothing to say."""
        ...


@dataclass(frozen=True)
class DescriberChoice(PartChoice):
    """What a user asked for."""

    kind = "describer"
