"""Object regions: boxes to crops."""

import math

from PIL import Image

from gmf.data.images import FaultKind, UnusableImageError

Box = tuple[float, float, float, float]


def crop_box(image: Image.Image, box: Box, *, name: str) -> Image.Image:
    """Cut a box out of an upright picture.

    Args:
        image: The picture.
        box: ``(x1, y1, x2, y2)`` in pixels from the upper left corner; clipped to the picture and
            widened to whole pixels.
        name: The picture's name, for messages.

    Raises:
        UnusableImageError: If nothing of the box lies inside the picture.
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
        detail=f"box {box} has no area inside the picture of {width} x {height} pixels",
    )
