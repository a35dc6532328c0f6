import random

import pytest

from gmf.core.plain import plain
from gmf.core.types import Entity, ScoredEntity
from gmf.evaluation.config import DEFAULTS
from gmf.evaluation.metrics.calibration import EntityCalibration, calibrate
from gmf.evaluation.pairs import SampleSpans


def tweets_of(values):
    """One tweet per (confidence, is correct)."""
    return [
        SampleSpans(
            "1",
            ("a",),
            (Entity(0, 1, "PER" if is_correct else "LOC"),),
            (Entity(0, 1, "PER"),),
            (ScoredEntity(0, 1, "PER", confidence),),
        )
        for confidence, is_correct in values
    ]


def test_expected_error_equals_a_plain_loop():
    rng = random.Random(1)
    values = [(rng.random(), rng.random() < 0.6) for _ in range(500)] + [(1.0, True), (0.0, False)]
    expected = 0.0
    for index in range(10):
        inside = [v for v in values if min(int(v[0] * 10), 9) == index]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            share = sum(ok for _, ok in inside) / len(inside)
            expected += abs(mean - share) * len(inside) / len(values)
    found = calibrate(tweets_of(values))
    assert found.expected_error == pytest.approx(expected)
    assert sum(b.entities for b in found.bins) == found.entities == 502
    assert found.bins[9].high == 1.0


def test_certain_and_right_is_perfect():
    found = calibrate(tweets_of([(1.0, True)] * 3))
    assert (found.expected_error, found.brier, found.bins[9].precision) == (0.0, 0.0, 1.0)


def test_certain_and_wrong_is_worst():
    found = calibrate(tweets_of([(1.0, False)]))
    assert (found.expected_error, found.brier) == (1.0, 1.0)


def test_without_confidences_there_is_nothing_to_say():
    assert calibrate([SampleSpans("1", ("a",), (), ())]) is None


def test_entities_without_confidence_are_counted_and_told():
    unscored = SampleSpans("2", ("a",), (), (Entity(0, 1, "PER"),))
    found = calibrate([*tweets_of([(0.9, True)]), unscored])
    assert (found.entities, found.unscored) == (1, 1)
    other = Entity(0, 1, "PER"), Entity(1, 2, "LOC")
    half = SampleSpans("3", ("a", "b"), (), other, (ScoredEntity(1, 2, "LOC", 0.5),))
    assert calibrate([*tweets_of([(0.9, True)]), unscored, half]).unscored == 2
    [table, _] = EntityCalibration().show(plain(found), config=DEFAULTS)
    assert "1 predicted entities have no confidence and are left out" in table.note
    [table, _] = EntityCalibration().show(
        plain(calibrate(tweets_of([(0.9, True)]))), config=DEFAULTS
    )
    assert "left out" not in table.note
