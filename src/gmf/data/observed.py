"""What an annotation leaves open: the tags that each word may have."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from gmf.core.tags import OUTSIDE, TagSet
from gmf.core.types import Sample


def possible_tags(
    samples: Sequence[Sample], tags: TagSet
) -> Bool[np.ndarray, "samples words tags"] | None:
    """Return the tags that each word may have; ``None`` when every word has one.

    An ``O`` of a corpus that does not annotate a type may be any tag of it; a word of which nothing
    is known may have every tag. Padding is ``O``.

    Args:
        samples: Samples with tags of the set.
        tags: Tags of the model.
    """
    open_types = [
        [] if s.annotated is None else [t for t in tags.types if t not in s.annotated]
        for s in samples
    ]
    if not any(s.unknown or types for s, types in zip(samples, open_types, strict=True)):
        return None
    shape = len(samples), max(len(sample.tokens) for sample in samples), len(tags)
    possible = np.zeros(shape, dtype=np.bool_)
    possible[:, :, 0] = True
    for row, (sample, types) in enumerate(zip(samples, open_types, strict=True)):
        outside = [0, *(tags.index[f"{prefix}-{name}"] for name in types for prefix in "BI")]
        for word, tag in enumerate(sample.tags or ()):
            possible[row, word] = False
            possible[row, word, outside if tag == OUTSIDE else tags.index[tag]] = True
        possible[row, list(sample.unknown)] = True
    return possible
