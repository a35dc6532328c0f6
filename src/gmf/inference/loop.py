"""The only inference loop, whatever computes: samples to predictions, in order, in windows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol, Self, TypeVar

from gmf.core.types import Explanation, Prediction, Sample, ScoredEntity, SlotOrigin
from gmf.inference.decoding import Decoded

#: Batches that are read ahead to be sorted by length; bounds memory.
WINDOW = 32


class BatchLike(Protocol):
    """What the loop reads of a batch; see ``gmf.data.batch.Batch``."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples, in row order."""
        ...

    @property
    def word_mask(self) -> Any:
        """Words that have a subword within the length limit."""
        ...

    @property
    def view_index(self) -> Any:
        """View of each slot; -1 in absent slots."""
        ...

    @property
    def slot_origins(self) -> tuple[tuple[SlotOrigin, ...], ...]:
        """What each post listed."""
        ...

    @property
    def has_views(self) -> bool:
        """Whether any post of the batch has a picture."""
        ...

    def without_images(self) -> Self:
        """Return the batch as if no post had an image."""
        ...


BatchType = TypeVar("BatchType", bound=BatchLike)
_TakenBatch = TypeVar("_TakenBatch", bound=BatchLike, contravariant=True)


class Reader(Protocol[_TakenBatch]):
    """What the loop asks of a model; see ``gmf.models.base.MnerModel``."""

    def __call__(self, batch: _TakenBatch) -> Any:
        """Return what ``decode`` reads."""
        ...

    def decode(self, output: Any, batch: _TakenBatch) -> list[Decoded]:
        """Return tags and entities of every sample."""
        ...

    def confidences(
        self, output: Any, batch: _TakenBatch, entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities of every sample."""
        ...

    def explain(self, batch: _TakenBatch) -> list[Explanation]:
        """Return what the model can show of each sample."""
        ...


def predict_in_windows(
    model: Reader[BatchType],
    samples: Iterable[Sample],
    *,
    collate: Callable[[Sequence[Sample]], BatchType],
    lengths: Callable[[Sequence[Sample]], Sequence[int]],
    uses_images: bool,
    batch_size: int,
    explain: bool,
) -> Iterator[Prediction]:
    """Yield a prediction for every sample, in order; see ``gmf.models.inference.predict``.

    Args:
        model: The model, ready to predict.
        samples: Any number of samples; read in windows.
        collate: Makes the model's batches.
        lengths: Says how long samples are to the model; samples of like length share a batch.
        uses_images: Whether the model reads images.
        batch_size: Samples of one pass.
        explain: Whether to fill ``Prediction.explanation``.
    """
    source = iter(samples)
    while window := list(islice(source, WINDOW * batch_size)):
        length = lengths(window)
        order = sorted(
            (row for row, sample in enumerate(window) if sample.tokens), key=length.__getitem__
        )
        results: dict[int, Prediction] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = collate([window[row] for row in rows])
            decoded = model.decode(model(batch), batch)
            explanations = (
                _explain(model, batch, decoded)
                if explain and uses_images and batch.has_views
                else [None for _ in rows]
            )
            for place, row in enumerate(rows):
                results[row] = Prediction(
                    sample=window[row],
                    tags=decoded[place].tags,
                    entities=decoded[place].entities,
                    saw_image=_saw_image(batch, place),
                    notes=_notes(batch, place, uses_images=uses_images),
                    explanation=explanations[place],
                )
        for row, sample in enumerate(window):
            yield results.get(row) or Prediction(sample, (), (), notes=("the post has no words",))


def _explain(
    model: Reader[BatchType], batch: BatchType, decoded: Sequence[Decoded]
) -> list[Explanation | None]:
    """Explain every row that has a picture, and tag it again without."""
    bare = batch.without_images()
    output = model(bare)
    without = model.decode(output, bare)
    same = model.confidences(output, bare, [row.entities for row in decoded])
    explanations: list[Explanation | None] = []
    for row, shown in enumerate(model.explain(batch)):
        origins = batch.slot_origins[row] if batch.slot_origins else ()
        whole = replace(
            shown,
            slots=tuple(o for o in origins if o.is_blank or not o.fault),
            without_images=without[row].entities,
            same_entities=same[row],
        )
        explanations.append(whole if (batch.view_index[row] >= 0).any() else None)
    return explanations


def _saw_image(batch: BatchLike, row: int) -> bool:
    """Say whether a whole image of a post was read, no stand-in."""
    origins = batch.slot_origins[row] if batch.slot_origins else ()
    return any(o.region is None and not o.fault and not o.is_blank for o in origins)


def _notes(batch: BatchLike, row: int, *, uses_images: bool) -> tuple[str, ...]:
    """Say what of a sample the model did not see."""
    notes: list[str] = []
    sample = batch.samples[row]
    cut = len(sample.tokens) - int(batch.word_mask[row].sum())
    if cut:
        notes.append(f"{cut} words beyond the length limit are tagged O")
    if sample.images and not uses_images:
        notes.append(f"{len(sample.images)} images not used: the model reads text only")
    for origin in batch.slot_origins[row] if batch.slot_origins else ():
        if origin.fault:
            name = "" if origin.region is None else f"region {origin.region + 1} of "
            notes.append(f"{name}image {(origin.image or 0) + 1} not used: {origin.fault}")
        if origin.is_blank:
            notes.append("blank stand-in in place of an image")
    return tuple(notes)
