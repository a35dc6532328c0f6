"""Runs grouped by system: scores over seeds, and the difference to GMF with its p-value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gmf.core.errors import DataError
from gmf.core.tags import ordered_types
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.scores import Rule
from gmf.evaluation.significance import (
    MEASURES,
    Difference,
    SampleCounts,
    SeedSummary,
    compare_runs,
    counts_of_pairs,
    holm,
    measures_of,
    summarise_seeds,
)
from gmf.experiments.suite.finished_run import FinishedRun
from gmf.experiments.suite.reporting.names import GMF, dataset_order, system_order
from gmf.experiments.suite.variants import ABLATIONS

#: Counting rule of all tables and figures: the field's.
RULE: Rule = "lenient"
#: A difference is called significant below this adjusted p-value.
ALPHA = 0.05
ROUNDS = 10_000


class RunResults:
    """A run with its files read once.

    Args:
        run: The run.
    """

    def __init__(self, run: FinishedRun) -> None:
        self.run = run

    @cached_property
    def _result(self) -> dict[str, Any]:
        return self.run.result()

    @property
    def minutes(self) -> float:
        """Of training."""
        return float(self._result["minutes"])

    @property
    def report(self) -> dict[str, Any]:
        """The report on the test split, as plain values."""
        return self._result["report"]

    def micro(self, measure: str) -> float:
        """Return ``precision``, ``recall`` or ``f1`` of all types, in [0, 1]."""
        return float(self.report[RULE]["micro"][measure])

    @cached_property
    def epochs(self) -> list[dict[str, Any]]:
        """Metrics of each epoch."""
        return self.run.epochs()

    @cached_property
    def pairs(self) -> tuple[SamplePair, ...]:
        """Gold and predictions of the test split."""
        return self.run.pairs()

    @cached_property
    def counts(self) -> SampleCounts:
        """Gold, predicted and correct entities of each sample."""
        return counts_of_pairs(self.pairs, rule=RULE)

    @property
    def is_consistent(self) -> bool:
        """Whether the predictions give the F1 that the report has."""
        f1 = measures_of(self.counts.sum(0))[MEASURES.index("f1")]
        return abs(float(f1) - self.micro("f1")) < 1e-6


@dataclass(frozen=True)
class SystemResults:
    """The runs of one variant on one data set.

    Args:
        dataset: The data set.
        variant: The variant.
        runs: By seed.
    """

    dataset: str
    variant: str
    runs: dict[int, RunResults]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the runs, ascending."""
        return tuple(self.runs)

    @property
    def minutes(self) -> float:
        """Mean of a run's training."""
        return sum(run.minutes for run in self.runs.values()) / len(self.runs)

    @property
    def types(self) -> list[str]:
        """Entity types that occur."""
        return ordered_types(
            name for run in self.runs.values() for name in run.report[RULE]["types"]
        )

    def overall(self, measure: str) -> SeedSummary:
        """Return a measure of all types over the seeds."""
        return summarise_seeds([run.micro(measure) for run in self.runs.values()])

    def type_f1(self, name: str) -> SeedSummary:
        """Return the F1 of a type over the seeds; 0 where a run has none of it."""
        by_type = [run.report[RULE]["types"] for run in self.runs.values()]
        return summarise_seeds([float(types.get(name, {}).get("f1", 0)) for types in by_type])


@dataclass(frozen=True)
class GmfComparison:
    """A variant less GMF.

    Args:
        f1: The difference of mean F1 on the seeds that both have.
        adjusted_p: p-value adjusted for the comparisons of its table (Holm).
    """

    f1: Difference
    adjusted_p: float

    @property
    def is_significant(self) -> bool:
        """Whether the adjusted p-value is below 0.05."""
        return self.adjusted_p < ALPHA


class SuiteResults:
    """All runs of a suite.

    Args:
        runs: In any order.

    Raises:
        ValueError: If a run is given twice.
    """

    def __init__(self, runs: Sequence[FinishedRun]) -> None:
        grouped: dict[tuple[str, str], dict[int, RunResults]] = {}
        for run in sorted(runs, key=lambda r: r.seed):
            seeds = grouped.setdefault((run.dataset, run.variant), {})
            if run.seed in seeds:
                raise ValueError(f"{run.dataset}, {run.variant}, seed {run.seed}: given twice")
            seeds[run.seed] = RunResults(run)
        self._systems = {key: SystemResults(*key, seeds) for key, seeds in grouped.items()}
        self._compared: dict[tuple[str, bool], dict[str, GmfComparison]] = {}

    @property
    def datasets(self) -> list[str]:
        """Data sets with a run."""
        return dataset_order({dataset for dataset, _ in self._systems})

    @property
    def all(self) -> list[SystemResults]:
        """Every variant, by data set and name."""
        return [self._systems[key] for key in sorted(self._systems)]

    def get(self, dataset: str, *, variant: str) -> SystemResults | None:
        """Return a variant's runs; ``None`` without any."""
        return self._systems.get((dataset, variant))

    def systems(self, dataset: str) -> list[SystemResults]:
        """Return the systems of Tables 2 and 3, GMF last."""
        names = {variant for name, variant in self._systems if name == dataset}
        return [self._systems[dataset, name] for name in system_order(names)]

    def ablations(self, dataset: str) -> list[SystemResults]:
        """Return the ablations of Table 4 that have runs."""
        systems = [self.get(dataset, variant=name) for name in ABLATIONS]
        return [system for system in systems if system is not None]

    def against_gmf(self, dataset: str, *, ablations: bool = False) -> dict[str, GmfComparison]:
        """Return each system's, or each ablation's, difference to GMF.

        Variants that share no seed with GMF are left out.

        Raises:
            DataError: If two runs were not scored on the same samples.
        """
        key = dataset, ablations
        if key not in self._compared:
            others = self.ablations(dataset) if ablations else self.systems(dataset)
            self._compared[key] = self._compare(self.get(dataset, variant=GMF), others)
        return self._compared[key]

    def _compare(
        self, gmf: SystemResults | None, others: Sequence[SystemResults]
    ) -> dict[str, GmfComparison]:
        differences: dict[str, Difference] = {}
        for other in others:
            seeds = [] if gmf is None else [seed for seed in gmf.seeds if seed in other.runs]
            if gmf is None or not seeds or other.variant == GMF:
                continue
            a, b = ([system.runs[seed].counts for seed in seeds] for system in (gmf, other))
            try:
                differences[other.variant] = compare_runs(a, b, rounds=ROUNDS)["f1"]
            except ValueError as error:
                raise DataError(f"{other.dataset}, {other.variant} and {GMF}: {error}") from error
        adjusted = holm([difference.p_value for difference in differences.values()])
        return {
            variant: GmfComparison(difference, p)
            for (variant, difference), p in zip(differences.items(), adjusted, strict=True)
        }
