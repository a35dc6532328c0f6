"""Samples' images to the views of a batch: each fetched once, faults by a stated policy."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int
from PIL import Image

from gmf.core.types import ImageInput, Sample, SlotOrigin
from gmf.data.image_report import ImageReport
from gmf.data.images import Box, UnusableImageError, name_of

if TYPE_CHECKING:
    from torch import Tensor

#: Prepared pixels ``(rows, 3, height, width)``, or one map a stage of a frozen image encoder, each
#: ``(rows, channels, height, width)``.
ViewContent: TypeAlias = np.ndarray | tuple["Tensor", ...]
MissingImage = Literal["mask", "blank"]


@dataclass(frozen=True, slots=True)
class View:
    """What an image encoder reads.

    Args:
        source: File or encoded bytes.
        box: Part of the upright image in pixels; ``None`` for all of it.
    """

    source: Path | bytes
    box: Box | None = None

    @property
    def name(self) -> str:
        """What it shows, for messages."""
        return name_of(self.source)


@dataclass(frozen=True)
class FetchedViews:
    """The contents of views in one block, and where in it each lies.

    Args:
        content: All contents; ``None`` when no view can be had.
        rows: Row of each view in the block; -1 where it cannot be had.
        faults: Why not, by position of the view.
        substitutions: What stands in for a part of a view, by its position.
    """

    content: ViewContent | None
    rows: Int[np.ndarray, " views"]
    faults: dict[int, UnusableImageError]
    substitutions: dict[int, str] = field(default_factory=dict[int, str])

    @classmethod
    def of(
        cls,
        content: ViewContent | None,
        *,
        faults: dict[int, UnusableImageError],
        substitutions: dict[int, str] | None = None,
        count: int,
    ) -> "FetchedViews":
        """Return a block that holds the views without fault in their order."""
        usable = np.array([position not in faults for position in range(count)], dtype=np.bool_)
        rows = np.where(usable, usable.cumsum() - 1, -1)
        return cls(content, rows, faults, substitutions or {})

    def content_of(self, position: int) -> ViewContent:
        """Return what one view holds, without the axis of rows.

        Raises:
            UnusableImageError: If it cannot be had.
        """
        if self.content is None or position in self.faults:
            raise self.faults[position]
        row = int(self.rows[position])
        if isinstance(self.content, tuple):
            return tuple(stage[row] for stage in self.content)
        return self.content[row]


@runtime_checkable
class ViewSource(Protocol):
    """Anything that delivers views: straight from files, or a cache laid over another source."""

    def fetch(self, views: Sequence[View]) -> FetchedViews:
        """Return the views' contents as one block, and the faults of those that have none."""
        ...


@dataclass(frozen=True)
class VisualFields:
    """The visual part of a batch; see `gmf.data.batch.Batch`."""

    content: ViewContent | None
    view_index: Int[np.ndarray, "batch slots"]
    view_is_region: Bool[np.ndarray, "batch slots"]
    view_is_blank: Bool[np.ndarray, "batch slots"]
    slot_origins: tuple[tuple[SlotOrigin, ...], ...] = ()
    view_keys: Int[np.ndarray, " views"] | None = None

    @classmethod
    def empty(cls, num_samples: int) -> "VisualFields":
        """Return the fields of samples whose images nobody reads."""
        none = np.zeros((num_samples, 0), dtype=np.int64)
        return cls(None, none, none.astype(np.bool_), none.astype(np.bool_))


@dataclass(slots=True)
class _Slot:
    view: View
    origin: SlotOrigin

    @property
    def is_region(self) -> bool:
        return self.origin.region is not None


def collate_views(
    samples: Sequence[Sample],
    *,
    source: ViewSource,
    max_regions: int,
    missing_image: MissingImage,
    report: ImageReport,
) -> VisualFields:
    """Fetch what samples show, each distinct view once.

    Args:
        samples: The samples.
        source: Where views come from.
        max_regions: First regions of each image to use, at least 0.
        missing_image: ``mask`` leaves an unusable image out. ``blank`` puts a white image in the
            place of an unusable one, and gives one to a sample that has none. An unusable region
            is always left out.
        report: Counts every outcome.
    """
    slots = [_slots_of(sample.images, max_regions=max_regions) for sample in samples]
    distinct = list(dict.fromkeys(slot.view for row in slots for slot in row))
    blank = View(blank_image()) if missing_image == "blank" else None
    if blank is not None and blank not in distinct:
        # Asked for before it is known to be needed: only so all contents come in one block.
        distinct.append(blank)
    fetched = source.fetch(distinct)
    faults = {distinct[position]: fault for position, fault in fetched.faults.items()}
    substitutions = {distinct[p]: text for p, text in fetched.substitutions.items()}
    for sample, row in zip(samples, slots, strict=True):
        _settle(sample, row, faults=faults, substitutions=substitutions, blank=blank, report=report)
    index = dict(zip(distinct, fetched.rows.tolist(), strict=True))
    return _assemble(slots, index, fetched.content)


