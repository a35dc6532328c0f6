"""The only inference loop: samples to predictions, in order, in constant memory."""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch

from gmf.core.types import Prediction, Sample
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.models.base import MnerModel
from gmf.models.modules.tagging_head import Decoded

#: Batches that are read ahead to be sorted by length; bounds memory.
WINDOW = 32


@torch.no_grad()
def predict(
    model: MnerModel,
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
        explain: Whether to fill ``Prediction.explanation``.
    """
    model.eval()
    device = next(model.parameters()).device
    source = iter(samples)
    while window := list(islice(source, WINDOW * batch_size)):
        order = sorted(range(len(window)), key=lambda i: len(window[i].tokens))
        results: dict[int, Prediction] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = collator([window[row] for row in rows]).to(device)
            decoded = model.decode(model(batch), batch)
            explanations = model.explain(batch) if explain else [{} for _ in rows]
            for place, row in enumerate(rows):
                results[row] = Prediction(
                    sample=window[row],
                    tags=decoded[place].tags,
                    entities=decoded[place].entities,
                    notes=_notes(batch, place, decoded[place]),
                    explanation=explanations[place],
                )
        for row in range(len(window)):
            yield results[row]


def _notes(batch: Batch, row: int, decoded: Decoded) -> tuple[str, ...]:
    """Say what of a sample the model did not see."""
    notes: list[str] = []
    cut = len(decoded.tags) - int(batch.word_mask[row].sum())
    if cut:
        notes.append(f"{cut} words beyond the length limit are tagged O")
    whole = (batch.view_index[row] >= 0) & ~batch.view_is_region[row]
    blanks = int((whole & batch.view_is_blank[row]).sum())
    listed = len(batch.samples[row].images)
    unseen = listed - int((whole & ~batch.view_is_blank[row]).sum())
    if unseen and batch.view_index.shape[1]:
        notes.append(f"{unseen} of {listed} images could not be read")
    if blanks:
        notes.append(f"{blanks} blank stand-in in place of an image")
    return tuple(notes)
