"""Sweeps: F1 by the value of one parameter, GMF itself at its own value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

from gmf.core.config import read_yaml
from gmf.core.errors import DataError
from gmf.evaluation.significance import SeedSummary, summarise_seeds
from gmf.experiments.suite.reporting.names import GMF
from gmf.experiments.suite.reporting.results import RULE, RunResults, SuiteResults, SystemResults
from gmf.experiments.suite.variants import SWEEPS, Sweep
from gmf.training.run_files import CONFIG


@dataclass(frozen=True)
class SweepPoint:
    """Scores at one value.

    Args:
        value: Of the parameter; a name for layers.
        test: Lenient micro F1 on the test split, over seeds.
        dev: The best of the epochs on the dev split, over seeds.
        is_default: Whether it is GMF as it is in the tables.
    """

    value: float | str
    test: SeedSummary
    dev: SeedSummary
    is_default: bool = False


def sweep_points(results: SuiteResults, *, dataset: str, sweep: Sweep) -> list[SweepPoint]:
    """Return the points of a sweep, by value; names in order, GMF first. Empty without a sweep.

    Of GMF only the seeds of the sweep are taken, where it has them, so that points differ in the
    parameter alone.

    Raises:
        ConfigError: If the configuration of a GMF run cannot be read.
        DataError: If a variant's value is no number, or the configuration lacks the parameter.
    """
    points = {
        _value(system.variant, sweep): system
        for system in results.all
        if system.dataset == dataset and system.variant.startswith(sweep.prefix)
    }
    if not points:
        return []
    swept_points = [_point(value, list(system.runs.values())) for value, system in points.items()]
    gmf = results.get(dataset, variant=GMF)
    if gmf is not None:
        seeds = {seed for system in points.values() for seed in system.seeds}
        runs = [run for seed, run in gmf.runs.items() if seed in seeds]
        default = _default(gmf, sweep)
        swept_points = [point for point in swept_points if point.value != default]
        same = points.get(default)
        if same is not None:
            runs += [run for seed, run in same.runs.items() if seed not in gmf.runs]
        swept_points.insert(0, _point(default, runs or list(gmf.runs.values()), is_default=True))
    if sweep.name == "layers":
        return swept_points
    return sorted(swept_points, key=lambda point: cast(float, point.value))


def _point(value: float | str, runs: list[RunResults], *, is_default: bool = False) -> SweepPoint:
    test = summarise_seeds([run.micro("f1") for run in runs])
    dev = summarise_seeds([max(map(dev_f1, run.epochs), default=0.0) for run in runs])
    return SweepPoint(value, test, dev, is_default)


def dev_f1(epoch: Mapping[str, Any]) -> float:
    """Return the lenient micro F1 on the dev split after an epoch."""
    return float(epoch["dev"][RULE]["micro"]["f1"])


def _value(variant: str, sweep: Sweep) -> float | str:
    text = variant.removeprefix(sweep.prefix)
    if sweep.name == "layers":
        return text
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"variant {variant!r}: expected a number after {sweep.prefix!r}") from error


def _default(gmf: SystemResults, sweep: Sweep) -> float | str:
    """Return GMF's own value, from the configuration of its first run."""
    path = next(iter(gmf.runs.values())).run.folder / CONFIG
    options: Any = read_yaml(path)
    try:
        value = reduce(lambda inner, key: inner[key], sweep.option.split("."), options)
    except (KeyError, TypeError) as error:
        raise DataError(f"expected {sweep.option}", path=path) from error
    if sweep.name == "layers":
        return "all" if value is None else ", ".join(map(str, value))
    return float(value)


def swept(results: SuiteResults, *, dataset: str) -> list[tuple[Sweep, list[SweepPoint]]]:
    """Return every sweep of a data set that has points."""
    swept_points = [
        (sweep, sweep_points(results, dataset=dataset, sweep=sweep)) for sweep in SWEEPS
    ]
    return [(sweep, points) for sweep, points in swept_points if points]
