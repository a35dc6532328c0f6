"""A checkpoint run by PyTorch."""

from collections.abc import Iterable, Iterator

import torch

from gmf.core.types import Prediction, Sample
from gmf.inference.loop import Counting
from gmf.models.tagger import Tagger
from gmf.prediction.engine import Engine


class TorchEngine(Engine):
    """Runs a tagger.

    Args:
        tagger: A trained model with what it needs.
        device: ``auto`` takes a GPU when there is one.
    """

    def __init__(self, tagger: Tagger, *, device: str = "auto") -> None:
        model = tagger.model
        super().__init__(
            model.options.name,
            types=model.tags.types,
            reads_images=model.uses_images,
            max_regions=model.max_regions if model.uses_images else 0,
        )
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tagger = tagger
        self.tagger.model.to(device).eval()
        self._collator = tagger.collator()

    def run(
        self, samples: Iterable[Sample], *, counting: Counting, batch_size: int, explain: bool
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order; see ``Engine``."""
        return self.tagger.predict(
            samples,
            batch_size=batch_size,
            explain=explain,
            collator=self._collator,
            counting=counting,
        )
