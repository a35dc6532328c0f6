"""Samples longer than a model reads: overlapping windows of words, and one prediction of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gmf.core.errors import DataError
from gmf.core.types import Explanation, Prediction, Sample, ScoredEntity
from gmf.data.collate import Collator, EncodedSample

#: What becomes of a sample that is longer than the model reads: read in overlapping windows, cut
#: at the limit, or an error.
LongPosts = Literal["split", "cut", "fail"]
#: First word of a window, and the words from and up to which it gives the result.
_Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive words of a sample, as a sample of their own.

    Args:
        row: Position of the sample among those that are predicted together.
        start: Its first word, from 0.
        encoded: The words.
    """

    row: int
    start: int
    encoded: EncodedSample

    @property
    def end(self) -> int:
        """One past its last word."""
        return self.start + len(self.encoded.sample.tokens)


def windows_of(samples: Sequence[Sample], *, collator: Collator, long: LongPosts) -> list[Window]:
    """Return the windows of samples in order: one of each, several of those that are too long.

    Args:
        samples: The samples.
        collator: The model's.
        long: What becomes of those that are too long.

    Raises:
        DataError: If one is too long and ``long`` is ``fail``.
    """
    windows: list[Window] = []
    for row, encoded in enumerate(collator.encode(samples)):
        sample, encoder = encoded.sample, collator.encoder
        spans = [(0, len(sample.tokens))]
        if encoder is not None and long != "cut" and encoded.length >= encoder.max_subwords:
            spans = encoder.windows(sample.tokens)
        if len(spans) == 1:
            windows.append(Window(row, 0, encoded))
            continue
        if long == "fail":
            raise DataError(
                f"{sample.origin or 'post'}: {len(sample.tokens)} words are more than the model "
                f"reads at once, {spans[0][1]} here; shorten it, or choose split or cut for long "
                "posts"
            )
        pieces = collator.encode([_words_of(sample, *span) for span in spans])
        windows += [
            Window(row, start, piece) for (start, _), piece in zip(spans, pieces, strict=True)
        ]
    return windows


def _words_of(sample: Sample, start: int, end: int) -> Sample:
    return replace(
        sample,
        tokens=sample.tokens[start:end],
        tags=None if sample.tags is None else sample.tags[start:end],
        offsets=None if sample.offsets is None else sample.offsets[start:end],
        unknown=tuple(word - start for word in sample.unknown if start <= word < end),
    )


def join(
    sample: Sample, windows: Sequence[Window], predictions: Sequence[Prediction]
) -> Prediction:
    """Return one prediction of a sample from those of its windows.

    Neighbours meet at a seam in the words that both have read, as near to the middle as no entity
    lies across it. Each word has the tag, and each entity the confidence, of its side.

    Args:
        sample: The whole sample.
        windows: Its windows, in order.
        predictions: Their predictions.
    """
    if len(windows) == 1:
        return predictions[0]
    spans = _spans(windows, [prediction.entities for prediction in predictions])
    tags: list[str] = []
    for prediction, (start, first, last) in zip(predictions, spans, strict=True):
        part = list(prediction.tags[first - start : last - start])
        # Where an entity lies across every possible seam, the side before has it.
        torn = next((n for n, tag in enumerate(part) if not tag.startswith("I-")), len(part))
        tags += ["O"] * torn + part[torn:]
    read = f"read in {len(windows)} overlapping windows: {len(sample.tokens)} words are more than "
    notes = dict.fromkeys(note for prediction in predictions for note in prediction.notes)
    return Prediction(
        sample=sample,
        tags=tuple(tags),
        entities=tuple(
            entity
            for prediction, span in zip(predictions, spans, strict=True)
            for entity in _between(prediction.entities, span)
        ),
        notes=(*notes, f"{read}the model reads at once"),
        explanation=_joined_explanation(windows, predictions, spans),
        saw_image=any(prediction.saw_image for prediction in predictions),
        windows=len(windows),
    )


def _spans(windows: Sequence[Window], entities: Sequence[Sequence[ScoredEntity]]) -> list[_Span]:
    """Return what each window gives, so that as few of the windows' entities as may be are cut."""
    starts = [window.start for window in windows]
    seams = [0]
    for number in range(1, len(windows)):
        low = max(starts[number], seams[-1])
        seams.append(_seam(windows, entities, number, low=low))
    return list(zip(starts, seams, [*seams[1:], windows[-1].end], strict=True))


def _seam(
    windows: Sequence[Window],
    entities: Sequence[Sequence[ScoredEntity]],
    number: int,
    *,
    low: int,
) -> int:
    """Return the first word that is taken from a window, not from the one before."""
    high = windows[number - 1].end
    torn = {
        windows[side].start + word
        for side in (number - 1, number)
        for entity in entities[side]
        for word in range(entity.start + 1, entity.end)
    }
    words = sorted(
        range(low, high + 1), key=lambda word: abs(2 * word - windows[number].start - high)
    )
    return next((word for word in words if word not in torn), high)


def _between(entities: Sequence[ScoredEntity], span: _Span) -> Iterator[ScoredEntity]:
    """Yield the entities inside what a window gives, their words counted in the sample."""
    start, first, last = span
    for entity in entities:
        moved = replace(entity, start=entity.start + start, end=entity.end + start)
        if first <= moved.start and moved.end <= last:
            yield moved


def _joined_explanation(
    windows: Sequence[Window], predictions: Sequence[Prediction], spans: Sequence[_Span]
) -> Explanation | None:
    """Return the explanations one after the other; gates, which no word has, as their mean."""
    parts = [p.explanation for p in predictions if p.explanation is not None]
    if len(parts) < len(predictions):
        return None

    def joined(
        lists: Sequence[Sequence[ScoredEntity]], spans: Sequence[_Span] | None = None
    ) -> tuple[ScoredEntity, ...]:
        # What another reading found has seams of its own.
        spans = _spans(windows, lists) if spans is None else spans
        return tuple(
            entity
            for entities, span in zip(lists, spans, strict=True)
            for entity in _between(entities, span)
        )

    attention = [
        part.slot_attention[:, first - start : last - start]
        for part, (start, first, last) in zip(parts, spans, strict=True)
        if part.slot_attention is not None
    ]
    gates = [part.gates for part in parts if part.gates is not None]
    same = [dict(part.same_without_context) for part in parts]
    names = dict.fromkeys(name for fields in same for name in fields)
    return Explanation(
        gates=np.mean(gates, axis=0) if gates else None,
        slot_attention=np.concatenate(attention, axis=1) if attention else None,
        slots=parts[0].slots,
        without_images=joined([part.without_images for part in parts]),
        same_entities=joined([part.same_entities for part in parts], spans),
        without_context=joined([part.without_context for part in parts]),
        same_without_context=tuple(
            (name, joined([fields.get(name, ()) for fields in same], spans)) for name in names
        ),
    )
