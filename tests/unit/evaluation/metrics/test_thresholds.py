from dataclasses import replace

from gmf.core.types import Entity, ScoredEntity
from gmf.evaluation.config import DEFAULTS
from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.thresholds import ConfidenceThresholds
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.scores import Counts


def given(scored):
    gold = (Entity(0, 1, "PER"), Entity(2, 3, "LOC"))
    return MetricInput([SampleSpans("1", ("a",) * 4, gold, gold, scored)], [], None, DEFAULTS)


def test_a_threshold_keeps_the_entities_of_at_least_its_confidence():
    scored = (
        ScoredEntity(0, 1, "PER", 0.9),
        ScoredEntity(1, 2, "PER", 0.55),
        ScoredEntity(2, 3, "LOC", 0.3),
    )
    counts = ConfidenceThresholds().measure(given(scored))
    assert counts["0"] == counts["0.3"] == Counts(gold=2, predicted=3, correct=2)
    assert counts["0.5"] == Counts(gold=2, predicted=2, correct=1)
    assert counts["0.9"] == Counts(gold=2, predicted=1, correct=1)
    assert counts["0.95"] == Counts(gold=2)


def test_without_confidences_there_is_no_table():
    assert ConfidenceThresholds().measure(given(None)) is None


def test_a_predicted_entity_without_confidence_leaves_no_threshold_to_choose():
    assert ConfidenceThresholds().measure(given((ScoredEntity(0, 1, "PER", 0.9),))) is None
    scored = given((ScoredEntity(0, 1, "PER", 0.9), ScoredEntity(2, 3, "LOC", 0.8)))
    partly = replace(scored, samples=[*scored.samples, *given(None).samples])
    assert ConfidenceThresholds().measure(partly) is None
    empty = SampleSpans("2", ("a",), (), ())
    assert ConfidenceThresholds().measure(replace(scored, samples=[*scored.samples, empty]))
