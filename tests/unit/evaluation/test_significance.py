import itertools
from statistics import stdev

import numpy as np
import pytest
from scipy import stats

from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.significance import (
    bootstrap,
    compare_counts,
    compare_runs,
    counts_of_pairs,
    counts_of_samples,
    holm,
    measures_of,
    summarise_seeds,
)


def random_counts(seed, number, rate):
    rng = np.random.default_rng(seed)
    gold = np.random.default_rng(99).integers(0, 4, number)
    correct = rng.binomial(gold, rate)
    return np.stack([gold, correct + rng.integers(0, 2, number), correct], axis=1)


def test_counts_of_tweets_by_hand():
    pair = SamplePair("1", ("a", "b"), ("B-PER", "I-LOC"), ("B-PER", "O"))
    assert counts_of_pairs([pair], rule="lenient").tolist() == [[2, 1, 1]]
    assert counts_of_pairs([pair], rule="strict").tolist() == [[1, 1, 1]]
    assert counts_of_samples([]).shape == (0, 3)


def test_randomisation_agrees_with_every_exchange():
    a, b = random_counts(1, 10, 0.4), random_counts(2, 10, 0.8)
    observed = abs(measures_of(b.sum(0)) - measures_of(a.sum(0)))
    extreme = np.zeros(3)
    for pattern in itertools.product([False, True], repeat=10):
        swap = np.array(pattern)[:, None]
        left, right = np.where(swap, b, a), np.where(swap, a, b)
        difference = abs(measures_of(right.sum(0)) - measures_of(left.sum(0)))
        extreme += difference >= observed - 1e-12
    exact = extreme / 2**10
    found = compare_counts(a, b, rounds=20_000)
    for place, name in enumerate(("precision", "recall", "f1")):
        assert found[name].p_value == pytest.approx(exact[place], abs=0.015)


def test_the_same_system_twice_does_not_differ():
    a = random_counts(1, 200, 0.7)
    f1 = compare_counts(a, a, rounds=500)["f1"]
    assert (f1.difference, f1.p_value) == (0.0, 1.0)
    assert (f1.interval.low, f1.interval.high) == (0.0, 0.0)


def test_a_large_difference_is_significant_and_signed():
    a, b = random_counts(1, 500, 0.4), random_counts(2, 500, 0.8)
    f1 = compare_counts(a, b, rounds=2000)["f1"]
    assert f1.difference > 0.1
    assert f1.p_value == pytest.approx(1 / 2001)
    assert 0 < f1.interval.low < f1.difference < f1.interval.high
    back = compare_counts(b, a, rounds=2000)["f1"]
    assert back.difference == -f1.difference


def test_other_gold_is_refused():
    a = random_counts(1, 5, 0.5)
    with pytest.raises(ValueError, match="same posts with the same gold"):
        compare_counts(a, a + 1)


def test_bootstrap_agrees_with_scipy():
    counts = random_counts(3, 300, 0.7)
    ours = bootstrap(counts, rounds=4000)["f1"]
    theirs = stats.bootstrap(
        (np.arange(300),),
        lambda picks: measures_of(counts[picks].sum(0))[2],
        n_resamples=2000,
        method="percentile",
        vectorized=False,
        rng=0,
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.005)
    assert ours.high == pytest.approx(theirs.high, abs=0.005)


def test_seeds_make_results_repeatable():
    counts = random_counts(3, 50, 0.7)
    assert bootstrap(counts, rounds=200, seed=4) == bootstrap(counts, rounds=200, seed=4)
    assert bootstrap(counts, rounds=200, seed=4) != bootstrap(counts, rounds=200, seed=5)


def test_seed_summary_agrees_with_scipy():
    values = [0.81, 0.83, 0.85]
    found = summarise_seeds(values)
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert found.deviation == pytest.approx(stdev(values))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))


def test_one_run_has_no_interval():
    assert summarise_seeds([0.5]).interval is None
    with pytest.raises(ValueError, match="no runs"):
        summarise_seeds([])


def test_runs_are_exchanged_tweet_by_tweet():
    a = [random_counts(seed, 8, 0.5) for seed in (1, 2)]
    b = [random_counts(seed, 8, 0.7) for seed in (3, 4)]

    def difference(left, right):
        f1 = [measures_of(x.sum(0))[2] for x in (*left, *right)]
        return (f1[2] + f1[3] - f1[0] - f1[1]) / 2

    observed, extreme = difference(a, b), 0
    for pattern in itertools.product([False, True], repeat=8):
        swap = np.array(pattern)[:, None]
        left = [np.where(swap, y, x) for x, y in zip(a, b, strict=True)]
        right = [np.where(swap, x, y) for x, y in zip(a, b, strict=True)]
        extreme += abs(difference(left, right)) >= abs(observed) - 1e-12
    found = compare_runs(a, b, rounds=20_000)["f1"]
    assert found.difference == pytest.approx(observed)
    assert found.p_value == pytest.approx(extreme / 2**8, abs=0.015)


def test_repeating_a_run_makes_nothing_more_significant():
    a, b = random_counts(1, 60, 0.5), random_counts(2, 60, 0.6)
    once, thrice = compare_runs([a], [b])["f1"], compare_runs([a] * 3, [b] * 3)["f1"]
    assert thrice.p_value == pytest.approx(once.p_value)
    assert thrice.interval == once.interval


def test_runs_must_match():
    a = random_counts(1, 5, 0.5)
    with pytest.raises(ValueError, match="as many runs of both systems, got 1 and 2"):
        compare_runs([a], [a, a])
    with pytest.raises(ValueError, match="not scored on the same posts"):
        compare_runs([a, a], [a, a[:4]])


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_intervals_are_of_a_thousand_resamples_at_95_percent_by_default():
    correct = np.random.default_rng(1).integers(10**6, size=(60, 1))
    counts = np.concatenate([correct + 10**6, correct + 2 * 10**6, correct], axis=1)
    assert bootstrap(counts) == bootstrap(counts, rounds=1000, level=0.95, seed=0)
    for other in ({"rounds": 1001}, {"seed": 1}, {"level": 0.9}):
        assert bootstrap(counts) != bootstrap(counts, **other)
