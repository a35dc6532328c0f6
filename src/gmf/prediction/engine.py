"""What a pipeline needs of a model, whatever runs it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from typing import Protocol

from gmf.core.types import Prediction, Sample
from gmf.data.image_report import ImageReport
from gmf.inference.loop import WINDOW


class Engine(Protocol):
    """A loaded model; may be used by many threads at once.

    Attributes:
        name: Registered name of the model.
        types: Entity types that it predicts.
        reads_images: Whether it uses images at all.
        max_regions: First regions of each image that it uses.
        report: What became of the images so far. A picture counts once a window of posts.
    """

    name: str
    types: tuple[str, ...]
    reads_images: bool
    max_regions: int
    report: ImageReport

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        report: ImageReport | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory.

        Args:
            samples: Any number of samples.
            batch_size: Samples of one pass.
            explain: Whether to fill ``Prediction.explanation``.
            report: Counts the images instead of the engine's own.
        """
        ...


class WindowedEngine(ABC):
    """Base of engines: hands on window by window and adds up what became of the images.

    Args:
        name: Registered name of the model.
        types: Entity types that it predicts.
        reads_images: Whether it uses images at all.
        max_regions: First regions of each image that it uses.
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
        report: ImageReport | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory; see ``Engine``."""
        source = iter(samples)
        while window := list(islice(source, WINDOW * batch_size)):
            # Each window has a report of its own: threads do not meet, and what a report remembers
            # to count a picture once does not grow with the number of posts.
            counted = ImageReport()
            try:
                yield from self.predict_window(
                    window, report=counted, batch_size=batch_size, explain=explain
                )
            finally:
                with self._lock:
                    (self.report if report is None else report).merge(counted)

    @abstractmethod
    def predict_window(
        self, window: list[Sample], *, report: ImageReport, batch_size: int, explain: bool
    ) -> Iterator[Prediction]:
        """Yield the prediction of each sample of a window, in order.

        Args:
            window: Samples.
            report: Counts what became of their images.
            batch_size: Samples of one pass.
            explain: Whether to fill ``Prediction.explanation``.
        """
