"""Regions of images that come without: found by a proposer, filtered as for training data."""

from dataclasses import replace

from gmf.core.types import Sample
from gmf.data.images import open_image
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

    def complete(self, sample: Sample) -> Sample:
        """Return the sample, its images without regions with those that the proposer finds.

        Args:
            sample: A sample whose images can be read; proposers may look for what its words name.
        """
        images = list(sample.images)
        bare = [number for number, image in enumerate(images) if not image.regions]
        requests = [
            RegionRequest(str(number), open_image(images[number].source), texts=(sample.tokens,))
            for number in bare
        ]
        for request, number, proposed in zip(
            requests, bare, self.proposer.propose(requests), strict=True
        ):
            regions = filter_regions(proposed, limits=self.limits, size=request.upright.size)
            images[number] = replace(images[number], regions=regions)
        return replace(sample, images=tuple(images))
