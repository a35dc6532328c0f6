"""Digests of samples: what lets a copy be recognised without its content being shipped."""

import hashlib

from gmf.checks.tags_and_tokens import is_link
from gmf.reading.reader import RawSample
from gmf.reading.releases import labelled_content

#: Shorter texts (letters without spaces) are alike by chance: "Good morning".
MIN_TEXT = 20


def labelled_print(sample: RawSample) -> int:
    """Return 32 bits of words and tags, alias types renamed."""
    return _digest(labelled_content(sample), size=4)


def text_print(sample: RawSample) -> int | None:
    """Return 64 bits of the text without links, case and spaces, so however it is tokenised.

    ``None`` for a text that is too short to tell samples apart.
    """
    text = "".join(
        "".join(
            sample.tokens[i] for i in range(len(sample.tokens)) if not is_link(sample.tokens[i])
        )
        .lower()
        .split()
    )
    return _digest(text, size=8) if len(text) >= MIN_TEXT else None


def id_print(identifier: str) -> int:
    """Return 64 bits of an identifier, without the ending of an image name."""
    return _digest(identifier.removesuffix(".jpg"), size=8)


def _digest(content: str, *, size: int) -> int:
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=size).digest(), "little")
