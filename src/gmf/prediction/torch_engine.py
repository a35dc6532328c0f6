"""A checkpoint run by PyTorch."""

from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock

import torch

from gmf.core.types import Prediction, Sample
from gmf.data.alignment import align
from gmf.data.image_report import ImageReport
from gmf.models.checkpoint import Tagger
from gmf.models.inference import WINDOW, predict


class TorchEngine:
    """Runs a tagger; see ``Engine``.

    Args:
        tagger: A trained model with what it needs.
        device: ``auto`` takes a GPU when there is one.
    """

    def __init__(self, tagger: Tagger, *, device: str = "auto") -> None:
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tagger = tagger
        self.tagger.model.to(device).eval()
        self.types = tagger.model.tags.types
        self.report = ImageReport()
        self._collator, self._lock = tagger.collator(), Lock()
        if tagger.tokenizer is not None:
            # A fast tokenizer sets its truncation and padding at the first call and afterwards only
            # reads them; done here, no two threads can be in that first call.
            align([["a"]], tokenizer=tagger.tokenizer, max_subwords=tagger.data.max_subwords)

    def predict(
        self,
        samples: Iterable[Sample],
        *,
        batch_size: int = 32,
        explain: bool = False,
        report: ImageReport | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order and in constant memory."""
        source = iter(samples)
        while window := list(islice(source, WINDOW * batch_size)):
            # Each window has a report of its own: threads do not meet, and what a report remembers
            # to count a picture once does not grow with the number of posts.
            counted = ImageReport()
            try:
                yield from predict(
                    self.tagger.model,
                    window,
                    collator=self._collator.reporting_to(counted),
                    batch_size=batch_size,
                    explain=explain,
                )
            finally:
                with self._lock:
                    (self.report if report is None else report).merge(counted)
