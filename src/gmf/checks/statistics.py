"""The paper's Table 1 of a folder: samples, words and entities of each split, under both rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.core.tags import entities_of, ordered_types
from gmf.core.types import Sample
from gmf.reading.near_files import is_there
from gmf.reading.reader import DEFAULTS, ReadOptions
from gmf.reading.readers import read_split, splits_of


@dataclass(frozen=True)
class SplitStatistics:
    """Counts of one split.

    Args:
        tweets: Posts.
        tokens: Words of all posts.
        longest: Words of the longest post.
        strict: Entities by type that begin with a ``B-`` tag.
        lenient: Entities by type, an ``I-`` that continues nothing opening one too.
        without_entity: Posts without entity, lenient.
        unlabelled: Posts without tags.
        images: Images that the posts name.
        images_present: Those whose file is there.
        regions: Object regions of the images.
    """

    tweets: int
    tokens: int
    longest: int
    strict: dict[str, int]
    lenient: dict[str, int]
    without_entity: int
    unlabelled: int
    images: int
    images_present: int
    regions: int

    @property
    def total_strict(self) -> int:
        """Entities of all types, strict."""
        return sum(self.strict.values())

    @property
    def total_lenient(self) -> int:
        """Entities of all types, lenient."""
        return sum(self.lenient.values())


def split_statistics(samples: Sequence[Sample]) -> SplitStatistics:
    """Count a split."""
    tagged = [sample.tags for sample in samples if sample.tags is not None]
    lenient = [entities_of(tags) for tags in tagged]
    strict = [entities_of(tags, strict=True) for tags in tagged]
    images = [image for sample in samples for image in sample.images]
    return SplitStatistics(
        tweets=len(samples),
        tokens=sum(len(sample.tokens) for sample in samples),
        longest=max((len(sample.tokens) for sample in samples), default=0),
        strict=_by_type(entity.type for entities in strict for entity in entities),
        lenient=_by_type(entity.type for entities in lenient for entity in entities),
        without_entity=sum(not entities for entities in lenient),
        unlabelled=len(samples) - len(tagged),
        images=len(images),
        images_present=sum(
            isinstance(image.source, bytes) or is_there(image.source) for image in images
        ),
        regions=sum(len(image.regions) for image in images),
    )


def folder_statistics(
    folder: Path, *, options: ReadOptions = DEFAULTS
) -> dict[str, SplitStatistics]:
    """Count the splits of a folder, in the order train, dev, test.

    Args:
        folder: The folder.
        options: How its files are read, where they cannot tell.

    Raises:
        DataError: If there is no split or a line is wrong.
    """
    return {
        split: split_statistics(read_split(folder, split, options=options))
        for split in splits_of(folder)
    }


def _by_type(types: Iterable[str]) -> dict[str, int]:
    counts = Counter(types)
    return {entity_type: counts[entity_type] for entity_type in ordered_types(set(counts))}
