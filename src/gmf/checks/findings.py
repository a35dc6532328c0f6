"""What the doctor hands back: findings with places, and the facts of each file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gmf.core.plain import plain

#: Every kind of finding and what it means.
KINDS = {
    "format": "a line or file breaks its format and is left out",
    "tag-scheme": "tags of another scheme than BIO2, or spelled otherwise, that training reads",
    "line-ends": "CR LF line ends or a byte order mark",
    "missing-blank-line": "an IMGID line follows a post without an empty line",
    "empty-tweet": "a post without tokens",
    "orphan-tag": "I- after O or at the start of a post",
    "switched-tag": "I- straight after another type",
    "service-tag": "a tag of another scheme, such as X or [CLS]",
    "alias-type": "an entity type under another name",
    "look-alike-type": "entity types that differ only by invisible or full-width characters",
    "type-not-in-train": "an entity type that the training part does not know",
    "whitespace-token": "a token of white space only, or empty",
    "invisible-token": "a token of invisible characters only",
    "spaced-token": "a token with white space inside or at an end",
    "control-character": "a token with a control character",
    "replacement-character": "a token with U+FFFD, the trace of a broken encoding",
    "duplicate-tweet": "the words of an earlier post of the split",
    "near-duplicate-tweet": "the same up to links and case",
    "tweet-in-two-splits": "the words of a post of an earlier split",
    "near-tweet-in-two-splits": "the same up to links and case",
    "duplicate-id": "the identifier of an earlier post of the split",
    "id-in-two-splits": "the identifier of a post of an earlier split",
    "other-annotation": "words or tags differ from the original release",
    "altered-copy": "words or tags differ from the release that the copy is nearest to",
    "missing-tweet": "fewer posts than published",
    "test-leak-by-id": "a post to learn from that is in another corpus's test part, by identifier",
    "test-leak-by-text": "the same by text, up to links, case and spaces",
    "absent-image": "an image that a post names is not there",
    "url-image": "an image that a post names by a URL; nothing is fetched",
    "stray-image": "an image that no post names",
    "broken-image": "a file that cannot be read as an image",
    "too-large-image": "an image over the pixel limit",
    "blank-image": "an image that shows nothing",
    "duplicate-image": "the same image file under two names",
    "misnamed-image": "an image whose ending names another format",
    "empty-box": "a box without area",
    "box-outside": "a box that reaches out of the image",
    "region-without-tweet": "regions of an image that no post names",
    "annotation-without-tweet": "a Pascal-VOC file of an image that no post names",
    "box-without-entity": "a box whose name is no entity of the post",
    "size-mismatch": "an image of another size than its annotation states",
    "empty-caption": "a caption without text",
    "caption-without-tweet": "a caption of an image that no post names",
    "tweet-without-caption": "a post for whose image there is no caption",
    "double-caption": "an image with two captions",
    "crops-without-tweet": "a crop list of an image that no post names",
    "tweet-without-crops": "a post for whose image there is no crop list",
    "absent-crop": "a listed crop is not there",
    "stray-crop": "a crop that no list names",
    "phrases-without-tweet": "phrases for an image that no post names",
    "tweet-without-phrases": "a post for whose image there are no phrases",
    "scores-without-tweet": "scores of an image that no post names",
    "tweet-without-scores": "a post for whose image there are no scores",
    "double-scores": "an image with scores twice",
    "id-not-text": "an image identifier that is a number (relation files)",
    "name-not-in-tokens": "a head or tail whose name differs from its words (relation files)",
    "cut-tweet": "fewer tags than words (outputs of a system)",
    "gold-differs": "gold tags that differ from the data set's (outputs of a system)",
    "mention-not-in-text": "a mention that the sentence does not contain (entity linking)",
    "id-mismatch": "an identifier that differs from its key (entity linking)",
}

#: Kinds by which lines or images are lost.
LOSSES = frozenset({"format", "not-trainable", "image", "broken-image", "too-large-image"})


@dataclass(frozen=True)
class Finding:
    """One kind of irregularity in one file.

    Args:
        kind: Short name with hyphens; `KINDS` explains each.
        count: How often.
        file: File name, or two of them (``train.txt, test.txt``).
        message: What it means here.
        places: Where each one is: ``line`` numbers, identifiers or file names.
    """

    kind: str
    count: int
    file: str
    message: str
    places: tuple[str, ...] = ()

    @property
    def severity(self) -> Literal["error", "warning"]:
        """``error``: lines or images are lost; ``warning``: usable, but look at it."""
        return "error" if self.kind in LOSSES else "warning"


@dataclass
class Diagnosis:
    """The doctor's report on one folder.

    Args:
        folder: The folder.
        copy: Name of the release that the copy is, or is nearest to; empty when unknown.
        facts: Counts that are no irregularities, by file.
        findings: Irregularities.
    """

    folder: Path
    copy: str = ""
    facts: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    findings: list[Finding] = field(default_factory=list[Finding])

    def add(self, findings: Iterable[Finding], facts: dict[str, dict[str, object]]) -> None:
        """Add findings and facts; a finding that names the same places again is left out."""
        earlier = {(finding.kind, finding.file, finding.places) for finding in self.findings}
        self.findings += [f for f in findings if (f.kind, f.file, f.places) not in earlier]
        self.facts |= facts

    @property
    def is_clean(self) -> bool:
        """Whether nothing irregular was found."""
        return not self.findings

    def to_dict(self) -> dict[str, object]:
        """Return the report for JSON."""
        values = plain(vars(self))
        return {"folder": values["folder"], "copy": self.copy, "clean": self.is_clean, **values}


def finding_of(kind: str, places: Iterable[object], *, file: str, message: str) -> list[Finding]:
    """Return a finding that counts its places, or none when there are none."""
    texts = tuple(str(place) for place in places)
    return [Finding(kind, len(texts), file, message, texts)] if texts else []
