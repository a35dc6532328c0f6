"""Fingerprints of data: which words and tags a run saw, and which known release they are."""

from collections.abc import Sequence
from pathlib import Path

from gmf.core.types import Sample
from gmf.data.doctor.loading import Tweet
from gmf.data.doctor.prints import split_digest
from gmf.data.doctor.releases import releases
from gmf.data.readers import find_split
from gmf.evaluation.provenance import DataFingerprint


def fingerprint(samples: Sequence[Sample], *, part: str, folder: Path) -> DataFingerprint:
    """Return the digest of words and tags, in order, and the release that has it.

    The same words and tags give the same digest wherever the file lies and however it spells a
    type that has an alias.

    Args:
        samples: One split.
        part: ``train``, ``dev`` or ``test``.
        folder: Its data folder.
    """
    tweets = [Tweet(s.id, 0, (), s.tokens, s.tags) for s in samples]
    digest = split_digest(tweets)
    copy = next((r.title for r in releases() if r.digests.get(part) == digest), "")
    return DataFingerprint(part, find_split(folder, split=part).name, digest, len(samples), copy)
