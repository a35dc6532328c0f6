"""Images to pixels without torch: what an image processor does, from a few plain numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image
from pydantic import Field

from gmf.core.config import Config
from gmf.core.errors import ExportError

#: Greatest difference of a pixel value from the image processor's own.
TOLERANCE = 1e-5
#: Width and height of the images on which the two are compared: both sides, and extreme ones.
_PROBES = ((320, 200), (97, 231), (64, 64), (40, 300))


class ImagePreparation(Config):
    """How an image becomes an array: resize, crop to the middle, scale, normalise.

    Args:
        size: Height and width to resize to; ``None`` when the short side says it.
        short_side: Length of the short side after resizing; ``None`` when ``size`` says it.
        resample: Pillow's number of the filter.
        crop: Height and width of the middle that is kept; ``None`` for all.
        scale: Factor of the bytes.
        mean: Subtracted from each channel after scaling.
        std: Divides each channel after that.
    """

    size: tuple[int, int] | None = None
    short_side: int | None = Field(default=None, ge=1)
    resample: int = Field(ge=0, le=5)
    crop: tuple[int, int] | None = None
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(3, height, width)`` of every prepared image.

        Raises:
            ExportError: If images keep sizes of their own.
        """
        fixed = self.crop or self.size
        if fixed is None:
            raise ExportError("the image processor keeps sizes; use one that crops to a fixed size")
        return 3, *fixed

    def prepare(self, image: Image.Image) -> Float[np.ndarray, "3 height width"]:
        """Return an image's pixels.

        Args:
            image: In RGB.
        """
        size = self.size or self._proportional(image)
        image = image.resize((size[1], size[0]), resample=Image.Resampling(self.resample))
        if self.crop is not None:
            height, width = self.crop
            left, top = (image.width - width) // 2, (image.height - height) // 2
            image = image.crop((left, top, left + width, top + height))
        pixels = (np.asarray(image).astype(np.float64) * self.scale).astype(np.float32)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1))

    def _proportional(self, image: Image.Image) -> tuple[int, int]:
        if self.short_side is None:
            return image.height, image.width
        short, long = sorted((image.height, image.width))
        long = int(self.short_side * long / short)
        is_tall = image.height > image.width
        return (long, self.short_side) if is_tall else (self.short_side, long)


def preparation_of(processor: Callable[..., Mapping[str, Any]]) -> ImagePreparation:
    """Return what a Hugging Face image processor does as plain numbers.

    Args:
        processor: The image processor of an image encoder.

    Raises:
        ExportError: If it does anything else; found by comparing the two on noise.
    """
    options: Any = processor
    name = type(processor).__name__
    try:
        preparation = _read_options(options)
    except (AttributeError, TypeError, ValueError) as error:
        raise ExportError(
            f"image processor {name}: its options are not understood: {error}"
        ) from error
    noise = np.random.default_rng(0)
    for width, height in _PROBES:
        image = Image.fromarray(noise.integers(0, 256, (height, width, 3), np.uint8))
        wanted = np.asarray(processor(images=[image], return_tensors="np")["pixel_values"])[0]
        prepared = preparation.prepare(image)
        if prepared.shape != wanted.shape or np.abs(prepared - wanted).max() > TOLERANCE:
            raise ExportError(
                f"image processor {name}: does more than resizing, cropping, scaling and "
                "normalising, or does them otherwise; such a model cannot be exported"
            )
    return preparation


def _read_options(options: Any) -> ImagePreparation:
    size = _pair(options.size) if options.do_resize else None
    short_side = options.size.shortest_edge if options.do_resize and size is None else None
    crop = _pair(options.crop_size) if getattr(options, "do_center_crop", False) else None
    crop_share = getattr(options, "crop_pct", None)
    if crop_share is not None and short_side is not None:
        # The processor of ConvNeXt and ResNet: below 384 it resizes by crop_pct and cuts the rest.
        crop = (short_side, short_side) if short_side < _WARPED_FROM else None
        size = None if crop else (short_side, short_side)
        short_side = int(short_side / crop_share) if crop else None
    return ImagePreparation(
        size=size,
        short_side=short_side,
        resample=int(options.resample),
        crop=crop,
        scale=float(options.rescale_factor) if options.do_rescale else 1.0,
        mean=_triple(options.image_mean) if options.do_normalize else (0.0, 0.0, 0.0),
        std=_triple(options.image_std) if options.do_normalize else (1.0, 1.0, 1.0),
    )


_WARPED_FROM = 384


def _pair(size: Any) -> tuple[int, int] | None:
    return (int(size.height), int(size.width)) if size.height and size.width else None


def _triple(values: float | Sequence[float]) -> tuple[float, float, float]:
    listed = [values] * 3 if isinstance(values, int | float) else list(values)
    first, second, third = map(float, listed)
    return first, second, third
