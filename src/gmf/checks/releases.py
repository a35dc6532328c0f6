"""Which release is this copy? By shipped digests of the known ones, exactly or nearly."""

from collections import Counter
from collections.abc import Sequence

from gmf.checks.findings import Finding, finding_of
from gmf.checks.fingerprints import labelled_print, text_print
from gmf.checks.raw_samples import Split
from gmf.reading.releases import Release, prints_of, releases, split_digest

#: A copy is near a release when this share of its samples is the release's.
NEAR = 0.5


class CopyPrints:
    """Prints of a copy, computed once.

    Args:
        splits: The copy.
    """

    def __init__(self, splits: Sequence[Split]) -> None:
        self.splits = splits
        self.digests = {split.name: split_digest(split.raw_samples) for split in splits}
        self.labelled = {
            split.name: list(map(labelled_print, split.raw_samples)) for split in splits
        }
        test = [
            text_print(t) for split in splits if split.name == "test" for t in split.raw_samples
        ]
        self.test_texts = [text for text in test if text is not None]

    def is_exactly(self, release: Release) -> bool:
        """Say whether every split is the release's, word for word and tag for tag."""
        return all(release.digests.get(name) == digest for name, digest in self.digests.items())

    def share_of(self, release: Release) -> float:
        """Return the share of the copy's samples that the release has in the same split."""
        total = sum(map(len, self.labelled.values()))
        common = sum(
            (Counter(mine) & Counter(prints_of(release.name, name, "labelled"))).total()
            for name, mine in self.labelled.items()
        )
        return common / total if total else 0.0

    def has_test_of(self, release: Release) -> bool:
        """Say whether the copy's test part is the release's, whatever its tags and tokens."""
        prints = set(prints_of(release.name, "test", "text"))
        hits = sum(text in prints for text in self.test_texts)
        return bool(prints) and hits >= NEAR * max(1, len(self.test_texts))


def recognise(copy: CopyPrints) -> tuple[str, list[Finding], dict[str, object]]:
    """Name the release that a copy is, or is nearest to, and say how it differs.

    Returns:
        The name (empty when unknown), findings on differing and missing samples, and the entity
        counts that the release's paper gives.
    """
    for release in releases():
        if copy.is_exactly(release):
            base = next((r for r in releases() if r.name == release.based_on), None)
            findings = _differences(copy, base, kind="other-annotation") if base else []
            return release.title, findings + _incomplete(copy, release), _paper(release, copy)
    nearest = max(releases(), key=copy.share_of)
    if copy.share_of(nearest) >= NEAR:
        altered = _differences(copy, nearest, kind="altered-copy")
        missing = _incomplete(copy, nearest)
        manner = "altered" if altered else "incomplete" if missing else "in another order"
        return f"{nearest.title}, {manner}", altered + missing, _paper(nearest, copy)
    for release in releases():
        if copy.has_test_of(release):
            return f"the posts of {release.title} with other labels", [], {}
    return "", [], {}


def _differences(copy: CopyPrints, base: Release, *, kind: str) -> list[Finding]:
    findings: list[Finding] = []
    for split in copy.splits:
        prints = set(prints_of(base.name, split.name, "labelled"))
        pairs = zip(split.raw_samples, copy.labelled[split.name], strict=True)
        other = [sample.line for sample, mark in pairs if mark not in prints] if prints else []
        message = (
            f"posts whose words or tags differ from {base.title}; scores on the two are not "
            "comparable"
        )
        findings += finding_of(kind, other, file=split.file, message=message)
    return findings


def _incomplete(copy: CopyPrints, release: Release) -> list[Finding]:
    findings: list[Finding] = []
    for split in copy.splits:
        expected = release.published.get(split.name, 0)
        if len(split.raw_samples) < expected:
            message = (
                f"posts missing: {len(split.raw_samples)} of the {expected} published are here"
            )
            findings.append(
                Finding("missing-tweet", expected - len(split.raw_samples), split.file, message)
            )
    return findings


def _paper(release: Release, copy: CopyPrints) -> dict[str, object]:
    paper = release.paper or {}
    return {s.name: dict(paper[s.name]) for s in copy.splits if s.name in paper}
