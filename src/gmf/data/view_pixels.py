"""Views to pixels: each image file opened once, its regions cut out, faults kept by position."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from gmf.core.errors import ImageError
from gmf.data.images import UnusableImageError, crop_box, name_of, open_image, substitution_of
from gmf.data.views import FetchedViews, View

#: Longer images are cut to their middle: resized by the short side they would not fit in memory.
MAX_ASPECT_RATIO = 8


def prepare_views(
    views: Sequence[View],
    *,
    prepare: Callable[[list[Image.Image]], Float[np.ndarray, "images 3 height width"]],
    max_pixels: int,
) -> FetchedViews:
    """Open each image once and return the pixels of the views of it.

    Args:
        views: What to open.
        prepare: Returns the pixels of opened images, those of one file at a time.
        max_pixels: Limit on width times height of an image.

    Raises:
        ImageError: If the pixels of different images have different sizes.
    """
    faults: dict[int, UnusableImageError] = {}
    order: list[int] = []
    blocks: list[np.ndarray] = []
    substitutions: dict[int, str] = {}
    for cuts in _cuts_by_source(views, faults, max_pixels=max_pixels):
        order += cuts
        substitutions |= {p: text for p, cut in cuts.items() if (text := substitution_of(cut))}
        blocks.append(prepare(list(cuts.values())))
    shapes = {block.shape[1:] for block in blocks}
    if len(shapes) > 1:
        raise ImageError(
            f"the image processor gave views of different sizes {sorted(shapes)}; "
            "use one that resizes or crops to a fixed size"
        )
    rows = np.full(len(views), -1)
    rows[order] = np.arange(len(order))
    content = (blocks[0] if len(blocks) == 1 else np.concatenate(blocks)) if blocks else None
    return FetchedViews(content, rows, faults, substitutions)


def _cuts_by_source(
    views: Sequence[View], faults: dict[int, UnusableImageError], *, max_pixels: int
) -> Iterator[dict[int, Image.Image]]:
    """Yield the cuts of each file by position of their view; put faults where they belong."""
    by_source: dict[Path | bytes, list[int]] = {}
    for position, view in enumerate(views):
        by_source.setdefault(view.source, []).append(position)
    for source, positions in by_source.items():
        cuts: dict[int, Image.Image] = {}
        try:
            image = open_image(source, max_pixels=max_pixels)
        except UnusableImageError as fault:
            faults.update(dict.fromkeys(positions, fault))
            continue
        for position in positions:
            box = views[position].box
            try:
                cut = image if box is None else crop_box(image, box, name=name_of(source))
                cuts[position] = _without_extreme_sides(cut)
            except UnusableImageError as fault:
                faults[position] = fault
        if cuts:
            yield cuts


def _without_extreme_sides(image: Image.Image) -> Image.Image:
    width, height = image.size
    most = MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= most:
        return image
    left, top = max(0, (width - most) // 2), max(0, (height - most) // 2)
    return image.crop((left, top, left + min(width, most), top + min(height, most)))
