"""Figure 9: entities that BERT-CRF misses and a multimodal system finds, and the reverse."""

from collections.abc import Sequence
from dataclasses import dataclass

from gmf.evaluation.pairs import SamplePair, spans_of_pairs
from gmf.evaluation.significance import SeedSummary, summarise_seeds
from gmf.experiments.suite.reporting.names import TEXT_BASELINE, uses_images
from gmf.experiments.suite.reporting.results import RULE, SuiteResults


@dataclass(frozen=True)
class Corrections:
    """A multimodal system against BERT-CRF, in gold entities of the test split.

    Args:
        variant: The system.
        corrected: BERT-CRF wrong, the system right; over the seeds that both have.
        broken: BERT-CRF right, the system wrong.
    """

    variant: str
    corrected: SeedSummary
    broken: SeedSummary


def count_corrections(
    baseline: Sequence[SamplePair], *, system: Sequence[SamplePair]
) -> tuple[int, int]:
    """Count gold entities by which of two systems finds them.

    An entity is found when span and type are exact; entities that only a system predicts have no
    counterpart in the gold and are not counted.

    Args:
        baseline: Gold and predictions of the baseline.
        system: Those of the other system, on the same samples in the same order.

    Returns:
        Entities that only the system finds, and those that only the baseline finds.

    Raises:
        ValueError: If the numbers of samples differ.
    """
    corrected = broken = 0
    for ours, theirs in zip(
        spans_of_pairs(baseline, rule=RULE), spans_of_pairs(system, rule=RULE), strict=True
    ):
        gold = set(ours.gold)
        first, second = gold & set(ours.predicted), gold & set(theirs.predicted)
        corrected += len(second - first)
        broken += len(first - second)
    return corrected, broken


def corrections_of(results: SuiteResults, *, dataset: str) -> list[Corrections]:
    """Return the counts of every multimodal system that shares a seed with BERT-CRF, GMF last."""
    baseline = results.get(dataset, variant=TEXT_BASELINE)
    corrections: list[Corrections] = []
    if baseline is None:
        return corrections
    for system in results.systems(dataset):
        seeds = [seed for seed in baseline.seeds if seed in system.runs]
        if not seeds or not uses_images(system.variant):
            continue
        counts = [
            count_corrections(baseline.runs[seed].pairs, system=system.runs[seed].pairs)
            for seed in seeds
        ]
        corrected = summarise_seeds([float(only_system) for only_system, _ in counts])
        broken = summarise_seeds([float(only_baseline) for _, only_baseline in counts])
        corrections.append(Corrections(system.variant, corrected, broken))
    return corrections
