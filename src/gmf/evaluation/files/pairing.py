"""Gold and prediction of two labelled files, or of the two columns of one, as pairs."""

from collections.abc import Sequence
from dataclasses import replace

from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, entities_of, is_bio
from gmf.core.types import Sample, ScoredEntity
from gmf.evaluation.files.align import Alignment, Owners, align_samples, match_samples
from gmf.evaluation.files.labelled import (
    DEFAULT_ORDER,
    ColumnOrder,
    LabelledFile,
    LabelledSample,
    Labels,
)
from gmf.evaluation.files.labels import SERVICE_LABELS, count_service_labels
from gmf.evaluation.files.notes import ChangedGold, FileNote, PairedSamples, PairingNotes
from gmf.evaluation.files.word_pieces import spread_labels
from gmf.evaluation.pairs import SamplePair
from gmf.reading.trainable import look_alikes, types_apart_by_case


def pair_files(
    gold: LabelledFile, *, predicted: LabelledFile | None, order: ColumnOrder | None
) -> PairedSamples:
    """Pair gold and prediction.

    Args:
        gold: File of the gold; of both when ``predicted`` is ``None``.
        predicted: File of the system.
        order: Which of two label columns comes first, where a file has two.

    Raises:
        DataError: If one file has one label column only, or two files share no sample.
    """
    if predicted is None:
        return _pair_one(gold, order)
    own_order = order or DEFAULT_ORDER[gold.format]
    golds = [_labels(sample, "gold", own_order) for sample in gold.samples]
    matches, matched_by = match_samples(gold, predicted)
    aligned = [
        None if match is None else align_samples(sample, predicted.samples[match])
        for sample, match in zip(gold.samples, matches, strict=True)
    ]
    columns = "one label column in each file"
    their_order: ColumnOrder = order or DEFAULT_ORDER[predicted.format]
    if predicted.has_two_columns:
        if order is None:
            their_order = _agreeing_order(golds, aligned, matches, predicted)
        columns = f"{_named(their_order)}, {'as told' if order else 'by agreement with the gold'}"
    pairs = [
        _missing_pair(sample, labels, number)
        if match is None or alignment is None
        else _pair(sample, labels, predicted.samples[match], their_order, alignment, number)
        for number, (sample, labels, match, alignment) in enumerate(
            zip(gold.samples, golds, matches, aligned, strict=True), 1
        )
    ]
    extra = sorted(set(range(len(predicted.samples))) - set(matches))
    covered = [alignment for alignment in aligned if alignment]
    return _finish(
        pairs,
        gold,
        predicted,
        columns=columns,
        matched_by=matched_by,
        extra=tuple(predicted.samples[index].id or f"#{index + 1}" for index in extra),
        respelled=sum(alignment.respelled for alignment in covered),
        extra_words=sum(alignment.extra for alignment in covered),
        unlabelled=_unlabelled([sample.id for sample in gold.samples], golds),
    )


def _pair_one(file: LabelledFile, order: ColumnOrder | None) -> PairedSamples:
    if not file.has_two_columns:
        raise DataError(
            "expected two label columns, gold and prediction, got one; add the prediction file",
            path=file.path,
        )
    used = order or DEFAULT_ORDER[file.format]
    golds = [_labels(sample, "gold", used) for sample in file.samples]
    pairs: list[SamplePair] = []
    for number, (sample, gold) in enumerate(zip(file.samples, golds, strict=True), 1):
        same: Owners = list(range(len(sample.tokens)))
        pairs.append(
            replace(
                _pair(sample, gold, sample, used, Alignment(sample.tokens, same, same), number),
                own_gold=None,
            )
        )
    return _finish(
        pairs,
        file,
        None,
        columns=f"{_named(used)}, {'as told' if order else f'as usual in {file.format} files'}",
        matched_by="same file",
        unlabelled=_unlabelled([sample.id for sample in file.samples], golds),
    )


def _named(order: ColumnOrder) -> str:
    first, second = order.split("-")
    return f"{first} first, {second} second"


def _labels(sample: LabelledSample, side: str, order: ColumnOrder) -> Labels:
    if sample.second is None:
        return sample.first
    return sample.first if order.startswith(side) else sample.second


def _agreeing_order(
    golds: Sequence[Labels],
    aligned: Sequence[Alignment | None],
    matches: Owners,
    predicted: LabelledFile,
) -> ColumnOrder:
    """Return the order whose gold column agrees with the given gold on more words."""
    agreement: dict[ColumnOrder, int] = {"gold-predicted": 0, "predicted-gold": 0}
    for gold, alignment, match in zip(golds, aligned, matches, strict=True):
        if alignment is None or match is None:
            continue
        wanted = spread_labels(gold, alignment.ours)
        for order in agreement:
            own = spread_labels(_labels(predicted.samples[match], "gold", order), alignment.theirs)
            agreement[order] += sum(a == b for a, b in zip(wanted, own, strict=True))
    first, second = agreement["gold-predicted"], agreement["predicted-gold"]
    if first == second:
        return DEFAULT_ORDER[predicted.format]
    return "gold-predicted" if first > second else "predicted-gold"


