"""How sure a score or a difference is: bootstrap, approximate randomisation, several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from gmf.evaluation.pairs import SamplePair, SampleSpans, spans_of_pairs
from gmf.evaluation.scores import Rule

MEASURES = ("precision", "recall", "f1")
#: Rounds that are computed at once, to bound memory.
_CHUNK = 500
#: Scores that are closer than this are equal but for rounding.
ROUNDING = 1e-12

#: Gold, predicted and correct entities, a row a sample.
SampleCounts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds that hold a value with a stated confidence."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """A measure over several runs that differ in their seed.

    Args:
        values: The measure of each run.
        mean: Their mean.
        deviation: Sample standard deviation; 0 for one run.
        interval: Student-t confidence interval of the mean; ``None`` for one run.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float
    interval: Interval | None

    @property
    def spread(self) -> float:
        """The deviation for a figure: not a number for one run, whose deviation is not known."""
        return self.deviation if len(self.values) > 1 else nan


@dataclass(frozen=True, slots=True)
class Difference:
    """B less A on the same samples.

    Args:
        a: Measure of A.
        b: Measure of B.
        difference: ``b - a``.
        p_value: Two-sided, approximate randomisation over samples: how often systems that differ by
            chance alone differ at least as much.
        interval: Paired bootstrap over samples of the difference.
    """

    a: float
    b: float
    difference: float
    p_value: float
    interval: Interval


