"""Inference with PyTorch: samples to predictions, in order, in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from gmf.core.types import Prediction, Sample
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.inference.loop import WINDOW, predict_in_windows
from gmf.models.base import MnerModel

__all__ = ["WINDOW", "predict"]


@torch.no_grad()
def predict(
    model: MnerModel[Any],
    samples: Iterable[Sample],
    *,
    collator: Collator,
    batch_size: int = 32,
    explain: bool = False,
) -> Iterator[Prediction]:
    """Yield a prediction for every sample, in order.

    A sample's prediction does not depend on what shares its batch. The model is left in
    evaluation mode.

    Args:
        model: The model.
        samples: Any number of samples; read in windows.
        collator: Made for this model.
        batch_size: Samples of one pass.
        explain: Whether to fill ``Prediction.explanation``; costs two passes more.
    """
    model.eval()
    device = next(model.parameters()).device

    def collate(rows: Sequence[Sample]) -> Batch:
        return collator(rows).to(device)

    yield from predict_in_windows(
        model,
        samples,
        collate=collate,
        lengths=collator.lengths,
        uses_images=model.uses_images,
        batch_size=batch_size,
        explain=explain,
    )