def views_of(samples: Sequence[Sample], *, max_regions: int) -> list[View]:
    """Return the distinct views of samples in order: each image, its first regions after it."""
    slots = (slot for post in samples for slot in _slots_of(post.images, max_regions=max_regions))
    return list(dict.fromkeys(slot.view for slot in slots))


@cache
def blank_image() -> bytes:
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


def _settle(
    sample: Sample,
    slots: list[_Slot],
    *,
    faults: dict[View, UnusableImageError],
    substitutions: dict[View, str],
    blank: View | None,
    report: ImageReport,
) -> None:
    """Count a sample's slots, note their faults, and put blanks where the policy wants them."""
    for slot in slots:
        fault = faults.get(slot.view)
        substitution = substitutions.get(slot.view, "")
        report.count_view(
            slot.view.source, slot.view.box, slot.is_region, fault, substitution=substitution
        )
        slot.origin = replace(slot.origin, substitution=substitution)
        if fault:
            is_blank = blank is not None and not slot.is_region
            slot.origin = replace(slot.origin, fault=str(fault), is_blank=is_blank)
            slot.view = blank if blank is not None and is_blank else slot.view
    if not slots and blank is not None:
        slots.append(_Slot(blank, SlotOrigin(None, is_blank=True)))
    num_blanks = sum(slot.origin.is_blank for slot in slots)
    if num_blanks and blank in faults:
        raise faults[blank]
    report.count_blanks(sample, num_blanks)


def _assemble(
    slots: list[list[_Slot]], row_of: dict[View, int], content: ViewContent | None
) -> VisualFields:
    shape = len(slots), max(map(len, slots), default=0)
    index = np.full(shape, -1)
    is_region, is_blank = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for number, row in enumerate(slots):
        for position, slot in enumerate(row):
            index[number, position] = row_of[slot.view]
            is_region[number, position] = slot.is_region
            is_blank[number, position] = slot.origin.is_blank
    content, index = _in_order_of_use(content, index, num_rows=max(row_of.values(), default=-1) + 1)
    keys = {
        int(index[number, position]): _key_of(slot.view)
        for number, row in enumerate(slots)
        for position, slot in enumerate(row)
        if index[number, position] >= 0
    }
    # A column without any view says nothing and would cost attention.
    used = (index >= 0).any(axis=0)
    origins = tuple(tuple(slot.origin for slot in row) for row in slots)
    return VisualFields(
        content,
        index[:, used],
        is_region[:, used],
        is_blank[:, used],
        origins,
        np.array([keys[view] for view in sorted(keys)], dtype=np.int64),
    )


def _key_of(view: View) -> int:
    source = view.source if isinstance(view.source, bytes) else str(view.source).encode()
    digest = blake2b(source, digest_size=8)
    digest.update(repr(view.box).encode())
    return int.from_bytes(digest.digest(), signed=True)


def _in_order_of_use(
    content: ViewContent | None, index: np.ndarray, *, num_rows: int
) -> tuple[ViewContent | None, np.ndarray]:
    """Return the block of what is pointed at, in the order of the slots.

    Sources deliver it so but for blanks, which come last and may not be needed.
    """
    order = list(dict.fromkeys(row for row in index.flat if row >= 0))
    if content is None or not order:
        return None, index
    if order == list(range(len(order))):
        return take_rows(content, slice(len(order))), index
    new_row = np.full(num_rows + 1, -1)
    new_row[order] = np.arange(len(order))
    return take_rows(content, np.array(order)), new_row[index]


def take_rows(content: ViewContent, rows: Int[np.ndarray, " rows"] | slice) -> ViewContent:
    """Return some rows of a block, in the order given; without a copy if that is all of them."""
    if not isinstance(rows, slice):
        first = content[0] if isinstance(content, tuple) else content
        if len(rows) == len(first) and (rows == np.arange(len(rows))).all():
            return content
    return tuple(stage[rows] for stage in content) if isinstance(content, tuple) else content[rows]
