"""The places of pictures in a batch of posts; needs no tensor library."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal

import numpy as np
from jaxtyping import Bool, Int

from gmf.core.types import ImageInput, Sample, SlotOrigin
from gmf.data.image_report import ImageReport
from gmf.data.images import UnusableImageError
from gmf.data.pictures import Content, View, blank_picture

MissingImage = Literal["mask", "blank"]


@dataclass(frozen=True)
class FilledSlots(Generic[Content]):
    """Distinct views and where posts point at them; see `gmf.data.batch.Batch`."""

    contents: list[Content]
    view_index: Int[np.ndarray, "batch slots"]
    view_is_region: Bool[np.ndarray, "batch slots"]
    view_is_blank: Bool[np.ndarray, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...]


@dataclass(slots=True)
class _Slot:
    view: View
    origin: SlotOrigin
    index: int = -1

    @property
    def is_region(self) -> bool:
        return self.origin.region is not None


def fill_slots(
    samples: Sequence[Sample],
    *,
    fetch: Callable[[Sequence[View]], Sequence[Content | UnusableImageError]],
    max_regions: int,
    missing_image: MissingImage,
    report: ImageReport,
) -> FilledSlots[Content]:
    """Fetch what the posts show, each distinct view once.

    Args:
        samples: The posts.
        fetch: Returns, for each view in order, its content or why it cannot be had.
        max_regions: First regions of each image to use, at least 0.
        missing_image: ``mask`` leaves an unusable image out. ``blank`` puts a white picture in the
            place of an unusable image, and gives one to a post that has none. An unusable region
            is always left out.
        report: Counts every outcome.
    """
    rows = [_slots_of(sample.images, max_regions=max_regions) for sample in samples]
    contents, faults = _fetch([slot.view for row in rows for slot in row], fetch)
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
        blanks, blank_faults = _fetch([blank], fetch)
        if blank in blank_faults:
            raise blank_faults[blank]
        contents |= blanks
    used: dict[View, int] = {}
    for slot in (slot for row in rows for slot in row if slot.view in contents):
        slot.index = used.setdefault(slot.view, len(used))
    return _assemble(rows, [contents[view] for view in used])


def views_of(samples: Sequence[Sample], *, max_regions: int) -> list[View]:
    """Return the distinct views of the posts in order: each image, its first regions after it."""
    slots = (slot for post in samples for slot in _slots_of(post.images, max_regions=max_regions))
    return list(dict.fromkeys(slot.view for slot in slots))


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
    fetch: Callable[[Sequence[View]], Sequence[Content | UnusableImageError]],
) -> tuple[dict[View, Content], Mapping[View, UnusableImageError]]:
    distinct = list(dict.fromkeys(wanted))
    contents: dict[View, Content] = {}
    faults: dict[View, UnusableImageError] = {}
    for view, outcome in zip(distinct, fetch(distinct), strict=True):
        if isinstance(outcome, UnusableImageError):
            faults[view] = outcome
        else:
            contents[view] = outcome
    return contents, faults


def _assemble(rows: list[list[_Slot]], contents: list[Content]) -> FilledSlots[Content]:
    width = max((len(row) for row in rows), default=0)
    index = np.full((len(rows), width), -1, dtype=np.int64)
    is_region = np.zeros((len(rows), width), dtype=np.bool_)
    is_blank = np.zeros((len(rows), width), dtype=np.bool_)
    for number, row in enumerate(rows):
        for position, slot in enumerate(row):
            index[number, position] = slot.index
            is_region[number, position] = slot.is_region
            is_blank[number, position] = slot.origin.is_blank
    # A column without any view says nothing and would cost attention.
    kept = (index >= 0).any(axis=0)
    origins = tuple(tuple(slot.origin for slot in row) for row in rows)
    return FilledSlots(contents, index[:, kept], is_region[:, kept], is_blank[:, kept], origins)
