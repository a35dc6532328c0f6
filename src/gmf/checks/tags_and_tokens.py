"""Checks of tags and tokens, and the facts of a split."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict

from gmf.checks.findings import Finding, finding_of
from gmf.checks.raw_samples import Split, regular_tags
from gmf.checks.statistics import split_statistics
from gmf.core.tags import OUTSIDE, TYPE_ALIASES, entities_of, is_bio, is_legal_move, split_tag
from gmf.reading.trainable import look_alikes

#: How a link begins; Twitter-2015 also has cut ones such as ``http:…``.
LINK = re.compile(r"https?:", re.IGNORECASE)
_INVISIBLE = frozenset(("Cf", "Mn", "Me"))


def split_facts(split: Split, *, train: Split | None) -> dict[str, object]:
    """Return Table 1 of a split and the counts of words that matter to models.

    Args:
        split: The split.
        train: The training part, to count entities whose words and type occur there.
    """
    samples = split.samples()
    statistics = split_statistics(samples)
    tokens = [token for sample in samples for token in sample.tokens]
    facts: dict[str, object] = {
        **asdict(statistics),
        "total_strict": statistics.total_strict,
        "total_lenient": statistics.total_lenient,
        "urls": sum(is_link(token) for token in tokens),
        "urls_in_entities": sum(
            is_link(token) and tag != OUTSIDE
            for sample in samples
            for token, tag in zip(sample.tokens, sample.tags or (), strict=bool(sample.tags))
        ),
        "non_ascii_tokens": sum(not token.isascii() for token in tokens),
    }
    for derived in ("images", "images_present", "regions"):
        del facts[derived]
    if train is not None and split.name != "train":
        train_surfaces = set(_surfaces(train))
        facts["entities_seen_in_train"] = sum(name in train_surfaces for name in _surfaces(split))
    return facts


def is_link(token: str) -> bool:
    """Say whether a token is a link or the beginning of one."""
    return LINK.match(token) is not None


def check_tags(split: Split) -> list[Finding]:
    """Find ``I-`` tags that continue nothing, and types under an alias."""
    orphans: list[int] = []
    switched: list[int] = []
    aliased: list[int] = []
    for sample in split.raw_samples:
        tags = regular_tags(sample) or ()
        for index, tag in enumerate(tags):
            previous = tags[index - 1] if index else None
            if not is_legal_move(previous, tag):
                stray = previous is None or previous == OUTSIDE
                (orphans if stray else switched).append(sample.lines[index])
        for line, tag in zip(sample.lines, sample.tags or (), strict=bool(sample.tags)):
            if is_bio(tag) and split_tag(tag)[1] in TYPE_ALIASES:
                aliased.append(line)
    renamed = ", ".join(f"{old} (read as {new})" for old, new in TYPE_ALIASES.items())
    return [
        *finding_of(
            "orphan-tag",
            orphans,
            file=split.file,
            message="I- tags after O or at the start; an entity by the lenient rule only",
        ),
        *finding_of(
            "switched-tag",
            switched,
            file=split.file,
            message="I- tags straight after another type; an entity by the lenient rule only",
        ),
        *finding_of("alias-type", aliased, file=split.file, message=f"words with type {renamed}"),
    ]


def check_types(splits: Sequence[Split]) -> list[Finding]:
    """Find types that look alike, and those of dev or test that training does not know."""
    alike = [str(f) for f in look_alikes(s for split in splits for s in split.samples())]
    findings = finding_of(
        "look-alike-type",
        alike,
        file=", ".join(split.file for split in splits),
        message="types that look like others, or like tags",
    )
    types = {split.name: _types(split) for split in splits}
    if "train" not in types or not types["train"]:
        return findings
    for split in splits:
        findings += finding_of(
            "type-not-in-train",
            sorted(types[split.name] - types["train"]),
            file=split.file,
            message="entity types that do not occur in the training part",
        )
    return findings


def check_tokens(split: Split) -> list[Finding]:
    """Find tokens that are easily lost or cut in two."""
    kinds: tuple[tuple[str, Callable[[str], bool], str], ...] = (
        ("whitespace-token", _is_blank, "tokens of white space only, or empty"),
        ("invisible-token", _is_invisible, "tokens of invisible characters only"),
        ("spaced-token", _has_inner_space, "tokens with white space inside or at an end"),
        ("control-character", _has_control, "tokens with a control character"),
        ("replacement-character", lambda t: "\ufffd" in t, "tokens with U+FFFD: broken encoding"),
    )
    distinct = {token for sample in split.raw_samples for token in sample.tokens}
    findings: list[Finding] = []
    for kind, test, message in kinds:
        odd = set(filter(test, distinct))
        hits = [
            (line, token)
            for sample in split.raw_samples
            for line, token in zip(sample.lines, sample.tokens, strict=True)
            if token in odd
        ]
        shown = ", ".join(f"{token!a} x{n}" for token, n in _common(hits))
        findings += finding_of(
            kind, (line for line, _ in hits), file=split.file, message=f"{message}: {shown}"
        )
    return findings


def _common(hits: list[tuple[int, str]]) -> list[tuple[str, int]]:
    return Counter(token for _, token in hits).most_common(4)


def _is_blank(token: str) -> bool:
    return not token.strip()


def _is_invisible(token: str) -> bool:
    return bool(token.strip()) and all(unicodedata.category(c) in _INVISIBLE for c in token)


def _has_inner_space(token: str) -> bool:
    return bool(token.strip()) and any(
        c.isspace() and unicodedata.category(c) != "Cc" for c in token
    )


def _has_control(token: str) -> bool:
    return bool(token.strip()) and any(unicodedata.category(c) == "Cc" for c in token)


def _types(split: Split) -> set[str]:
    return {split_tag(tag)[1] for t in split.raw_samples for tag in regular_tags(t) or ()} - {""}


def _surfaces(split: Split) -> list[tuple[tuple[str, ...], str]]:
    return [
        (sample.tokens[entity.start : entity.end], entity.type)
        for sample in split.raw_samples
        for entity in entities_of(regular_tags(sample) or ())
    ]
