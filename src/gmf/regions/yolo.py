"""YOLOv3-tiny: 80 COCO classes, from the published Darknet weights.

Source: Redmon and Farhadi, YOLOv3 (2018), Sect. 2.1. Departs from the shipped description: the fine
head reads anchors 1, 2, 3, with which the weights were trained, not 0, 1, 2.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from pydantic import Field
from torch import Tensor

from gmf.core.config import Config
from gmf.core.errors import EncoderError
from gmf.core.types import Region
from gmf.encoders.digest import read_digest
from gmf.regions.base import ProposerChoice, RegionRequest, Wordless, source_name
from gmf.regions.darknet import Darknet, YoloHead, read_sections
from gmf.regions.filters import suppress

#: Anchors of the fine head, in pixels of a 416-pixel input.
FINE_ANCHORS = ((23.0, 27.0), (37.0, 58.0), (81.0, 82.0))
_GREY = (128, 128, 128)


class YoloConfig(Config):
    """Options of YOLOv3-tiny.

    Args:
        min_score: Lowest confidence that is considered: objectness times class probability.
        max_overlap: Highest intersection over union of two boxes of one class.
    """

    min_score: Annotated[float, Field(gt=0, le=1)] = 0.1
    max_overlap: Annotated[float, Field(ge=0, le=1)] = 0.45


class YoloProposer(Wordless):
    """Detects objects with YOLOv3-tiny.

    Args:
        folder: The installed model: description, weights, class names.
        config: Options.
        device: Where it runs.

    Raises:
        EncoderError: If a file is absent or does not fit the others.
    """

    needs_picture = True

    def __init__(
        self, folder: Path, *, config: YoloConfig, device: torch.device | None = None
    ) -> None:
        self.config, self._device = config, device or torch.device("cpu")
        self._network = Darknet(read_sections(folder / "yolov3-tiny.cfg"))
        coarse, fine = self._network.heads
        self._heads = (coarse, replace(fine, anchors=FINE_ANCHORS))
        self._network.load_weights(folder / "yolov3-tiny.weights")
        self._network.eval().to(self._device)
        names = (folder / "coco.names").read_text(encoding="utf-8").split("\n")
        self._names = [name for name in names if name]
        if len(self._names) != coarse.num_classes:
            raise EncoderError(f"{folder}: {len(self._names)} names, {coarse.num_classes} classes")
        self.source = source_name("yolov3-tiny", read_digest(folder), config.model_dump())

    @torch.inference_mode()
    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the detected objects of each image."""
        if not requests:
            return []
        size = self._network.input_size
        images = [request.upright for request in requests]
        pixels = torch.stack([letterbox(image, size=size) for image in images])
        maps = self._network(pixels.to(self._device))
        decoded = [decode(m, h, size) for m, h in zip(maps, self._heads, strict=True)]
        boxes = torch.cat([box for box, _ in decoded], dim=1).cpu().numpy()
        scores = torch.cat([score for _, score in decoded], dim=1).cpu().numpy()
        return [
            self._regions(boxes[row], scores[row], image.size) for row, image in enumerate(images)
        ]

    def _regions(
        self,
        boxes: Float[np.ndarray, "boxes 4"],
        scores: Float[np.ndarray, "boxes classes"],
        size: tuple[int, int],
    ) -> list[Region]:
        rows, classes = np.nonzero(scores >= self.config.min_score)
        boxes = undo_letterbox(boxes[rows], size=size, input_size=self._network.input_size)
        # A box may be endless, since its size is an exponential.
        boxes = np.clip(boxes, 0, np.array(size * 2, dtype=np.float32))
        values = scores[rows, classes]
        chosen = suppress(boxes, values, max_overlap=self.config.max_overlap, classes=classes)
        return [
            Region(
                (float(boxes[n][0]), float(boxes[n][1]), float(boxes[n][2]), float(boxes[n][3])),
                label=self._names[classes[n]],
                score=float(values[n]),
            )
            for n in chosen
        ]


def letterbox(image: Image.Image, *, size: int) -> Float[Tensor, "3 size size"]:
    """Fit an image into a grey square and return values in [0, 1]."""
    width, height, left, top = _placement(image.size, size)
    canvas = Image.new("RGB", (size, size), _GREY)
    canvas.paste(image.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return torch.from_numpy(np.array(canvas)).permute(2, 0, 1).float() / 255


def undo_letterbox(
    boxes: Float[np.ndarray, "boxes 4"], *, size: tuple[int, int], input_size: int
) -> Float[np.ndarray, "boxes 4"]:
    """Map boxes from the grey square back to pixels of the image.

    Args:
        boxes: Boxes in pixels of the square.
        size: Width and height of the image.
        input_size: Side of the square.
    """
    width, height, left, top = _placement(size, input_size)
    scale = np.array([size[0] / width, size[1] / height] * 2, dtype=np.float32)
    return (boxes - np.array([left, top] * 2, dtype=np.float32)) * scale


def decode(
    raw: Float[Tensor, "batch filters rows columns"], head: YoloHead, input_size: int
) -> tuple[Float[Tensor, "batch boxes 4"], Float[Tensor, "batch boxes classes"]]:
    """Read boxes and class scores off one head's map.

    Centre ``(sigmoid(t_x) + column) / columns``, size ``anchor * exp(t_w)``, score
    ``sigmoid(t_o) * sigmoid(class)``.

    Args:
        raw: The map.
        head: Its anchors and classes.
        input_size: Side of the network's input in pixels.

    Returns:
        Boxes in pixels of the input, and a score for each class.
    """
    batch, _, rows, columns = raw.shape
    anchors = raw.new_tensor(head.anchors)
    values = raw.view(batch, len(anchors), 5 + head.num_classes, rows, columns)
    values = values.permute(0, 3, 4, 1, 2)
    row, column = torch.meshgrid(
        torch.arange(rows, device=raw.device),
        torch.arange(columns, device=raw.device),
        indexing="ij",
    )
    cells = torch.stack([column, row], dim=-1)[:, :, None, :]
    grid = raw.new_tensor([columns, rows])
    centre = (values[..., :2].sigmoid() + cells) / grid * input_size
    half = anchors * values[..., 2:4].exp() / 2
    scores = values[..., 4:5].sigmoid() * values[..., 5:].sigmoid()
    return torch.cat([centre - half, centre + half], dim=-1).flatten(1, 3), scores.flatten(1, 3)


def _placement(size: tuple[int, int], target: int) -> tuple[int, int, int, int]:
    """Return width, height, left and top of an image fitted into a square."""
    scale = target / max(size)
    width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return width, height, (target - width) // 2, (target - height) // 2


def build_yolo(choice: ProposerChoice) -> YoloProposer:
    """Objects of 80 COCO classes by YOLOv3-tiny, packaged."""
    config = choice.parse(YoloConfig)
    return YoloProposer(choice.packaged_model(), config=config, device=choice.device)
