"""Parts of others that work on images: what they build and return is told in words."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from gmf.core.part_checks import drawn, fault_of_built, list_of
from gmf.core.registry import Registry
from gmf.core.types import Region
from gmf.regions.base import PartChoice, Proposer, RegionRequest

PartT = TypeVar("PartT")


def built(
    registry: Registry[Callable[[Any], PartT]], choice: PartChoice, kind: type[PartT]
) -> PartT:
    """Return what a part builds from a choice.

    Args:
        registry: Where it is.
        choice: What the user asked for.
        kind: The protocol that it follows.

    Raises:
        ConfigError: If the part raises anything but an error of gmf, or builds something else.
    """
    with registry.named_in_errors(choice.name):
        part = registry.get(choice.name)(choice)
        if fault := fault_of_built(part, kind):
            raise TypeError(fault)
    return part


class CheckedProposer:
    """A proposer of others whose answers are checked.

    Args:
        proposer: The proposer.
        named: Names it in errors.

    Attributes:
        source: Its source.
        needs_picture: Whether it leaves out images that cannot be read.
    """

    def __init__(
        self, proposer: Proposer, named: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._proposer, self._named = proposer, named
        self.source, self.needs_picture = proposer.source, proposer.needs_picture

    def queries_of(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """Return what is looked for in an image.

        Raises:
            ConfigError: If that is no list of texts.
        """
        with self._named():
            queries = drawn(self._proposer.queries_of(texts))
            return list_of(str, queries, what="queries_of: expected a list of texts")

    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the regions of each image.

        Raises:
            ConfigError: If what comes is no list of regions for each image.
            ValueError: If a region cannot be one of its image.
        """
        answer = drawn(self._proposer.propose(requests))
        with self._named():
            what = "propose: expected a list of regions for each image"
            answers = list_of(object, answer, what=what, count=len(requests))
            regions = [list_of(Region, drawn(each), what=what) for each in answers]
        return [
            [_checked(region, request) for region in each]
            for each, request in zip(regions, requests, strict=True)
        ]


def _checked(region: Region, request: RegionRequest) -> Region:
    """Return a region with plain numbers.

    Raises:
        ValueError: If it cannot be one of its image.
    """
    box = region.box
    if (box is None) == (region.crop is None):
        raise ValueError(f"{region}: expected either a box or a crop")
    if not isinstance(region.crop, Path | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"crop: expected a pathlib.Path, got {region.crop!r:.100}")
    if not isinstance(region.label, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"label: expected text, got {region.label!r:.100}")
    score = float(region.score)
    if not 0 <= score <= 1:
        raise ValueError(f"score: expected a number from 0 to 1, got {score}")
    if box is None:
        return replace(region, score=score)
    numbers = [float(number) for number in box]
    width, height = request.image.size if request.image else (math.inf, math.inf)
    if len(numbers) != 4 or not (
        numbers[0] <= numbers[2] and numbers[1] <= numbers[3] and all(map(math.isfinite, numbers))
    ):
        raise ValueError(f"box: expected (left, top, right, bottom) in pixels, got {box!r:.100}")
    left, top, right, bottom = numbers
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        raise ValueError(f"box {box!r:.100} lies outside the image of {width} x {height} pixels")
    return replace(region, box=(left, top, right, bottom), score=score)
