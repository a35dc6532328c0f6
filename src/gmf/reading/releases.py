"""Known releases of data sets, and fingerprints of samples by which a copy is recognised."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gmf.core.tags import regular_tag
from gmf.core.types import Sample
from gmf.reading.readers import find_split

RELEASES_PATH = Path(__file__).with_name("releases.json")
PRINTS_PATH = Path(__file__).with_name("prints.npz")


@dataclass(frozen=True, slots=True)
class DataFingerprint:
    """Which data a result was trained, selected or scored on.

    Args:
        part: ``train``, ``dev``, ``test``, or ``gold`` and ``predictions`` for files of others.
        source: File name; of one of several corpora, after its name and ``/``.
        digest: Of its content.
        tweets: Samples in it.
        copy: Title of the known release that the content is; empty when it is none.
    """

    part: str
    source: str
    digest: str
    tweets: int
    copy: str = ""

    @property
    def corpus(self) -> str:
        """Name of the corpus, where several were read together."""
        return self.source.rpartition("/")[0]


class Labelled(Protocol):
    """Anything with words and tags, as read or as written."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Words."""
        ...

    @property
    def tags(self) -> tuple[str, ...] | None:
        """Tags, of whatever scheme; ``None`` when unlabelled."""
        ...


@dataclass(frozen=True)
class Release:
    """A known data set.

    Args:
        name: Short name, key of the prints.
        title: What people call it.
        digests: Digest of each split.
        published: Samples of each split as published.
        based_on: Release of the same samples with the original tags; empty when this is it.
        paper: Published entity counts by split and type, where a paper gives them.
    """

    name: str
    title: str
    digests: Mapping[str, str]
    published: Mapping[str, int]
    based_on: str = ""
    paper: Mapping[str, Mapping[str, int]] | None = None


@cache
def releases() -> tuple[Release, ...]:
    """Return the known releases."""
    content: list[dict[str, Any]] = json.loads(RELEASES_PATH.read_text(encoding="utf-8"))
    return tuple(Release(**entry) for entry in content)


@cache
def shipped_prints() -> dict[str, tuple[int, ...]]:
    """Return the arrays of prints by ``<release>/<split>/<labelled|text|id>``."""
    with np.load(PRINTS_PATH, allow_pickle=False) as archive:
        return {name: tuple(archive[name].tolist()) for name in archive.files}


def prints_of(release: str, split: str, kind: str) -> tuple[int, ...]:
    """Return the prints of a release's split; empty when none are shipped."""
    return shipped_prints().get(f"{release}/{split}/{kind}", ())


def split_digest(samples: Iterable[Labelled]) -> str:
    """Return a digest of words and tags of all samples in order, identifiers left out.

    Alias types are renamed and tags of another scheme are read as ``O``.
    """
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(labelled_content(sample).encode() + b"\n")
    return digest.hexdigest()[:32]


def labelled_content(sample: Labelled) -> str:
    """Return words and tags as one string, alias types renamed."""
    tags = map(regular_tag, sample.tags or ())
    return "\x1f".join(sample.tokens) + "\x1e" + "\x1f".join(tags)


def release_of(samples: Iterable[Labelled], *, part: str | None = None) -> str:
    """Return the title of the known release of which these samples are one split.

    Args:
        samples: One split, in file order, compared word for word and tag for tag.
        part: ``train``, ``dev`` or ``test``; any of them by default.

    Returns:
        The title; empty when no release has this split.
    """
    return _title_of(split_digest(samples), part)


def fingerprint(samples: Sequence[Sample], *, part: str, folder: Path) -> DataFingerprint:
    """Return the digest of words and tags, in order, and the release that has it.

    The same words and tags give the same digest wherever the file lies and however it spells a
    type that has an alias.

    Args:
        samples: One split.
        part: ``train``, ``dev`` or ``test``.
        folder: Its data folder.
    """
    digest = split_digest(samples)
    name = find_split(folder, split=part).name
    return DataFingerprint(part, name, digest, len(samples), _title_of(digest, part))


def _title_of(digest: str, part: str | None) -> str:
    for release in releases():
        if digest in ([release.digests.get(part)] if part else release.digests.values()):
            return release.title
    return ""
