"""The only inference loop, whatever computes: samples to predictions, in order, in windows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import groupby, islice
from typing import Any, Protocol

import numpy as np

from gmf.core.types import Explanation, Prediction, Sample, ScoredEntity
from gmf.data.batch import Array, Batch
from gmf.data.collate import Collator
from gmf.data.image_report import ImageReport
from gmf.inference.decoding import Decoded
from gmf.inference.long_posts import LongPosts, join, windows_of

#: Batches that are read ahead, images included, to be sorted by length; bounds memory.
WINDOW = 8

#: Opened for each window; gives the report that counts its images.
Counting = Callable[[], AbstractContextManager[ImageReport]]


class InferenceModel(Protocol[Array]):
    """What the loop asks of a model; see ``gmf.models.base.MnerModel``."""

    def __call__(self, batch: Batch[Array]) -> Any:
        """Return what ``decode`` and ``confidences`` read."""
        ...

    def decode(self, output: Any, batch: Batch[Array]) -> list[Decoded]:
        """Return tags and entities of every sample."""
        ...

    def confidences(
        self, output: Any, batch: Batch[Array], entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities of every sample."""
        ...

    def explain(self, batch: Batch[Array]) -> list[Explanation]:
        """Return what the model can show of each sample."""
        ...


def predict(
    model: InferenceModel[Array],
    samples: Iterable[Sample],
    *,
    collator: Collator,
    prepare: Callable[[Batch[np.ndarray]], Batch[Array]],
    counting: Counting,
    batch_size: int,
    explain: bool,
    long: LongPosts = "split",
) -> Iterator[Prediction]:
    """Yield a prediction for every sample, in order and in constant memory.

    A sample's prediction does not depend on what shares its batch.

    Args:
        model: The model, ready to predict.
        samples: Any number of samples.
        collator: Made for this model; samples of like length share a batch.
        prepare: Returns a batch in the arrays that the model computes with.
        counting: Gives the report of each window.
        batch_size: Samples of one pass.
        explain: Whether to fill ``Prediction.explanation``; costs two passes more.
        long: What becomes of samples that are longer than the model reads.

    Raises:
        DataError: If one is too long and ``long`` is ``fail``.
    """
    source, uses_images = iter(samples), collator.view_source is not None
    while samples_ahead := list(islice(source, WINDOW * batch_size)):
        windows = windows_of(samples_ahead, collator=collator, long=long)
        order = [n for n, window in enumerate(windows) if window.encoded.sample.tokens]
        order.sort(key=lambda n: windows[n].encoded.length)
        predictions: dict[int, Prediction] = {}
        with counting() as report:
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                encoded = [windows[n].encoded for n in chosen]
                batch = prepare(collator.collate(encoded, report=report))
                predicted = _predict_batch(model, batch, uses_images=uses_images, explain=explain)
                predictions |= zip(chosen, predicted, strict=True)
        for row, numbers in groupby(range(len(windows)), key=lambda n: windows[n].row):
            sample, read = samples_ahead[row], list(numbers)
            if sample.tokens:
                yield join(sample, [windows[n] for n in read], [predictions[n] for n in read])
            else:
                yield Prediction(sample, (), (), ("the post has no words",))


def _predict_batch(
    model: InferenceModel[Array], batch: Batch[Array], *, uses_images: bool, explain: bool
) -> Iterator[Prediction]:
    decoded = model.decode(model(batch), batch)
    is_explained = explain and batch.has_views
    explanations = _explain(model, batch, decoded) if is_explained else [None] * len(decoded)
    for row, sample in enumerate(batch.samples):
        yield Prediction(
            sample=sample,
            tags=decoded[row].tags,
            entities=decoded[row].entities,
            saw_image=_saw_image(batch, row),
            notes=_notes(batch, row, uses_images=uses_images),
            explanation=explanations[row],
        )


def _explain(
    model: InferenceModel[Array], batch: Batch[Array], decoded: Sequence[Decoded]
) -> list[Explanation | None]:
    """Explain every row that has an image, and tag it again without."""
    bare = batch.without_images()
    output = model(bare)
    without = model.decode(output, bare)
    same = model.confidences(output, bare, [row.entities for row in decoded])
    index: Any = batch.view_index
    explanations: list[Explanation | None] = []
    for row, shown in enumerate(model.explain(batch)):
        origins = batch.slot_origins[row] if batch.slot_origins else ()
        whole = replace(
            shown,
            slots=tuple(o for o in origins if o.is_blank or not o.fault),
            without_images=without[row].entities,
            same_entities=same[row],
        )
        explanations.append(whole if (index[row] >= 0).any() else None)
    return explanations


def _saw_image(batch: Batch[Array], row: int) -> bool:
    """Return whether a whole image of a sample was read, no stand-in."""
    origins = batch.slot_origins[row] if batch.slot_origins else ()
    return any(o.region is None and not o.fault and not o.is_blank for o in origins)


def _notes(batch: Batch[Array], row: int, *, uses_images: bool) -> tuple[str, ...]:
    """Return what of a sample the model did not see, in words."""
    notes: list[str] = []
    sample = batch.samples[row]
    mask: Any = batch.word_mask
    cut = len(sample.tokens) - int(mask[row].sum())
    if cut:
        notes.append(f"{cut} words beyond the length limit are tagged O")
    if batch.context_is_cut and batch.context_is_cut[row]:
        notes.append("context read in part or not at all: the words leave no room for more")
    if sample.images and not uses_images:
        notes.append(f"{len(sample.images)} images not used: the model reads text only")
    for origin in batch.slot_origins[row] if batch.slot_origins else ():
        region = "" if origin.region is None else f"region {origin.region + 1} of "
        name = f"{region}image {(origin.image or 0) + 1}"
        if origin.fault:
            notes.append(f"{name} not used: {origin.fault}")
        if origin.substitution:
            notes.append(f"{name}: {origin.substitution}")
        if origin.is_blank:
            notes.append("blank stand-in in place of an image")
    return tuple(notes)
