"""Posts' images to views: pictures and regions, prepared once each, faults by a stated policy."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from jaxtyping import Bool, Float, Int
from PIL import Image
from torch import Tensor

from gmf.core.errors import ImageError
from gmf.core.types import ImageInput, Sample, SlotOrigin
from gmf.data.image_report import ImageReport
from gmf.data.images import MAX_PIXELS, UnusableImageError, name_of, open_image, read_source
from gmf.data.regions import Box, crop_box

MissingImage = Literal["mask", "blank"]
#: A view's content: prepared pixels ``(3, height, width)``, or one map a stage from a cache.
ViewContent = Tensor | tuple[Tensor, ...]

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
        by_source: dict[Path | bytes, list[int]] = {}
        for position, view in enumerate(views):
            by_source.setdefault(view.source, []).append(position)
        found: dict[int, ViewContent | UnusableImageError] = {}
        for source, positions in by_source.items():
            pictures: dict[int, Image.Image] = {}
            try:
                image = open_image(source, max_pixels=self.max_pixels)
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
                found.update(zip(pictures, self._prepare(list(pictures.values())), strict=True))
        return [found[position] for position in range(len(views))]

    def _prepare(self, pictures: list[Image.Image]) -> Float[Tensor, "views 3 height width"]:
        pixels = self.processor(images=pictures, return_tensors="pt")["pixel_values"]
        if not isinstance(pixels, Tensor) or pixels.ndim != 4 or pixels.shape[1] != 3:
            raise ImageError(
                "the image processor must give pixel_values of shape (images, 3, height, width), "
                f"got {getattr(pixels, 'shape', type(pixels).__name__)}"
            )
        return pixels.to(torch.float32)


@dataclass(frozen=True)
class VisualFields:
    """The visual part of a batch; see `gmf.data.batch.Batch`."""

    views: Float[Tensor, "views 3 height width"] | None
    stage_maps: tuple[Float[Tensor, "views _ _ _"], ...] | None
    view_index: Int[Tensor, "batch slots"]
    view_is_region: Bool[Tensor, "batch slots"]
    view_is_blank: Bool[Tensor, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()


@dataclass(slots=True)
class _Slot:
    view: View
    origin: SlotOrigin
    index: int = -1

    @property
    def is_region(self) -> bool:
        return self.origin.region is not None


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
    rows = [_slots_of(sample.images, max_regions=max_regions) for sample in samples]
    contents: dict[View, ViewContent] = {}
    faults: dict[View, UnusableImageError] = {}
    _fetch([slot.view for row in rows for slot in row], source, contents, faults)
    blank = View(blank_picture())
    for sample, row in zip(samples, rows, strict=True):
        for position, slot in enumerate(row):
            fault = faults.get(slot.view)
            report.count_view(slot.view.source, slot.view.box, slot.is_region, fault)
            if fault:
                is_blank = not slot.is_region and missing_image == "blank"
                origin = replace(slot.origin, fault=str(fault), is_blank=is_blank)
                row[position] = _Slot(blank if is_blank else slot.view, origin)
        if not row and missing_image == "blank":
            row.append(_Slot(blank, SlotOrigin(None, is_blank=True)))
        report.count_blanks(sample, sum(slot.origin.is_blank for slot in row))
    if any(slot.origin.is_blank for row in rows for slot in row):
        _fetch([blank], source, contents, faults)
        if blank in faults:
            raise faults[blank]
    used: dict[View, int] = {}
    for slot in (slot for row in rows for slot in row if slot.view in contents):
        slot.index = used.setdefault(slot.view, len(used))
    return _assemble(rows, [contents[view] for view in used])


@cache
def blank_picture() -> bytes:
    """Return the stand-in for a missing image, a white PNG of 224 x 224 pixels."""
    buffer = BytesIO()
    Image.new("RGB", (224, 224), "white").save(buffer, format="PNG")
    return buffer.getvalue()


def _slots_of(images: Sequence[ImageInput], *, max_regions: int) -> list[_Slot]:
    slots: list[_Slot] = []
    for number, image in enumerate(images):
        slots.append(_Slot(View(image.source), SlotOrigin(number)))
        for position, region in enumerate(image.regions[:max_regions]):
            view = View(region.crop) if region.crop else View(image.source, region.box)
            slots.append(_Slot(view, SlotOrigin(number, position)))
    return slots


def _fetch(
    wanted: Sequence[View],
    source: ViewSource,
    contents: dict[View, ViewContent],
    faults: dict[View, UnusableImageError],
) -> None:
    distinct = list(dict.fromkeys(wanted))
    for view, outcome in zip(distinct, source.fetch(distinct), strict=True):
        if isinstance(outcome, UnusableImageError):
            faults[view] = outcome
        else:
            contents[view] = outcome


def _assemble(rows: list[list[_Slot]], contents: list[ViewContent]) -> VisualFields:
    width = max((len(row) for row in rows), default=0)
    index = torch.full((len(rows), width), -1, dtype=torch.long)
    is_region = torch.zeros((len(rows), width), dtype=torch.bool)
    is_blank = torch.zeros((len(rows), width), dtype=torch.bool)
    for number, row in enumerate(rows):
        for position, slot in enumerate(row):
            index[number, position] = slot.index
            is_region[number, position] = slot.is_region
            is_blank[number, position] = slot.origin.is_blank
    # A column without any view says nothing and would cost attention.
    kept = (index >= 0).any(dim=0)
    pixels = [content for content in contents if isinstance(content, Tensor)]
    maps = [content for content in contents if not isinstance(content, Tensor)]
    return VisualFields(
        views=_stack(pixels) if pixels else None,
        stage_maps=tuple(torch.stack(stage) for stage in zip(*maps, strict=True)) if maps else None,
        view_index=index[:, kept],
        view_is_region=is_region[:, kept],
        view_is_blank=is_blank[:, kept],
        slot_origins=tuple(tuple(slot.origin for slot in row) for row in rows),
    )


def _stack(pixels: list[Tensor]) -> Tensor:
    shapes = {tuple(view.shape) for view in pixels}
    if len(shapes) > 1:
        raise ImageError(
            f"the image processor gave views of different sizes {sorted(shapes)}; "
            "use one that resizes or crops to a fixed size"
        )
    return torch.stack(pixels)


def _without_extreme_sides(image: Image.Image) -> Image.Image:
    width, height = image.size
    most = MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= most:
        return image
    left, top = max(0, (width - most) // 2), max(0, (height - most) // 2)
    return image.crop((left, top, left + min(width, most), top + min(height, most)))
