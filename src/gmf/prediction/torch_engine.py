"""A checkpoint run by PyTorch."""

from collections.abc import Iterator

import torch

from gmf.core.types import Prediction, Sample
from gmf.data.alignment import align
from gmf.data.image_report import ImageReport
from gmf.models.checkpoint import Tagger
from gmf.models.inference import predict
from gmf.prediction.engine import WindowedEngine


class TorchEngine(WindowedEngine):
    """Runs a tagger; see ``Engine``.

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
        if tagger.tokenizer is not None:
            # A fast tokenizer sets its truncation and padding at the first call and afterwards only
            # reads them; done here, no two threads can be in that first call.
            align([["a"]], tokenizer=tagger.tokenizer, max_subwords=tagger.data.max_subwords)

    def predict_window(
        self, window: list[Sample], *, report: ImageReport, batch_size: int, explain: bool
    ) -> Iterator[Prediction]:
        """Yield the prediction of each sample of a window, in order."""
        return predict(
            self.tagger.model,
            window,
            collator=self._collator.reporting_to(report),
            batch_size=batch_size,
            explain=explain,
        )
