"""Figure 8: which samples are shown, by a rule that leaves nothing to taste."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.types import Sample
from gmf.data.images import UnusableImageError, open_image
from gmf.evaluation.files.labelled import sample_id
from gmf.evaluation.pairs import SampleSpans, spans_of_pairs
from gmf.experiments.suite.reporting.names import GMF, TEXT_BASELINE, system_name
from gmf.experiments.suite.reporting.results import RULE, SuiteResults
from gmf.reading.reader import DEFAULTS, ReadOptions
from gmf.reading.readers import read_split

#: Systems that are shown, where they have runs: the paper's four and BERT-CRF.
SHOWN = (TEXT_BASELINE, "debiascl", "gmf-without-vcg", "gmf-without-cm", GMF)
RULE_OF_CHOICE = (
    "For each heading, of the posts with entities that it describes, the one on which most of the "
    "shown systems are wrong, the first of the file among equals; those with a readable image go "
    "before all others; no post twice. Right: all entities of the post and no others. "
    "Predictions of one seed. Cases illustrate, they prove nothing."
)


@dataclass(frozen=True)
class Case:
    """A sample and the answers of the systems.

    Args:
        title: Why it is shown.
        sample: The sample, with its images.
        answers: Gold and predictions by system's name, in the order of showing; GMF last.
    """

    title: str
    sample: Sample
    answers: tuple[tuple[str, SampleSpans], ...]


@dataclass(frozen=True)
class CaseStudy:
    """The cases of one data set.

    Args:
        cases: One a heading for which there is a sample.
        absent: Headings for which there is none.
        seed: Seed of the predictions.
    """

    cases: tuple[Case, ...]
    absent: tuple[str, ...]
    seed: int


#: Takes whether each system is right on a sample.
_Condition = Callable[[dict[str, bool]], bool]


def choose_cases(
    results: SuiteResults, *, dataset: str, folder: Path, options: ReadOptions = DEFAULTS
) -> CaseStudy | None:
    """Return the cases of a data set.

    Args:
        results: All runs.
        dataset: The data set.
        folder: Its folder, for the images.
        options: How its files are read.

    Returns:
        ``None`` unless GMF and another of the shown systems have runs with a seed in common.

    Raises:
        DataError: If the test split cannot be read or lacks a sample of the runs.
    """
    common = _same_seed(results, dataset)
    if common is None:
        return None
    seed, variants = common
    samples = read_split(folder, "test", options=options)
    spans: dict[str, list[SampleSpans]] = {}
    for variant in variants:
        system = results.get(dataset, variant=variant)
        if system is not None:
            spans[variant] = spans_of_pairs(system.runs[seed].pairs, rule=RULE)
    outcomes = [dict(zip(spans, row, strict=True)) for row in zip(*spans.values(), strict=True)]
    by_id = {sample_id(sample.id): sample for sample in samples}
    for outcome in outcomes:
        if _id(outcome) not in by_id:
            raise DataError(
                f"{dataset}: post {_id(outcome)!r} of the runs is not in its test split"
            )
    taken: set[int] = set()
    cases: list[Case] = []
    absent: list[str] = []
    for title, condition in _conditions(variants):
        chosen = _best(outcomes, by_id, condition, taken)
        if chosen is None:
            absent.append(title)
            continue
        taken.add(chosen)
        answers = tuple(
            (system_name(variant), spans) for variant, spans in outcomes[chosen].items()
        )
        cases.append(Case(title, by_id[_id(outcomes[chosen])], answers))
    return CaseStudy(tuple(cases), tuple(absent), seed)


def is_right(spans: SampleSpans) -> bool:
    """Whether a system has all entities of a sample and no others."""
    return set(spans.gold) == set(spans.predicted)


def _same_seed(results: SuiteResults, dataset: str) -> tuple[int, list[str]] | None:
    """Return the seed of GMF with most of the shown systems, and these."""
    gmf = results.get(dataset, variant=GMF)
    best: tuple[int, list[str]] | None = None
    for seed in gmf.seeds if gmf else ():
        systems = [results.get(dataset, variant=variant) for variant in SHOWN]
        variants = [system.variant for system in systems if system and seed in system.runs]
        if len(variants) > 1 and (best is None or len(variants) > len(best[1])):
            best = seed, variants
    return best


def _conditions(variants: Sequence[str]) -> list[tuple[str, _Condition]]:
    wins = [
        (f"GMF right, {system_name(variant)} wrong", _only_gmf(variant))
        for variant in reversed(variants)
        if variant != GMF
    ]
    return [
        *wins,
        ("GMF wrong, another right", lambda right: not right[GMF] and any(right.values())),
        ("All wrong", lambda right: not any(right.values())),
    ]


def _only_gmf(variant: str) -> _Condition:
    return lambda right: right[GMF] and not right[variant]


def _best(
    outcomes: Sequence[dict[str, SampleSpans]],
    samples: dict[str, Sample],
    condition: _Condition,
    taken: set[int],
) -> int | None:
    ranked: list[tuple[int, int]] = []
    for index, outcome in enumerate(outcomes):
        right = {variant: is_right(spans) for variant, spans in outcome.items()}
        gold = next(iter(outcome.values())).gold
        if index not in taken and gold and condition(right):
            ranked.append((sum(right.values()), index))
    order = [index for _, index in sorted(ranked)]
    with_image = (index for index in order if _has_image(samples[_id(outcomes[index])]))
    return next(with_image, order[0] if order else None)


def _id(outcome: dict[str, SampleSpans]) -> str:
    return next(iter(outcome.values())).id


def _has_image(sample: Sample) -> bool:
    if not sample.images:
        return False
    try:
        open_image(sample.images[0].source)
    except UnusableImageError:
        return False
    return True
