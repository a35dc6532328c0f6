"""Object detectors of transformers: DETR, RT-DETR, YOLOS, or any other of their kind."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import torch
from pydantic import Field
from transformers import AutoModelForObjectDetection

from gmf.core.config import Config
from gmf.core.types import Region
from gmf.encoders.image_processors import load_image_processor
from gmf.encoders.module_digest import digest_of_module
from gmf.regions.base import ProposerChoice, RegionRequest, Wordless, source_name
from gmf.regions.pretrained import freeze, load_pretrained

#: Proposer to model on the hub and its revision. The main revision of DETR needs timm.
HUB_MODELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "detr": ("facebook/detr-resnet-50", "no_timm"),
        "rt-detr": ("PekingU/rtdetr_r50vd", "main"),
        "yolos": ("hustvl/yolos-small", "main"),
    }
)


class DetectionConfig(Config):
    """Options of a detector.

    Args:
        min_score: Lowest confidence.
    """

    min_score: Annotated[float, Field(ge=0, le=1)] = 0.3


class DetectionProposer(Wordless):
    """Proposes what a detector sees.

    Args:
        name: ``detr``, ``rt-detr`` or ``yolos``: its default model on the hub.
        model: Folder or hub id of another model; ``None`` for the default.
        config: Options.
        device: Where it runs.

    Raises:
        EncoderError: If the model cannot be loaded.
    """

    needs_picture = True

    def __init__(
        self,
        name: str,
        *,
        model: str | None = None,
        config: DetectionConfig,
        device: torch.device | None = None,
    ) -> None:
        hub_id, revision = (model, "main") if model is not None else HUB_MODELS[name]
        self.config, self._device = config, device or torch.device("cpu")
        self._processor: Any = load_pretrained(load_image_processor, hub_id, revision=revision)
        detector = load_pretrained(
            AutoModelForObjectDetection.from_pretrained, hub_id, revision=revision
        )
        self._model = freeze(detector, self._device)
        settings = {**config.model_dump(), "processor": self._processor.to_dict()}
        self.source = source_name(name, digest_of_module(self._model), settings)

    @torch.inference_mode()
    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the detected objects of each image."""
        if not requests:
            return []
        images = [request.upright for request in requests]
        inputs = self._processor(images=images, return_tensors="pt").to(self._device)
        outputs = self._model(**inputs)
        detections = self._processor.post_process_object_detection(
            outputs,
            threshold=self.config.min_score,
            target_sizes=[(image.height, image.width) for image in images],
        )
        names: Mapping[int, str] = self._model.config.id2label
        return [
            regions_of(result, [names[int(n)] for n in result["labels"]]) for result in detections
        ]


def regions_of(result: Mapping[str, Any], labels: Sequence[str]) -> list[Region]:
    """Return a post-processed result's boxes and scores as regions.

    Args:
        result: ``boxes`` as corners in pixels, and ``scores``.
        labels: One a box.
    """
    boxes, scores = result["boxes"].tolist(), result["scores"].tolist()
    return [
        Region((left, top, right, bottom), label=label, score=min(1.0, max(0.0, score)))
        for (left, top, right, bottom), score, label in zip(boxes, scores, labels, strict=True)
    ]


def build_detection(choice: ProposerChoice) -> DetectionProposer:
    """Objects of the classes that a Hugging Face detector was trained on."""
    config = choice.parse(DetectionConfig)
    return DetectionProposer(choice.name, model=choice.model(), config=config, device=choice.device)
