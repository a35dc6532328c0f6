"""Scores by the length of the entity, and of the sample."""

from collections.abc import Iterable

from gmf.core.types import Entity
from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.groups import GroupMetric, count_by
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.scores import Counts

#: Longest entity, in words, with a group of its own.
MAX_ENTITY_WORDS = 4
#: Upper bounds, in words, of the groups of samples.
SAMPLE_BOUNDS = (10, 20, 30)


class EntityLength(GroupMetric):
    """Scores by the entities' own length in words."""

    title = "By entity length in words"
    chart_title = "F1 by entity length in words"

    def count(self, given: MetricInput) -> dict[str, Counts]:
        """Return counts by length."""
        return count_by_entity_length(given.samples)


class SampleLength(GroupMetric):
    """Scores by the length of the sample in words."""

    title = "By post length in words"
    chart_title = "F1 by post length in words"

    def count(self, given: MetricInput) -> dict[str, Counts]:
        """Return counts by length."""
        return count_by_sample_length(given.samples)


def count_by_entity_length(samples: Iterable[SampleSpans]) -> dict[str, Counts]:
    """Count entities by their own length in words: 1, 2, ... and the longest together."""
    longest = f"{MAX_ENTITY_WORDS}+"

    def length(sample: SampleSpans, entity: Entity) -> str:
        words = len(sample.words_of(entity))
        return str(words) if words < MAX_ENTITY_WORDS else longest

    return count_by(samples, length, groups=[*map(str, range(1, MAX_ENTITY_WORDS)), longest])


def count_by_sample_length(samples: Iterable[SampleSpans]) -> dict[str, Counts]:
    """Count entities by the length of their sample in words."""
    starts = [1, *(bound + 1 for bound in SAMPLE_BOUNDS)]
    names = [f"{a}-{b}" for a, b in zip(starts, SAMPLE_BOUNDS, strict=False)] + [f"{starts[-1]}+"]

    def length(sample: SampleSpans, _: Entity) -> str:
        return names[sum(sample.num_words > bound for bound in SAMPLE_BOUNDS)]

    return count_by(samples, length, groups=names)
