"""What a pipeline needs of a model, whatever runs it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from gmf.core.types import Prediction, Sample
from gmf.data.image_report import ImageReport


class Engine(Protocol):
    """A loaded model; may be used by many threads at once.

    Attributes:
        types: Entity types that it predicts.
        report: What became of the images so far. A picture counts once a window of posts.
    """

    types: tuple[str, ...]
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
