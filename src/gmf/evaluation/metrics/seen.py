"""Scores by whether training had the name."""

from collections import defaultdict
from collections.abc import Iterable

from gmf.core.tags import entities_of
from gmf.core.types import Entity, Sample
from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.groups import GroupMetric, count_by
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.scores import Counts, Rule

#: Groups of names, in the order of reports, with what each means.
SEEN_GROUPS = {
    "seen": "words and type occur as an entity in training",
    "other type": "words occur as an entity in training, with other types only",
    "unseen": "words do not occur as an entity in training",
}


class SeenNames(GroupMetric):
    """Scores of names that training has, has with another type only, or lacks."""

    title = "Names in training"
    chart_title = "F1 by names in training"
    note = "; ".join(f"{name}: {meaning}" for name, meaning in SEEN_GROUPS.items()) + "."

    def count(self, given: MetricInput) -> dict[str, Counts] | None:
        """Return counts by whether training had the name; ``None`` without training samples."""
        if given.training is None:
            return None
        return count_seen(
            given.samples, names=TrainingNames(given.training, rule=given.config.rule)
        )


class TrainingNames:
    """The names that occur in training: their words, letter case kept, and their types.

    Args:
        samples: Training samples with tags.
        rule: How their tags are read.
    """

    def __init__(self, samples: Iterable[Sample], *, rule: Rule = "lenient") -> None:
        self._types: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for sample in samples:
            for entity in entities_of(sample.tags or (), strict=rule == "strict"):
                self._types[sample.tokens[entity.start : entity.end]].add(entity.type)

    def __len__(self) -> int:
        return len(self._types)

    def group_of(self, sample: SampleSpans, entity: Entity) -> str:
        """Return one of ``SEEN_GROUPS``."""
        types = self._types.get(sample.words_of(entity))
        if types is None:
            return "unseen"
        return "seen" if entity.type in types else "other type"


def count_seen(samples: Iterable[SampleSpans], *, names: TrainingNames) -> dict[str, Counts]:
    """Count entities by whether training had them.

    Gold and predicted entities are each grouped by their own words and type, so that the groups add
    up to the whole.
    """
    return count_by(samples, names.group_of, groups=SEEN_GROUPS)
