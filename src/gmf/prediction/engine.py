"""What a pipeline needs of a model, whatever runs it."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock

from gmf.core.types import Prediction, Sample
from gmf.data.image_report import ImageReport
from gmf.inference.long_posts import LongPosts
from gmf.inference.loop import Counting


class Engine(ABC):
    """A loaded model; may be used by many threads at once.

    Args:
        name: Registered name of the model.
        types: Entity types that it predicts.
        reads_images: Whether it uses images at all.
        max_regions: First regions of each image that it uses.

    Attributes:
        report: What became of the images so far. An image counts once a window of samples.
    """

    def __init__(
        self, name: str, *, types: tuple[str, ...], reads_images: bool, max_regions: int
    ) -> None:
        self.name, self.types, self.report = name, types, ImageReport()
        self.reads_images, self.max_regions = reads_images, max_regions
        self._lock = Lock()

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        long: LongPosts = "split",
        report: ImageReport | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory.

        Args:
            samples: Any number of samples.
            batch_size: Samples of one pass.
            explain: Whether to fill ``Prediction.explanation``.
            long: What becomes of samples that are longer than the model reads.
            report: Counts the images instead of the engine's own.
        """
        counting = partial(self._counting, self.report if report is None else report)
        return self.run(
            samples, counting=counting, batch_size=batch_size, explain=explain, long=long
        )

    @abstractmethod
    def run(
        self,
        samples: Iterable[Sample],
        *,
        counting: Counting,
        batch_size: int,
        explain: bool,
        long: LongPosts,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order; see ``gmf.inference.loop.predict``."""

    @contextmanager
    def _counting(self, total: ImageReport) -> Generator[ImageReport]:
        # Each window has a report of its own: threads do not meet, and what a report remembers to
        # count an image once does not grow with the number of samples.
        counted = ImageReport()
        try:
            yield counted
        finally:
            with self._lock:
                total.merge(counted)
