"""Runs that a complete suite has and this one has not."""

from collections.abc import Iterable

from gmf.experiments.suite.reporting.names import (
    dataset_name,
    dataset_order,
    system_name,
)
from gmf.experiments.suite.reporting.results import SuiteResults
from gmf.experiments.suite.variants import ABLATIONS, SWEEPS
from gmf.models.registry import models


def missing_runs(results: SuiteResults, *, datasets: Iterable[str]) -> list[str]:
    """Return one line a gap: systems or ablations without a run, seeds that others have, sweeps.

    Args:
        results: All runs.
        datasets: Data sets of the suite, those without runs too.
    """
    lines: list[str] = []
    for dataset in dataset_order({*datasets, *results.datasets}):
        name = dataset_name(dataset)
        expected = [results.get(dataset, variant=variant) for variant in (*models, *ABLATIONS)]
        present = [system for system in expected if system is not None]
        if not present:
            lines.append(f"{name}: no run of any system")
            continue
        absent = [
            system_name(variant)
            for variant, system in zip((*models, *ABLATIONS), expected, strict=True)
            if system is None
        ]
        if absent:
            lines.append(f"{name}: no run of {', '.join(absent)}")
        seeds = {seed for system in present for seed in system.seeds}
        for system in present:
            lacking = sorted(seeds - set(system.seeds))
            if lacking:
                listed = ", ".join(map(str, lacking))
                lines.append(f"{name}: {system_name(system.variant)} lacks seed {listed}")
        variants = [system.variant for system in results.all if system.dataset == dataset]
        unswept = [
            sweep.title
            for sweep in SWEEPS
            if not any(variant.startswith(sweep.prefix) for variant in variants)
        ]
        if unswept:
            lines.append(f"{name}: no sweep of {', '.join(unswept)}")
    return lines
