"""Image files to upright RGB: by content, within a pixel limit, faults named by kind."""

import math
import struct
import zlib
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gmf.core.errors import ImageError

#: ``(x1, y1, x2, y2)`` in pixels of an upright image.
Box = tuple[float, float, float, float]
#: Refuse larger images before they are decoded: width times height.
MAX_PIXELS = 50_000_000
#: Format of each ending of image files.
IMAGE_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
#: Decoders in use. Others (EPS, PSD, ...) are no formats of posts and widen the attack surface.
FORMATS = tuple(dict.fromkeys(IMAGE_SUFFIXES.values()))

_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


class FaultKind(StrEnum):
    """Why an image cannot be used."""

    ABSENT = "absent"
    NOT_AN_IMAGE = "not an image"
    BROKEN = "broken"
    TOO_LARGE = "too large"
    EMPTY_REGION = "empty region"


class UnusableImageError(ImageError):
    """An image cannot be used.

    Args:
        name: The file, or ``<N bytes>``.
        kind: Why.
        detail: What was found.
    """

    def __init__(self, name: str, *, kind: FaultKind, detail: str) -> None:
        self.name, self.kind, self.detail = name, kind, detail
        super().__init__(f"{name}: {kind.value}: {detail}")


class DecodedImage(bytes):
    """Encoded bytes that carry the image they were decoded to, so that it is decoded once.

    It is its bytes to whoever takes bytes: equal images are equal, and have one key in a cache.
    Nobody may change ``image``.
    """

    image: Image.Image

    @classmethod
    def of(cls, content: bytes, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Decode an image.

        Raises:
            UnusableImageError: See ``open_image``.
        """
        decoded = cls(content)
        decoded.image = open_image(content, max_pixels=max_pixels)
        return decoded


def name_of(source: Path | bytes) -> str:
    """Return a source's name for messages."""
    return str(source) if isinstance(source, Path) else f"<{len(source)} bytes>"


def read_source(source: Path | bytes) -> bytes:
    """Return the encoded bytes of an image.

    Raises:
        UnusableImageError: If the file is absent or cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except (OSError, ValueError) as error:
        is_absent = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise UnusableImageError(
            str(source),
            kind=FaultKind.ABSENT if is_absent else FaultKind.BROKEN,
            detail="no such file" if is_absent else f"cannot be read ({error})",
        ) from error


def open_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode an image to RGB.

    The format is told by content, never by name. EXIF orientation is applied, an animation gives
    its first frame, transparency is laid over white, 16 bits are scaled to 8.

    Args:
        source: File or encoded bytes (JPEG, PNG, GIF, WebP, BMP, TIFF).
        max_pixels: Limit on width times height, checked on the header before decoding.

    Raises:
        UnusableImageError: If the file is absent, no image, truncated, broken or too large.
    """
    if isinstance(source, DecodedImage) and math.prod(source.image.size) <= max_pixels:
        return source.image
    name = name_of(source)
    content = read_source(source)
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnusableImageError(
                    name,
                    kind=FaultKind.TOO_LARGE,
                    detail=f"{width} x {height} pixels, the limit is {max_pixels}",
                )
            return upright_rgb(image)
    except UnidentifiedImageError as error:
        detail = f"expected {', '.join(FORMATS)}" if content else "empty file"
        raise UnusableImageError(name, kind=FaultKind.NOT_AN_IMAGE, detail=detail) from error
    except _TOO_LARGE as error:
        raise UnusableImageError(name, kind=FaultKind.TOO_LARGE, detail=str(error)) from error
    except _BROKEN as error:
        raise UnusableImageError(
            name, kind=FaultKind.BROKEN, detail=str(error) or repr(error)
        ) from error


def crop_box(image: Image.Image, box: Box, *, name: str) -> Image.Image:
    """Cut a box out of an upright image.

    Args:
        image: The image.
        box: ``(x1, y1, x2, y2)`` in pixels from the upper left corner; clipped to the image and
            widened to whole pixels.
        name: The image's name, for messages.

    Raises:
        UnusableImageError: If nothing of the box lies inside the image.
    """
    width, height = image.size
    if all(map(math.isfinite, box)):
        left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
        right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
        if left < right and top < bottom:
            return image.crop((left, top, right, bottom))
    raise UnusableImageError(
        name,
        kind=FaultKind.EMPTY_REGION,
        detail=f"box {box} has no area inside the image of {width} x {height} pixels",
    )


def upright_rgb(image: Image.Image) -> Image.Image:
    """Return an opened image as ``open_image`` does: upright, RGB, transparency over white.

    Raises:
        OSError: Or others of Pillow's errors, if the content that is still unread is broken.
    """
    image.load()
    return _to_rgb(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        # Unreadable EXIF says nothing about the image itself.
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image.copy()
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit whole numbers, and real numbers by their own range, to 0..255."""
    numbers = np.nan_to_num(values.astype(np.float64))
    if values.dtype.kind == "f":
        low, high = float(numbers.min()), float(numbers.max())
        scaled = (numbers - low) * (255 / (high - low)) if high > low else numbers * 0
    else:
        scaled = numbers / 257
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
