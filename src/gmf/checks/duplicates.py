"""Samples that occur twice: within a split, in two splits, under one identifier."""

from collections.abc import Callable, Sequence
from itertools import combinations

from gmf.checks.findings import Finding, finding_of
from gmf.checks.raw_samples import Split
from gmf.checks.tags_and_tokens import is_link
from gmf.reading.reader import RawSample

Key = tuple[str, ...]
Pair = tuple[RawSample, RawSample]


def check_duplicates(splits: Sequence[Split]) -> list[Finding]:
    """Find repeated samples and identifiers.

    A repeated sample is one whose words came before: in the same split, or in an earlier split. It
    counts once for each repetition.
    """
    findings: list[Finding] = []
    for split in splits:
        findings += _within(split)
    for earlier, later in combinations(splits, 2):
        findings += _across(earlier, later)
    return findings


def loose_key(sample: RawSample) -> Key:
    """Return the words without links, in lower case; of a sample of links only, its words."""
    return tuple(t.lower() for t in sample.tokens if not is_link(t)) or sample.tokens


def _exact_key(sample: RawSample) -> Key:
    return sample.tokens


def _within(split: Split) -> list[Finding]:
    exact = _repeated(split.raw_samples, _exact_key)
    loose = _repeated(split.raw_samples, loose_key)
    ids = _repeated([t for t in split.raw_samples if t.id], lambda t: (t.id,))
    return [
        *_described("duplicate-tweet", exact, split.file, "repeats the words of an earlier post"),
        *_loose(loose, exact, kind="near-duplicate-tweet", file=split.file),
        *_described("duplicate-id", ids, split.file, "has the identifier of an earlier post"),
    ]


def _across(earlier: Split, later: Split) -> list[Finding]:
    file = f"{earlier.file}, {later.file}"
    exact = _shared(earlier, later, _exact_key)
    loose = _shared(earlier, later, loose_key)
    ids = {sample.id: sample for sample in earlier.raw_samples if sample.id}
    same_id = [(ids[sample.id], sample) for sample in later.raw_samples if sample.id in ids]
    return [
        *_described("tweet-in-two-splits", exact, file, "has the words of a post of the other"),
        *_loose(loose, exact, kind="near-tweet-in-two-splits", file=file),
        *_described("id-in-two-splits", same_id, file, "has the identifier of one of the other"),
    ]


def _repeated(samples: Sequence[RawSample], key: Callable[[RawSample], Key]) -> list[Pair]:
    first: dict[Key, RawSample] = {}
    pairs: list[Pair] = []
    for sample in samples:
        before = first.setdefault(key(sample), sample)
        if before is not sample:
            pairs.append((before, sample))
    return pairs


def _shared(earlier: Split, later: Split, key: Callable[[RawSample], Key]) -> list[Pair]:
    first: dict[Key, RawSample] = {}
    for sample in earlier.raw_samples:
        first.setdefault(key(sample), sample)
    keyed = ((key(sample), sample) for sample in later.raw_samples)
    return [(first[words], sample) for words, sample in keyed if words in first]


def _described(kind: str, pairs: list[Pair], file: str, message: str) -> list[Finding]:
    lines = [f"{before.line}={after.line}" for before, after in pairs]
    differing = sum(before.tags != after.tags for before, after in pairs)
    if differing and kind not in ("duplicate-id", "id-in-two-splits"):
        message += f"; {differing} of them with other tags"
    return finding_of(kind, lines, file=file, message=message)


def _loose(
    loose: list[Pair],
    exact: list[Pair],
    *,
    kind: str,
    file: str,
) -> list[Finding]:
    """Count equal samples up to links and case, when these are more than the exactly equal ones."""
    if len(loose) == len(exact):
        return []
    message = f"equal up to links and case, {len(exact)} of them exactly"
    return _described(kind, loose, file, message)