def counts_of_samples(samples: Sequence[SampleSpans]) -> SampleCounts:
    """Return gold, predicted and correct entities of each sample, ``(samples, 3)``."""
    rows = [
        (len(sample.gold), len(sample.predicted), len(set(sample.gold) & set(sample.predicted)))
        for sample in samples
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def counts_of_pairs(pairs: Sequence[SamplePair], *, rule: Rule) -> SampleCounts:
    """Return gold, predicted and correct entities of each pair, ``(samples, 3)``."""
    return counts_of_samples(spans_of_pairs(pairs, rule=rule))


def measures_of(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return precision, recall and F1 of totals ``(..., 3)``; 0 where undefined."""
    gold, predicted, correct = np.moveaxis(totals.astype(np.float64), -1, 0)
    return np.stack(
        [
            correct / np.maximum(predicted, 1),
            correct / np.maximum(gold, 1),
            2 * correct / np.maximum(gold + predicted, 1),
        ],
        axis=-1,
    )


def bootstrap(
    counts: SampleCounts, *, rounds: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Return percentile intervals of micro precision, recall and F1 over resampled samples.

    Args:
        counts: From ``counts_of_pairs``.
        rounds: Resamples.
        level: Confidence, in (0, 1).
        seed: Of the random numbers.
    """
    drawn = measures_of(_resample(counts, rounds, seed))
    return _percentiles(drawn, level)


def compare_counts(
    a: SampleCounts,
    b: SampleCounts,
    *,
    rounds: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two systems on the same samples.

    Source: approximate randomisation as in Yeh, More accurate tests for the statistical
    significance of result differences (COLING 2000); samples are the units that are exchanged.

    Args:
        a: Counts of system A.
        b: Counts of system B on the same samples, with the same gold.
        rounds: Random exchanges, and resamples of the interval.
        level: Confidence of the interval, in (0, 1).
        seed: Of the random numbers.

    Returns:
        ``precision``, ``recall`` and ``f1``.

    Raises:
        ValueError: If samples or gold entities differ.
    """
    return compare_runs([a], [b], rounds=rounds, level=level, seed=seed)


def compare_runs(
    a: Sequence[SampleCounts],
    b: Sequence[SampleCounts],
    *,
    rounds: int = 10_000,
    resamples: int | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare the mean scores of two systems over several runs on the same samples.

    Runs on one sample are not independent, so a sample is exchanged, or resampled, in all runs at
    once; exchanging each run's samples by itself would find differences where there are none. The
    p-value speaks of other samples and of the mean over these runs, not of further runs.

    Args:
        a: Counts of each run of system A.
        b: Counts of as many runs of system B on the same samples, with the same gold.
        rounds: Random exchanges.
        resamples: Those of the interval; as many as exchanges by default.
        level: Confidence of the interval, in (0, 1).
        seed: Of the random numbers.

    Returns:
        ``precision``, ``recall`` and ``f1``.

    Raises:
        ValueError: If there is no run, their numbers differ, or samples or gold entities differ.
    """
    if not a or len(a) != len(b):
        raise ValueError(f"expected as many runs of both systems, got {len(a)} and {len(b)}")
    if any(x.shape != a[0].shape or (x[:, 0] != a[0][:, 0]).any() for x in (*a, *b)):
        raise ValueError("the two systems were not scored on the same posts with the same gold")
    table_a, table_b = np.concatenate(a, axis=1), np.concatenate(b, axis=1)
    total_a, total_b = table_a.sum(0).astype(np.float64), table_b.sum(0).astype(np.float64)
    score_a, score_b = _mean_measures(total_a), _mean_measures(total_b)
    observed = np.abs(score_b - score_a)
    exchanged = _exchange(table_b - table_a, rounds, seed)
    shuffled = np.abs(_mean_measures(total_b - exchanged) - _mean_measures(total_a + exchanged))
    # Equal differences count as at least as large: rounding must not decide.
    extreme = (shuffled >= observed - ROUNDING).sum(0)
    p_values = (extreme + 1) / (rounds + 1)
    drawn = _resample(np.concatenate([table_a, table_b], axis=1), resamples or rounds, seed)
    drawn_a, drawn_b = np.split(drawn, 2, axis=1)
    intervals = _percentiles(_mean_measures(drawn_b) - _mean_measures(drawn_a), level)
    return {
        name: Difference(
            float(score_a[index]),
            float(score_b[index]),
            float(score_b[index] - score_a[index]),
            float(p_values[index]),
            intervals[name],
        )
        for index, name in enumerate(MEASURES)
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in the given order.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979).
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def summarise_seeds(values: Sequence[float], *, level: float = 0.95) -> SeedSummary:
    """Return mean, sample deviation and Student-t interval of a measure over runs.

    Raises:
        ValueError: If there is no value.
    """
    if not values:
        raise ValueError("no runs to summarise")
    mean = float(np.mean(values))
    if len(values) == 1:
        return SeedSummary(tuple(values), mean, 0.0, None)
    deviation = float(np.std(values, ddof=1))
    reach = float(stdtrit(len(values) - 1, (1 + level) / 2)) * deviation / len(values) ** 0.5
    return SeedSummary(tuple(values), mean, deviation, Interval(mean - reach, mean + reach))


def _mean_measures(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the measures of totals ``(..., runs * 3)``, mean over runs."""
    return measures_of(totals.reshape(*totals.shape[:-1], -1, 3)).mean(axis=-2)


def _resample(counts: NDArray[np.int64], rounds: int, seed: int) -> NDArray[np.float64]:
    """Return totals over samples drawn with replacement, ``(rounds, columns)``."""
    rng = np.random.default_rng(seed)
    number = len(counts)
    table = counts.astype(np.float64)
    parts: list[NDArray[np.float64]] = []
    for start in range(0, rounds, _CHUNK):
        size = min(_CHUNK, rounds - start)
        picks = rng.integers(number, size=(size, number))
        flat = picks + number * np.arange(size)[:, None]
        times = np.bincount(flat.ravel(), minlength=size * number).reshape(size, number)
        parts.append(times.astype(np.float64) @ table)
    return np.concatenate(parts)


def _exchange(differences: NDArray[np.int64], rounds: int, seed: int) -> NDArray[np.float64]:
    """Return sums of ``b - a`` over a random half of the samples, ``(rounds, columns)``."""
    rng = np.random.default_rng(seed)
    differing = differences[(differences != 0).any(1)].astype(np.float64)
    parts: list[NDArray[np.float64]] = []
    for start in range(0, rounds, _CHUNK):
        size = min(_CHUNK, rounds - start)
        is_exchanged = rng.random((size, len(differing)), dtype=np.float32) < 0.5
        parts.append(is_exchanged.astype(np.float64) @ differing)
    return np.concatenate(parts)


def _percentiles(drawn: NDArray[np.float64], level: float) -> dict[str, Interval]:
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return {
        name: Interval(float(low[index]), float(high[index])) for index, name in enumerate(MEASURES)
    }
