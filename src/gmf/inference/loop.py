"""The only inference loop, whatever computes: samples to predictions, in order, in windows."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from typing import Any

import numpy as np

from gmf.core.types import Explanation, Prediction, Sample, ScoredEntity
from gmf.data.batch import Array, Batch
from gmf.data.collate import Collator
from gmf.data.image_report import ImageReport
from gmf.inference.decoding import Decoded
from gmf.inference.image_trust import ImageTrust
from gmf.inference.long_posts import LongPosts, join, windows_of
from gmf.inference.model import InferenceModel

#: Batches that are read ahead, images included, to be sorted by length; bounds memory.
WINDOW = 8

#: Opened for each window; gives the report that counts its images.
Counting = Callable[[], AbstractContextManager[ImageReport]]
_Entities = tuple[ScoredEntity, ...]


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
    at_once: int = 1,
    image_trust: float = 1,
) -> Iterator[Prediction]:
    """Yield a prediction for every sample, in order and in constant memory.

    A sample's prediction does not depend on what shares its batch.

    Args:
        model: The model, ready to predict.
        samples: Any number of samples.
        collator: Made for this model; samples of like length share a batch.
        prepare: Returns a batch in the arrays that the model computes with.
        counting: Gives the report of each window.
        batch_size: Samples of one pass, at most.
        explain: Whether to fill ``Prediction.explanation``; costs two passes more for a batch with
            images, one for each field of the context that a sample of it has, and one if these
            are several.
        long: What becomes of samples that are longer than the model reads.
        at_once: Passes that are computed side by side, in threads of their own if more than one;
            so few samples that one pass would take them are spread over so many.
        image_trust: How far images may move the tags; below 1 a batch with images takes two passes.

    Raises:
        DataError: If one is too long and ``long`` is ``fail``.
    """
    if image_trust != 1:
        bare = partial(_without_images, collator=collator, prepare=prepare)
        model = ImageTrust(model, image_trust, bare)
    source = iter(samples)
    while samples_ahead := list(islice(source, WINDOW * batch_size)):
        windows = windows_of(samples_ahead, collator=collator, long=long)
        order = [n for n, window in enumerate(windows) if window.encoded.sample.tokens]
        order.sort(key=lambda n: windows[n].encoded.length)
        size = min(batch_size, max(1, math.ceil(len(order) / at_once)))
        rows = [order[start : start + size] for start in range(0, len(order), size)]
        predictions: dict[int, Prediction] = {}
        with counting() as report:
            batches = (
                prepare(collator.collate([windows[n].encoded for n in chosen], report=report))
                for chosen in rows
            )
            outputs = _outputs(model, batches, at_once=min(at_once, len(rows)))
            for chosen, (batch, output) in zip(rows, outputs, strict=True):
                decoded = model.decode(output, batch)
                explained: Sequence[Explanation | None] = [None] * len(batch)
                if explain:
                    explained = _explain(model, batch, decoded, collator=collator, prepare=prepare)
                predicted = _predictions(batch, decoded, explained, collator=collator)
                predictions |= zip(chosen, predicted, strict=True)
        for row, numbers in groupby(range(len(windows)), key=lambda n: windows[n].row):
            sample, read = samples_ahead[row], list(numbers)
            if sample.tokens:
                yield join(sample, [windows[n] for n in read], [predictions[n] for n in read])
            else:
                yield Prediction(sample, (), (), ("the post has no words",))


def _outputs(
    model: InferenceModel[Array], batches: Iterable[Batch[Array]], *, at_once: int
) -> Iterator[tuple[Batch[Array], Any]]:
    """Yield each batch with what the model returns of it, in order."""
    if at_once <= 1:
        yield from ((batch, model(batch)) for batch in batches)
        return
    with ThreadPoolExecutor(at_once) as pool:
        running: deque[tuple[Batch[Array], Future[Any]]] = deque()
        for batch in batches:
            running.append((batch, pool.submit(model, batch)))
            if len(running) > at_once:
                batch, output = running.popleft()
                yield batch, output.result()
        yield from ((batch, output.result()) for batch, output in running)


def _predictions(
    batch: Batch[Array],
    decoded: Sequence[Decoded],
    explained: Sequence[Explanation | None],
    *,
    collator: Collator,
) -> Iterator[Prediction]:
    for row, sample in enumerate(batch.samples):
        yield Prediction(
            sample=sample,
            tags=decoded[row].tags,
            entities=decoded[row].entities,
            saw_image=_saw_image(batch, row),
            notes=_notes(batch, row, collator=collator),
            explanation=explained[row],
        )


def _explain(
    model: InferenceModel[Array],
    batch: Batch[Array],
    decoded: Sequence[Decoded],
    *,
    collator: Collator,
    prepare: Callable[[Batch[np.ndarray]], Batch[Array]],
) -> list[Explanation | None]:
    """Explain every row that has an image or a context, and tag it again without them."""
    found = [row.entities for row in decoded]
    fields = [collator.fields_of(sample) for sample in batch.samples]

    def read(changed: Batch[Array]) -> list[tuple[_Entities, _Entities]]:
        """Return of each row what is found in a changed batch, and what was found, scored in it."""
        output = model(changed)
        again = [row.entities for row in model.decode(output, changed)]
        return list(zip(again, model.confidences(output, changed, found), strict=True))

    def without(names: tuple[str, ...]) -> Batch[Array]:
        return prepare(collator.without_fields(batch.samples, names)).with_images_of(batch)

    present = tuple(name for name in collator.context if any(name in row for row in fields))
    readings = {n: read(without(n)) for n in {present, *((name,) for name in present)} if n}
    index: Any = batch.view_index
    bare: list[tuple[_Entities, _Entities]] = []
    if batch.has_views:
        bare = read(_without_images(batch, collator=collator, prepare=prepare))
    explanations: list[Explanation | None] = []
    for row, shown in enumerate(model.explain(batch)):
        origins = batch.slot_origins[row] if batch.slot_origins else ()
        has_image, same = bool((index[row] >= 0).any()), (found[row], found[row])
        without_images, same_entities = bare[row] if has_image else same
        whole = replace(
            shown,
            slots=tuple(o for o in origins if o.is_blank or not o.fault),
            without_images=without_images,
            same_entities=same_entities,
            without_context=readings[present][row][0] if fields[row] else found[row],
            same_without_context=tuple((n, readings[(n,)][row][1]) for n in fields[row]),
        )
        explanations.append(whole if has_image or fields[row] else None)
    return explanations


def _without_images(
    batch: Batch[Array],
    *,
    collator: Collator,
    prepare: Callable[[Batch[np.ndarray]], Batch[Array]],
) -> Batch[Array]:
    """Return a batch as posts are read that have no image: without any, or with stand-ins."""
    if collator.missing_image == "mask":
        return batch.without_images()
    return batch.with_images_of(prepare(collator.without_images(batch.samples)))


def _saw_image(batch: Batch[Array], row: int) -> bool:
    """Return whether a whole image of a sample was read, no stand-in."""
    origins = batch.slot_origins[row] if batch.slot_origins else ()
    return any(o.region is None and not o.fault and not o.is_blank for o in origins)


def _notes(batch: Batch[Array], row: int, *, collator: Collator) -> tuple[str, ...]:
    """Return what of a sample the model did not see, in words."""
    notes: list[str] = []
    sample = batch.samples[row]
    mask: Any = batch.word_mask
    cut = len(sample.tokens) - int(mask[row].sum())
    if cut:
        notes.append(f"{cut} words beyond the length limit are tagged O")
    if batch.context_is_cut and batch.context_is_cut[row]:
        notes.append("context read in part or not at all: the words leave no room for more")
    given = [name for name, text in sample.context if text.strip()]
    if given and not set(given) & set(collator.context):
        read = f"reads {', '.join(collator.context)}" if collator.context else "reads none"
        notes.append(f"context not used ({', '.join(given)}): the model {read}")
    if sample.images and collator.view_source is None:
        count = len(sample.images)
        images = "1 image" if count == 1 else f"{count} images"
        notes.append(f"{images} not used: the model reads text only")
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
