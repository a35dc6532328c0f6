"""Samples that are in another corpus's test part: never train on one and test on the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.checks.findings import Finding, finding_of
from gmf.checks.fingerprints import id_print, text_print
from gmf.checks.raw_samples import Split, load_folder
from gmf.checks.releases import CopyPrints
from gmf.reading.reader import RawSample
from gmf.reading.releases import prints_of, releases


@dataclass(frozen=True)
class TestPart:
    """Prints of a test part.

    Args:
        name: Whose it is.
        ids: Prints of identifiers.
        texts: Prints of texts.
    """

    name: str
    ids: frozenset[int]
    texts: frozenset[int]


def known_test_parts(copy: CopyPrints) -> list[TestPart]:
    """Return the shipped test parts, but for the copy's own."""
    return [
        TestPart(
            release.title,
            frozenset(prints_of(release.name, "test", "id")),
            frozenset(prints_of(release.name, "test", "text")),
        )
        for release in releases()
        if prints_of(release.name, "test", "text") and not copy.has_test_of(release)
    ]


def check_leaks(splits: Sequence[Split], *, parts: Sequence[TestPart]) -> list[Finding]:
    """Find samples of train and dev that are in the test part of another corpus.

    By identifier, and by text up to links, case and spaces.
    """
    findings: list[Finding] = []
    for split in splits:
        if split.name == "test":
            continue
        for part in parts:
            same_id = [t for t in split.raw_samples if t.id and id_print(t.id) in part.ids]
            same_text = [t for t in split.raw_samples if text_print(t) in part.texts]
            either = len({sample.line for sample in (*same_id, *same_text)})
            message = f"posts of the test part of {part.name}; {either} by identifier or text"
            for kind, samples in (("test-leak-by-id", same_id), ("test-leak-by-text", same_text)):
                findings += finding_of(kind, _lines(samples), file=split.file, message=message)
    return findings


def compare(
    splits: Sequence[Split], *, others: Sequence[Path]
) -> tuple[list[Finding], dict[str, dict[str, object]]]:
    """Compare with other data sets: shared identifiers by split, and leaks from their test parts.

    Raises:
        DataError: If another folder holds no split.
    """
    findings: list[Finding] = []
    facts: dict[str, dict[str, object]] = {}
    own = {split.name: {t.id for t in split.raw_samples if t.id} for split in splits}
    for folder in others:
        theirs = load_folder(folder)
        facts[f"shared with {folder.name}"] = {
            name: {
                other.name: len(ids & {sample.id for sample in other.raw_samples})
                for other in theirs
            }
            for name, ids in own.items()
        }
        parts = [
            TestPart(
                f"{folder.name} ({other.file})",
                frozenset(id_print(t.id) for t in other.raw_samples if t.id),
                frozenset(p for p in map(text_print, other.raw_samples) if p is not None),
            )
            for other in theirs
            if other.name == "test"
        ]
        findings += check_leaks(splits, parts=parts)
    return findings, facts


def _lines(samples: Sequence[RawSample]) -> list[int]:
    return [sample.line for sample in samples]
