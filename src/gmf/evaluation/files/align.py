"""Which prediction belongs to which gold sample, and which predicted word to which gold word."""

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gmf.core.errors import DataError
from gmf.evaluation.files.labelled import LabelledFile, LabelledSample
from gmf.evaluation.files.word_pieces import common_pieces, locate

#: For each of our items the index of theirs, ``None`` where they have none.
Owners = list[int | None]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Words that two readings of a sample have in common.

    Args:
        tokens: The common words.
        ours: For each of them the word of our reading.
        theirs: For each of them the word of theirs.
        respelled: Words that are paired though spelled otherwise.
        extra: Words of theirs that we do not have.
    """

    tokens: tuple[str, ...]
    ours: Owners
    theirs: Owners
    respelled: int = 0
    extra: int = 0


def align(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> tuple[Owners, int]:
    """Align two sequences.

    Items of a stretch that was replaced by one of the same length are paired by position.

    Returns:
        For each of ours the index of theirs, and how many pairs differ.
    """
    owners: Owners = [None] * len(ours)
    differing = 0
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, start, end, their_start, their_end in matcher.get_opcodes():
        if end - start == their_end - their_start:
            owners[start:end] = range(their_start, their_end)
            differing += end - start if kind == "replace" else 0
    return owners, differing


def align_samples(ours: LabelledSample, theirs: LabelledSample) -> Alignment:
    """Align the words of two readings of one sample.

    Raises:
        DataError: If characters are needed and the texts differ.
    """
    if ours.tokens == theirs.tokens:
        same: Owners = list(range(len(ours.tokens)))
        return Alignment(ours.tokens, same, same)
    text = ours.text if ours.text is not None else theirs.text
    if text is None:
        owners, respelled = align(ours.tokens, theirs.tokens)
        extra = len(theirs.tokens) - sum(owner is not None for owner in owners)
        return Alignment(ours.tokens, list(range(len(owners))), owners, respelled, extra)
    if ours.text is not None and theirs.text is not None and ours.text != theirs.text:
        raise DataError(
            f"post {ours.id!r}: the texts of gold and prediction differ and their characters "
            "cannot be compared; give the text that was tagged, unchanged"
        )
    try:
        pieces, our_words, their_words = common_pieces(
            ours.offsets or locate(ours.tokens, text),
            theirs.offsets or locate(theirs.tokens, text),
            text=text,
        )
    except ValueError as error:
        raise DataError(f"post {ours.id!r}: {error}") from error
    tokens = tuple(text[start:end] for start, end in pieces)
    return Alignment(tokens, our_words, their_words)


def match_samples(gold: LabelledFile, predicted: LabelledFile) -> tuple[Owners, str]:
    """Return for each gold sample the index of its prediction, and what they were matched by."""
    if all(sample.id for sample in (*gold.samples, *predicted.samples)):
        by_id = _matched_by_id(gold, predicted)
        if any(match is not None for match in by_id):
            return by_id, "id"
    matches, _ = align(
        [sample.tokens for sample in gold.samples], [sample.tokens for sample in predicted.samples]
    )
    for index, match in enumerate(matches):
        if match is not None and not _are_alike(gold.samples[index], predicted.samples[match]):
            matches[index] = None
    if all(match is None for match in matches):
        raise DataError(
            f"no post of {gold.path} has a prediction here, neither by id nor by words",
            path=predicted.path,
        )
    return matches, "words"


def _matched_by_id(gold: LabelledFile, predicted: LabelledFile) -> Owners:
    """Return matches by id; among samples of one id those of equal words, then in their order."""
    matches: Owners = [None] * len(gold.samples)
    taken: set[int] = set()
    for key_of in (_id_and_words, _id_of):
        left: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for index, sample in enumerate(predicted.samples):
            if index not in taken:
                left[key_of(sample)].append(index)
        for index, sample in enumerate(gold.samples):
            if matches[index] is None and (same := left[key_of(sample)]):
                taken.add(match := same.popleft())
                matches[index] = match
    return matches


def _id_of(sample: LabelledSample) -> Hashable:
    return sample.id


def _id_and_words(sample: LabelledSample) -> Hashable:
    return sample.id, sample.tokens


def _are_alike(ours: LabelledSample, theirs: LabelledSample) -> bool:
    """Return whether two samples share a word or, cut differently, their first letters."""
    return (
        not set(ours.tokens).isdisjoint(theirs.tokens)
        or "".join(ours.tokens)[:10] == "".join(theirs.tokens)[:10]
    )
