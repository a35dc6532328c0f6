"""Which of the proposed regions are kept, and in which order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from gmf.core.config import Config
from gmf.core.types import Region
from gmf.data.images import Box

Share = Annotated[float, Field(ge=0, le=1)]


class RegionFilter(Config):
    """Limits on regions. Ready crops have no box and pass the limits on area and overlap.

    Args:
        min_score: Lowest confidence.
        min_area_ratio: Smallest area as a share of the image.
        max_area_ratio: Largest area as a share of the image: the whole image is a view anyway.
        max_overlap: Highest intersection over union with a region that was kept before.
        max_regions: Most regions of an image.
    """

    min_score: Share = 0.0
    min_area_ratio: Share = 0.002
    max_area_ratio: Share = 0.95
    max_overlap: Share = 0.7
    max_regions: Annotated[int, Field(ge=0)] = 3


def filter_regions(
    regions: Sequence[Region], *, limits: RegionFilter, size: tuple[int, int] | None
) -> tuple[Region, ...]:
    """Clip, choose and order the regions of one image.

    The order is by score, then area, then place and label, so it does not depend on the order in
    which they came.

    Args:
        regions: What a proposer found.
        limits: What to keep.
        size: Width and height of the image in pixels; ``None`` when unknown, then boxes are not
            clipped, pass the limits on area, and are ordered as if of equal area.

    Returns:
        At most ``limits.max_regions`` regions, best first; boxes rounded to a hundredth of a pixel.
    """
    ranked = sorted((_clipped(region, size) for region in regions), key=lambda r: _rank(r, size))
    regions_so_far: list[Region] = []
    for region in ranked:
        if len(regions_so_far) == limits.max_regions:
            break
        if region.score < limits.min_score or not _has_fitting_area(region, limits, size):
            continue
        if region.box is not None and any(
            other.box is not None and overlap(region.box, other.box) > limits.max_overlap
            for other in regions_so_far
        ):
            continue
        regions_so_far.append(region)
    return tuple(regions_so_far)


def suppress(
    boxes: Float[np.ndarray, "boxes 4"],
    scores: Float[np.ndarray, " boxes"],
    *,
    max_overlap: float,
    classes: Int[np.ndarray, " boxes"] | None = None,
) -> list[int]:
    """Return the boxes that no better box overlaps too much, best first.

    Args:
        boxes: ``(x1, y1, x2, y2)``.
        scores: Confidence of each; of equal ones the earlier box comes first.
        max_overlap: Highest intersection over union.
        classes: Only boxes of one class suppress each other; ``None`` for all.
    """
    order = np.argsort(-scores, kind="stable")
    chosen: list[int] = []
    while order.size:
        best, order = order[0], order[1:]
        chosen.append(int(best))
        too_near = overlaps(boxes[best], boxes[order]) > max_overlap
        if classes is not None:
            too_near &= classes[order] == classes[best]
        order = order[~too_near]
    return chosen


def overlaps(
    box: Float[np.ndarray, " 4"], others: Float[np.ndarray, "boxes 4"]
) -> Float[np.ndarray, " boxes"]:
    """Return the intersection over union of a box with each of others; 0 when both are empty."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    extents = np.clip(np.vstack([box, others])[:, 2:] - np.vstack([box, others])[:, :2], 0, None)
    areas = np.prod(extents, axis=1)
    union = areas[0] + areas[1:] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes; 0 when both are empty."""
    return float(overlaps(np.array(first, dtype=float), np.array([second], dtype=float))[0])


def area(box: Box) -> float:
    """Return the area of a box in square pixels; 0 for one whose sides are swapped."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _clipped(region: Region, size: tuple[int, int] | None) -> Region:
    if region.box is None:
        return region
    left, top, right, bottom = region.box
    if size is not None:
        width, height = size
        left, right = max(0.0, left), min(float(width), right)
        top, bottom = max(0.0, top), min(float(height), bottom)
    box = (round(left, 2), round(top, 2), round(right, 2), round(bottom, 2))
    return replace(region, box=box, score=round(region.score, 4))


def _rank(region: Region, size: tuple[int, int] | None) -> tuple[object, ...]:
    covered = area(region.box) if region.box is not None and size is not None else 0.0
    return (-region.score, -covered, region.box or (), str(region.crop or ""), region.label)


def _has_fitting_area(region: Region, limits: RegionFilter, size: tuple[int, int] | None) -> bool:
    if region.box is None:
        return True
    covered = area(region.box)
    if size is None or covered <= 0:
        return covered > 0
    share = covered / (size[0] * size[1])
    return limits.min_area_ratio <= share <= limits.max_area_ratio
