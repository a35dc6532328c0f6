"""One picture of a post: opened, cut, told apart by content; needs no tensor library."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from PIL import Image

from gmf.data.images import UnusableImageError, name_of, open_image, read_source
from gmf.data.regions import Box, crop_box

#: What a picture becomes for its reader: pixels or maps, in one library's arrays or another's.
Content = TypeVar("Content")

#: Longer pictures are cut to their middle: resized by the short side they would not fit in memory.
MAX_ASPECT_RATIO = 8


@dataclass(frozen=True, slots=True)
class View:
    """One picture that an image encoder reads.

    Args:
        source: File or encoded bytes.
        box: Part of the upright picture in pixels; ``None`` for all of it.
    """

    source: Path | bytes
    box: Box | None = None

    @property
    def name(self) -> str:
        """What it shows, for messages."""
        return name_of(self.source)


def content_key(view: View) -> str:
    """Return a digest of the encoded bytes and the box: equal pictures share it wherever they lie.

    Raises:
        UnusableImageError: If the file cannot be read.
    """
    digest = hashlib.sha256(read_source(view.source))
    digest.update(repr(view.box).encode())
    return digest.hexdigest()


@cache
def blank_picture() -> bytes:
    """Return the stand-in for a missing image, a white PNG of 224 x 224 pixels."""
    buffer = BytesIO()
    Image.new("RGB", (224, 224), "white").save(buffer, format="PNG")
    return buffer.getvalue()


def fetch_pictures(
    views: Sequence[View],
    *,
    prepare: Callable[[list[Image.Image]], Sequence[Content]],
    max_pixels: int,
) -> list[Content | UnusableImageError]:
    """Open and cut each file once, and return the content or the fault of each view.

    Args:
        views: What to open.
        prepare: Returns the content of opened pictures in order.
        max_pixels: Limit on width times height of a picture.
    """
    by_source: dict[Path | bytes, list[int]] = {}
    for position, view in enumerate(views):
        by_source.setdefault(view.source, []).append(position)
    found: dict[int, Content | UnusableImageError] = {}
    for source, positions in by_source.items():
        pictures: dict[int, Image.Image] = {}
        try:
            image = open_image(source, max_pixels=max_pixels)
        except UnusableImageError as fault:
            found.update(dict.fromkeys(positions, fault))
            continue
        for position in positions:
            box = views[position].box
            try:
                picture = image if box is None else crop_box(image, box, name=name_of(source))
                pictures[position] = _without_extreme_sides(picture)
            except UnusableImageError as fault:
                found[position] = fault
        if pictures:
            found.update(zip(pictures, prepare(list(pictures.values())), strict=True))
    return [found[position] for position in range(len(views))]


def _without_extreme_sides(image: Image.Image) -> Image.Image:
    width, height = image.size
    most = MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= most:
        return image
    left, top = max(0, (width - most) // 2), max(0, (height - most) // 2)
    return image.crop((left, top, left + min(width, most), top + min(height, most)))
