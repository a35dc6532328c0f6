"""Posts' images to views: pictures and regions, prepared once each, faults by a stated policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from jaxtyping import Bool, Float, Int
from PIL import Image
from torch import Tensor

from gmf.core.errors import ImageError
from gmf.core.types import Sample, SlotOrigin
from gmf.data.image_report import ImageReport
from gmf.data.images import MAX_PIXELS, UnusableImageError
from gmf.data.pictures import (
    MAX_ASPECT_RATIO,
    View,
    blank_picture,
    content_key,
    fetch_pictures,
)
from gmf.data.slots import MissingImage, fill_slots

__all__ = [
    "MAX_ASPECT_RATIO",
    "DirectViews",
    "MissingImage",
    "View",
    "ViewContent",
    "ViewSource",
    "VisualFields",
    "blank_picture",
    "build_views",
    "content_key",
]

#: A view's content: prepared pixels ``(3, height, width)``, or one map a stage from a cache.
ViewContent = Tensor | tuple[Tensor, ...]


class ViewSource(Protocol):
    """Anything that delivers views: straight from files, or a cache laid over another source."""

    def fetch(self, views: Sequence[View]) -> list[ViewContent | UnusableImageError]:
        """Return, for each view in order, its content or why it cannot be had."""
        ...


class DirectViews:
    """Read and prepare views straight from their files; nothing is kept.

    Args:
        processor: The encoder's own Hugging Face image processor (PIL backend).
        max_pixels: Limit on width times height of a picture.
    """

    def __init__(
        self, processor: Callable[..., Mapping[str, Any]], *, max_pixels: int = MAX_PIXELS
    ) -> None:
        self.processor, self.max_pixels = processor, max_pixels

    def fetch(self, views: Sequence[View]) -> list[ViewContent | UnusableImageError]:
        """Return prepared pixels ``(3, height, width)`` or the fault of each view."""
        return fetch_pictures(views, prepare=self._prepare, max_pixels=self.max_pixels)

    def _prepare(self, pictures: list[Image.Image]) -> list[ViewContent]:
        pixels = self.processor(images=pictures, return_tensors="pt")["pixel_values"]
        if not isinstance(pixels, Tensor) or pixels.ndim != 4 or pixels.shape[1] != 3:
            raise ImageError(
                "the image processor must give pixel_values of shape (images, 3, height, width), "
                f"got {getattr(pixels, 'shape', type(pixels).__name__)}"
            )
        return list(pixels.to(torch.float32))


@dataclass(frozen=True)
class VisualFields:
    """The visual part of a batch; see `gmf.data.batch.Batch`."""

    views: Float[Tensor, "views 3 height width"] | None
    stage_maps: tuple[Float[Tensor, "views _ _ _"], ...] | None
    view_index: Int[Tensor, "batch slots"]
    view_is_region: Bool[Tensor, "batch slots"]
    view_is_blank: Bool[Tensor, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()


def build_views(
    samples: Sequence[Sample],
    *,
    source: ViewSource,
    max_regions: int,
    missing_image: MissingImage,
    report: ImageReport,
) -> VisualFields:
    """Fetch what the posts show, each distinct view once.

    Args:
        samples: The posts.
        source: Where views come from.
        max_regions: First regions of each image to use, at least 0.
        missing_image: ``mask`` leaves an unusable image out. ``blank`` puts a white picture in the
            place of an unusable image, and gives one to a post that has none. An unusable region
            is always left out.
        report: Counts every outcome.
    """
    filled = fill_slots(
        samples,
        fetch=source.fetch,
        max_regions=max_regions,
        missing_image=missing_image,
        report=report,
    )
    pixels = [content for content in filled.contents if isinstance(content, Tensor)]
    maps = [content for content in filled.contents if not isinstance(content, Tensor)]
    return VisualFields(
        views=_stack(pixels) if pixels else None,
        stage_maps=tuple(map(stack_rows, zip(*maps, strict=True))) if maps else None,
        view_index=torch.from_numpy(filled.view_index),
        view_is_region=torch.from_numpy(filled.view_is_region),
        view_is_blank=torch.from_numpy(filled.view_is_blank),
        slot_origins=filled.slot_origins,
    )


def stack_rows(rows: Sequence[Float[Tensor, "..."]]) -> Float[Tensor, "rows ..."]:
    """Return tensors of one shape as one; without a copy where they lie so already.

    Caches deliver the views of a batch side by side, so that what is large is not moved twice.
    """
    first = rows[0]
    size, start = first.numel(), first.storage_offset()
    if all(
        row.is_contiguous()
        and row.storage_offset() == start + number * size
        and row.untyped_storage().data_ptr() == first.untyped_storage().data_ptr()
        for number, row in enumerate(rows)
    ):
        return first.as_strided((len(rows), *first.shape), (size, *first.stride()), start)
    return torch.stack(list(rows))


def _stack(pixels: list[Tensor]) -> Tensor:
    shapes = {tuple(view.shape) for view in pixels}
    if len(shapes) > 1:
        raise ImageError(
            f"the image processor gave views of different sizes {sorted(shapes)}; "
            "use one that resizes or crops to a fixed size"
        )
    return stack_rows(pixels)
