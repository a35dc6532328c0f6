"""What the runs say, in sentences made from the numbers alone."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gmf.checks.statistics import SplitStatistics
from gmf.evaluation.significance import ROUNDING
from gmf.experiments.suite.reporting.names import GMF, system_name
from gmf.experiments.suite.reporting.reported_scores import reported_scores
from gmf.experiments.suite.reporting.results import (
    ALPHA,
    GmfComparison,
    SuiteResults,
    SystemResults,
)

#: Below this share of samples with an image, multimodal systems are hardly that.
_FEW_IMAGES = 0.5


def findings(
    results: SuiteResults, *, dataset: str, statistics: Mapping[str, SplitStatistics]
) -> list[str]:
    """Return paragraphs on one data set: images, seeds, ranking, significance, ablations.

    Args:
        results: All runs.
        dataset: The data set.
        statistics: Of its splits; empty when its folder is unknown.
    """
    return [
        text
        for text in (
            _images(statistics),
            _seeds(results, dataset),
            _ranking(results.systems(dataset)),
            _significance(results.against_gmf(dataset)),
            *_ablations(results, dataset),
            _inconsistent(system for system in results.all if system.dataset == dataset),
        )
        if text
    ]


def told_by_runs(results: SuiteResults, *, dataset: str, known: Sequence[str]) -> list[str]:
    """Return a paragraph of what runs told of their data and images, each thing once, if any did.

    A report does not say where the data lie on a machine.

    Args:
        results: All runs.
        dataset: The data set.
        known: What the report says anyway.
    """
    systems = [system for system in results.all if system.dataset == dataset]
    runs = [run.run for system in systems for run in system.runs.values()]
    told = Counter(
        text
        for run in runs
        for given in run.result().get("warnings", ())
        if (text := re.sub(r"(?<!\S)/\S*/", "", given)) not in known
    )
    listed = "; ".join(
        text if number == len(runs) else f"{text} ({number} of {len(runs)} runs)"
        for text, number in told.items()
    )
    return [f"Told while runs were trained and scored: {listed}."] if listed else []


def has_few_images(statistics: Mapping[str, SplitStatistics]) -> bool:
    """Whether most samples have no image."""
    samples = sum(split.tweets for split in statistics.values())
    present = sum(split.images_present for split in statistics.values())
    return bool(samples) and present / samples < _FEW_IMAGES


def _images(statistics: Mapping[str, SplitStatistics]) -> str:
    num_images = sum(split.images for split in statistics.values())
    present = sum(split.images_present for split in statistics.values())
    samples = sum(split.tweets for split in statistics.values())
    if has_few_images(statistics):
        return (
            f"Warning: images are mostly missing ({present} for {samples} posts). Multimodal "
            "systems had to do without, so that these scores say nothing on what images bring."
        )
    if present < num_images:
        return f"{num_images - present} of the {num_images} images that the posts name are missing."
    return ""


def _seeds(results: SuiteResults, dataset: str) -> str:
    systems = [*results.systems(dataset), *results.ablations(dataset)]
    seeds = sorted({seed for system in systems for seed in system.seeds})
    listed = ", ".join(map(str, seeds))
    if not seeds:
        return ""
    if len(seeds) == 1:
        return (
            f"One seed ({listed}): how much a score depends on the seed is unknown here, and a "
            "small difference may be due to it."
        )
    uneven = [system_name(s.variant) for s in systems if len(s.runs) < len(seeds)]
    rest = f"; fewer runs have {_listed(uneven)}" if uneven else ""
    return f"{len(seeds)} seeds ({listed}){rest}."


def _ranking(systems: Sequence[SystemResults]) -> str:
    if not systems:
        return "No system has a run."
    ranked = sorted(systems, key=lambda system: -system.overall("f1").mean)
    first = ranked[0]
    text = f"{system_name(first.variant)} is first of {len(ranked)}, F1 {_score(first)}"
    rank = next((n for n, system in enumerate(ranked) if system.variant == GMF), None)
    if rank is None:
        return f"{text}. GMF has no run."
    if rank:
        return f"{text}. GMF is in place {rank + 1}, F1 {_score(ranked[rank])}."
    if len(ranked) > 1:
        text += f", before {system_name(ranked[1].variant)}, {_score(ranked[1])}"
    return f"{text}."


def _significance(compared: Mapping[str, GmfComparison]) -> str:
    if not compared:
        return ""
    groups: dict[str, list[str]] = {
        "Significantly behind GMF": [],
        "Behind GMF, but not significantly": [],
        "As good as GMF": [],
        "Ahead of GMF, but not significantly": [],
        "Significantly ahead of GMF": [],
    }
    names = list(groups)
    for variant, comparison in sorted(compared.items(), key=lambda item: item[1].f1.difference):
        difference = comparison.f1.difference
        if abs(difference) < ROUNDING:
            group = names[2]
        elif difference < 0:
            group = names[0] if comparison.is_significant else names[1]
        else:
            group = names[4] if comparison.is_significant else names[3]
        groups[group].append(f"{system_name(variant)} {_points(comparison)}")
    sentences = [f"{group}: {_listed(systems)}." for group, systems in groups.items() if systems]
    return f"{' '.join(sentences)} Adjusted p, threshold {ALPHA:g}."


def _ablations(results: SuiteResults, dataset: str) -> list[str]:
    sentences: list[str] = []
    whole = reported_scores(dataset, variant=GMF)
    for variant, comparison in results.against_gmf(dataset, ablations=True).items():
        difference = comparison.f1.difference
        verdict = "a significant" if comparison.is_significant else "no significant"
        effect = "loss" if difference < 0 else "gain" if difference > 0 else "change"
        text = f"{system_name(variant)}: F1 {_points(comparison)}, {verdict} {effect}."
        printed = reported_scores(dataset, variant=variant)
        if printed and whole:
            less = printed.overall["f1"] - whole.overall["f1"]
            agrees = "as here" if less * difference > 0 else "unlike here"
            text += f" The paper prints {100 * less:+.2f}, {agrees} in sign."
        elif difference > 0:
            text += " In the paper every ablation loses."
        sentences.append(text)
    return sentences


def _inconsistent(systems: Iterable[SystemResults]) -> str:
    doubtful = [
        f"{system.variant}, seed {seed}"
        for system in systems
        for seed, run in system.runs.items()
        if not run.is_consistent
    ]
    if not doubtful:
        return ""
    return (
        "Warning: predictions and report do not give the same F1, one of the two is old; score "
        f"again: {'; '.join(doubtful)}."
    )


def _score(system: SystemResults) -> str:
    f1 = system.overall("f1")
    spread = f" ± {100 * f1.deviation:.2f}" if len(f1.values) > 1 else ""
    return f"{100 * f1.mean:.2f}{spread}"


def _points(comparison: GmfComparison) -> str:
    return f"{100 * comparison.f1.difference:+.2f} (p {comparison.adjusted_p:.4f})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
