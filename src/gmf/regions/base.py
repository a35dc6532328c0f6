"""The interface of a region proposer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

import torch
from PIL import Image

from gmf.core.config import Config, parse_config
from gmf.core.errors import ConfigError
from gmf.core.types import Region
from gmf.encoders.resolve import resolve_encoder

Options = TypeVar("Options", bound=Config)


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """One image to look at.

    Args:
        name: Name of the image file, relative to the folder of images.
        image: The upright RGB image; ``None`` when it cannot be read and the proposer does
            without.
        texts: The words of each post that shows the image.
    """

    name: str
    image: Image.Image | None
    texts: tuple[tuple[str, ...], ...] = ()

    @property
    def upright(self) -> Image.Image:
        """The image.

        Raises:
            ValueError: If there is none; `needs_picture` of the proposer says whether one may ask.
        """
        if self.image is None:
            raise ValueError(f"{self.name}: no image was given")
        return self.image


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
        """Return the regions of each image, unfiltered, boxes in pixels of the upright image."""
        ...


@dataclass(frozen=True)
class PartChoice:
    """A part that works on images, as a user asked for it.

    Args:
        name: The part.
        places: Folder, file or hub id of its model or data; ``DICT=FOLDER`` for hvpnet.
        options: Its options by name.
        device: Where models run.
    """

    kind: ClassVar[str]

    name: str
    places: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def parse(self, kind: type[Options]) -> Options:
        """Return the options, checked.

        Raises:
            ConfigError: If an option is unknown or wrong.
        """
        return parse_config(kind, self.options, source=f"options of {self.kind} {self.name}")

    def place(self, what: str) -> Path:
        """Return the only place.

        Raises:
            ConfigError: If none or several are given.
        """
        if len(self.places) != 1:
            raise ConfigError(f"{self.kind} {self.name}: give {what} with --from, once")
        return Path(self.places[0]).expanduser()

    def model(self) -> str | None:
        """Return the model to use instead of the default.

        Raises:
            ConfigError: If several are given.
        """
        if len(self.places) > 1:
            raise ConfigError(f"{self.kind} {self.name}: give one model with --from")
        return self.places[0] if self.places else None

    def packaged_model(self) -> Path:
        """Return the folder of the packaged model of its name, or of the one that is given.

        Raises:
            ConfigError: If several are given.
            EncoderError: If the model is not installed.
        """
        return Path(resolve_encoder(self.model() or self.name))


@dataclass(frozen=True)
class ProposerChoice(PartChoice):
    """The proposer that a user asked for."""

    kind = "proposer"


class NoOptions(Config):
    """For proposers without options."""


def source_name(name: str, weights: str, settings: Mapping[str, object]) -> str:
    """Return ``name@digest``: equal names mean equal weights and settings.

    Args:
        name: The proposer.
        weights: Digest of its weights or data.
        settings: Everything else that its regions depend on, as JSON values.
    """
    text = json.dumps([weights, dict(settings)], sort_keys=True)
    return f"{name}@{hashlib.sha256(text.encode()).hexdigest()[:16]}"
