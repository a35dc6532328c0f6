"""Fingerprints of data: the same words and tags give the same digest wherever the file lies."""

import hashlib
from collections.abc import Iterable

from gmf.core.types import Sample


def fingerprint(samples: Iterable[Sample]) -> str:
    """Return the sha256 of ids, words and tags, in order; spellings of one type count as one."""
    digest = hashlib.sha256()
    for sample in samples:
        rows = zip(sample.tokens, sample.tags or ("",) * len(sample.tokens), strict=True)
        text = "\n".join(f"{token}\t{tag}" for token, tag in rows)
        digest.update(f"{sample.id}\n{text}\n\n".encode())
    return digest.hexdigest()
