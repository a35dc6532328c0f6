"""The only inference loop: samples to predictions, in order, in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

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

    On request ``Prediction.explanation`` holds, for a post with a picture that the model saw:
    what ``MnerModel.explain`` returns; ``slots``, the origins of its pictures; and of a second pass
    without pictures ``without_images``, the entities then found, and ``same_entities``, the
    entities of the prediction with the confidence that they then have. It is empty for others.

    Args:
        model: The model.
        samples: Any number of samples; read in windows.
        collator: Made for this model.
        batch_size: Samples of one pass.
        explain: Whether to fill ``Prediction.explanation``; costs two passes more.
    """
    model.eval()
    device = next(model.parameters()).device
    source = iter(samples)
    while window := list(islice(source, WINDOW * batch_size)):
        order = sorted(
            (row for row, sample in enumerate(window) if sample.tokens),
            key=lambda row: len(window[row].tokens),
        )
        results: dict[int, Prediction] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = collator([window[row] for row in rows]).to(device)
            decoded = model.decode(model(batch), batch)
            explanations = _explain(model, batch, decoded) if explain else [{} for _ in rows]
            for place, row in enumerate(rows):
                results[row] = Prediction(
                    sample=window[row],
                    tags=decoded[place].tags,
                    entities=decoded[place].entities,
                    notes=_notes(model, batch, place),
                    explanation=explanations[place],
                )
        for row, sample in enumerate(window):
            yield results.get(row) or Prediction(sample, (), (), ("the post has no words",))


def _explain(model: MnerModel, batch: Batch, decoded: Sequence[Decoded]) -> list[dict[str, object]]:
    """Explain every row that has a picture, and tag it again without."""
    if not model.uses_images or not batch.has_views:
        return [{} for _ in decoded]
    bare = batch.without_images()
    output = model(bare)
    without = model.decode(output, bare)
    same = model.confidences(output, bare, [row.entities for row in decoded])
    explained: list[dict[str, object]] = []
    for row, named in enumerate(model.explain(batch)):
        origins = batch.slot_origins[row] if batch.slot_origins else ()
        found: dict[str, Any] = {
            **named,
            "slots": tuple(o for o in origins if o.is_blank or not o.fault),
            "without_images": without[row].entities,
            "same_entities": same[row],
        }
        explained.append(found if (batch.view_index[row] >= 0).any() else {})
    return explained


def _notes(model: MnerModel, batch: Batch, row: int) -> tuple[str, ...]:
    """Say what of a sample the model did not see."""
    notes: list[str] = []
    sample = batch.samples[row]
    cut = len(sample.tokens) - int(batch.word_mask[row].sum())
    if cut:
        notes.append(f"{cut} words beyond the length limit are tagged O")
    if sample.images and not model.uses_images:
        notes.append(f"{len(sample.images)} images not used: the model reads text only")
    for origin in batch.slot_origins[row] if batch.slot_origins else ():
        if origin.fault:
            name = "" if origin.region is None else f"region {origin.region + 1} of "
            notes.append(f"{name}image {(origin.image or 0) + 1} not used: {origin.fault}")
        if origin.is_blank:
            notes.append("blank stand-in in place of an image")
    return tuple(notes)