def _pair(
    gold: LabelledSample,
    gold_labels: Labels,
    predicted: LabelledSample,
    order: ColumnOrder,
    alignment: Alignment,
    number: int,
) -> SamplePair:
    labels = spread_labels(_labels(predicted, "predicted", order), alignment.theirs)
    positions = [
        None if owner is None and label == OUTSIDE else label
        for owner, label in zip(alignment.theirs, labels, strict=True)
    ]
    own_gold = None
    if predicted.second is not None:
        own = spread_labels(_labels(predicted, "gold", order), alignment.theirs)
        own_gold = tuple(
            None if owner is None else label
            for owner, label in zip(alignment.theirs, own, strict=True)
        )
    return SamplePair(
        id=gold.id or f"#{number}",
        tokens=alignment.tokens,
        gold=tuple(label or OUTSIDE for label in spread_labels(gold_labels, alignment.ours)),
        predicted=tuple(label or OUTSIDE for label in positions),
        own_gold=own_gold,
        unpredicted=tuple(index for index, label in enumerate(positions) if label is None),
        scored=_scored(predicted, alignment),
        has_image=gold.has_image if predicted.has_image is None else predicted.has_image,
        words=_words(gold, alignment.ours),
    )


def _words(gold: LabelledSample, owners: Owners) -> tuple[int | None, ...] | None:
    """Return for each common word the word of the gold file, ``None`` where all are whole."""
    if gold.words is None and owners == list(range(len(gold.tokens))):
        return None
    return tuple(
        owner if owner is None or gold.words is None else gold.words[owner] for owner in owners
    )


def _scored(predicted: LabelledSample, alignment: Alignment) -> tuple[ScoredEntity, ...] | None:
    """Return entities with confidences by the common words, less those without words."""
    if predicted.scored is None:
        return None
    moved: list[ScoredEntity] = []
    for entity in predicted.scored:
        inside = [
            index
            for index, owner in enumerate(alignment.theirs)
            if owner is not None and entity.start <= owner < entity.end
        ]
        if inside:
            moved.append(replace(entity, start=inside[0], end=inside[-1] + 1))
    return tuple(moved)


def _missing_pair(sample: LabelledSample, labels: Labels, number: int) -> SamplePair:
    return SamplePair(
        id=sample.id or f"#{number}",
        tokens=sample.tokens,
        gold=tuple(label or OUTSIDE for label in labels),
        predicted=(OUTSIDE,) * len(sample.tokens),
        unpredicted=tuple(range(len(sample.tokens))),
        is_missing=True,
        has_image=sample.has_image,
        words=sample.words,
    )


def _unlabelled(ids: Sequence[str], golds: Sequence[Labels]) -> dict[str, tuple[int, ...]]:
    lacking = {
        identifier or f"#{number}": tuple(i for i, label in enumerate(labels) if label is None)
        for number, (identifier, labels) in enumerate(zip(ids, golds, strict=True), 1)
        if None in labels
    }
    return lacking


def _changed_gold(pair: SamplePair) -> ChangedGold | None:
    if pair.own_gold is None or all(
        own is None or own == gold for own, gold in zip(pair.own_gold, pair.gold, strict=True)
    ):
        return None
    own, gold = (
        [OUTSIDE if label is None or label in SERVICE_LABELS else label for label in labels]
        for labels in (pair.own_gold, pair.gold)
    )
    return ChangedGold(pair.id, len(entities_of(gold)), len(entities_of(own)))


def _finish(
    pairs: list[SamplePair],
    gold: LabelledFile,
    predicted: LabelledFile | None,
    *,
    columns: str,
    matched_by: str,
    unlabelled: dict[str, tuple[int, ...]],
    extra: tuple[str, ...] = (),
    respelled: int = 0,
    extra_words: int = 0,
) -> PairedSamples:
    notes = PairingNotes(
        gold_file=_note(gold),
        predicted_file=None if predicted is None else _note(predicted),
        columns=columns,
        matched_by=matched_by,
        missing=tuple(pair.id for pair in pairs if pair.is_missing),
        extra=extra,
        unpredicted={p.id: p.unpredicted for p in pairs if p.unpredicted and not p.is_missing},
        respelled_words=respelled,
        extra_words=extra_words,
        unlabelled_gold=unlabelled,
        changed_gold=tuple(change for pair in pairs if (change := _changed_gold(pair))),
        gold_service_labels=count_service_labels([pair.gold for pair in pairs]),
        predicted_service_labels=count_service_labels([pair.predicted for pair in pairs]),
        predicted_service_words={
            pair.id: words
            for pair in pairs
            if (words := tuple(i for i, x in enumerate(pair.predicted) if x in SERVICE_LABELS))
        },
        alike=_alike(pairs, gold, predicted or gold),
    )
    return PairedSamples(tuple(pairs), notes)


def _alike(
    pairs: Sequence[SamplePair], gold: LabelledFile, predicted: LabelledFile
) -> tuple[str, ...]:
    sides = ((gold, [p.gold for p in pairs]), (predicted, [p.predicted for p in pairs]))
    tagged = [
        Sample(pair.id, (), tuple(filter(is_bio, tags)), origin=f"{file.path} ({pair.id})")
        for file, labels in sides
        for pair, tags in zip(pairs, labels, strict=True)
    ]
    return (*map(str, look_alikes(tagged)), *types_apart_by_case(tagged))


def _note(file: LabelledFile) -> FileNote:
    return FileNote(
        str(file.path),
        file.format,
        file.sha256,
        len(file.samples),
        file.respelled,
        file.skipped_lines,
        file.warning,
    )
