"""Views to pixels: each image file opened once, its regions cut out, faults kept by position."""

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    threads: int = 1,
) -> FetchedViews:
    """Open each image once and return the pixels of the views of it.

    Args:
        views: What to open.
        prepare: Returns the pixels of opened images, those of one file at a time.
        max_pixels: Limit on width times height of an image.
        threads: Files that are opened and prepared side by side.

    Raises:
        ImageError: If the pixels of different images have different sizes.
    """
    by_source: dict[Path | bytes, list[int]] = {}
    for position, view in enumerate(views):
        by_source.setdefault(view.source, []).append(position)

    def read(
        source: Path | bytes,
    ) -> tuple[dict[int, UnusableImageError], dict[int, str], np.ndarray | None]:
        # Opened images go no further than here: many together would not fit in memory.
        faults, cuts = _cuts_of(source, views, by_source[source], max_pixels=max_pixels)
        notes = {position: substitution_of(cut) for position, cut in cuts.items()}
        return faults, notes, prepare(list(cuts.values())) if cuts else None

    faults: dict[int, UnusableImageError] = {}
    order: list[int] = []
    blocks: list[np.ndarray] = []
    substitutions: dict[int, str] = {}
    with _mapping(min(threads, len(by_source))) as each:
        for broken, notes, block in each(read, by_source):
            faults |= broken
            order += notes
            substitutions |= {position: text for position, text in notes.items() if text}
            blocks += [] if block is None else [block]
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


@contextmanager
def _mapping(threads: int) -> Generator[Callable[..., Iterable[Any]]]:
    """Give a ``map`` that works in so many threads; Pillow lets them run side by side."""
    if threads < 2:
        yield map
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="gmf-views") as pool:
        yield pool.map


def _cuts_of(
    source: Path | bytes, views: Sequence[View], positions: Sequence[int], *, max_pixels: int
) -> tuple[dict[int, UnusableImageError], dict[int, Image.Image]]:
    """Return the faults and the cuts of a file by position of their view."""
    faults: dict[int, UnusableImageError] = {}
    cuts: dict[int, Image.Image] = {}
    try:
        image = open_image(source, max_pixels=max_pixels)
    except UnusableImageError as fault:
        return dict.fromkeys(positions, fault), {}
    for position in positions:
        box = views[position].box
        try:
            cut = image if box is None else crop_box(image, box, name=name_of(source))
            cuts[position] = _without_extreme_sides(cut)
        except UnusableImageError as fault:
            faults[position] = fault
    return faults, cuts


def _without_extreme_sides(image: Image.Image) -> Image.Image:
    width, height = image.size
    most = MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= most:
        return image
    left, top = max(0, (width - most) // 2), max(0, (height - most) // 2)
    return image.crop((left, top, left + min(width, most), top + min(height, most)))
