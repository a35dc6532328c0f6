"""Regions of images that come without: found by a proposer, filtered as for training data."""

from collections.abc import Sequence
from dataclasses import replace

from gmf.core.types import ImageInput
from gmf.data.images import open_image
from gmf.data.tokenize import tokenize
from gmf.regions.base import Proposer, RegionRequest
from gmf.regions.filters import RegionFilter, filter_regions


class RegionFinder:
    """Completes images with regions.

    Args:
        proposer: Finds objects.
        limits: Which of them are kept.
    """

    def __init__(self, proposer: Proposer, *, limits: RegionFilter) -> None:
        self.proposer, self.limits = proposer, limits

    def complete(self, images: Sequence[ImageInput], *, text: str) -> list[ImageInput]:
        """Return the images, those without regions with what was found in them.

        Args:
            images: Images that can be read.
            text: The post, for proposers that look for what it speaks of.
        """
        bare = [place for place, image in enumerate(images) if not image.regions]
        words = tokenize(text)[0]
        requests = [
            RegionRequest(str(place), open_image(images[place].source), texts=(words,))
            for place in bare
        ]
        completed = list(images)
        for request, place, found in zip(
            requests, bare, self.proposer.propose(requests), strict=True
        ):
            regions = filter_regions(found, limits=self.limits, size=request.upright.size)
            completed[place] = replace(images[place], regions=regions)
        return completed
