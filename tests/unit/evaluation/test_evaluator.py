import json
from pathlib import Path

import pytest

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Prediction, Sample, ScoredEntity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.pairs import SamplePair, pair_of, pair_of_tags
from gmf.evaluation.provenance import Provenance
from gmf.evaluation.report import summarise_runs
from gmf.evaluation.reports.report_tables import report_tables

PAIRS = [
    SamplePair("1", ("Rocky", "in", "Oslo"), ("B-PER", "O", "B-LOC"), ("B-PER", "X", "B-ORG")),
    SamplePair("2", ("it", "is", "I"), ("O", "O", "I-PER"), ("O", "O", "I-PER")),
]
TRAINING = [Sample("t", ("Rocky",), ("B-PER",))]


def test_report_holds_every_analysis_and_is_json():
    report = json.loads(json.dumps(evaluate(PAIRS, training=TRAINING).to_dict()))
    assert list(report) == [
        "lenient", "strict", "rule", "tweets", "words", "intervals", "corpora", "countings",
        "span_only", "type_given_span", "confusion", "boundary_errors", "seen", "entity_length",
        "tweet_length", "image", "groups", "calibration", "confidence", "reading", "provenance",
    ]  # fmt: skip
    assert report["lenient"]["micro"]["f1"] == pytest.approx(2 / 3)
    assert report["strict"]["micro"]["f1"] == pytest.approx(1 / 2)
    assert report["span_only"]["f1"] == 1.0
    assert report["type_given_span"]["LOC"] == {"spans": 1, "correct": 0, "accuracy": 0.0}
    assert report["seen"]["seen"]["correct"] == 1
    assert report["boundary_errors"]["type"]["errors"] == 1
    assert (report["image"], report["calibration"], report["reading"]) == (None, None, None)
    assert report["provenance"]["versions"]["gmf"]


def test_analyses_follow_the_rule():
    strict = evaluate(PAIRS, config=EvaluationConfig(rule="strict"))
    assert strict.metrics["span_only"]["gold"] == 2
    assert strict.provenance.rule == "strict"


def test_service_policy_is_applied_and_named():
    chunker = evaluate(PAIRS, config=EvaluationConfig(service_labels="chunker"))
    assert chunker.scores.lenient.micro.predicted == 4
    assert chunker.provenance.service_labels == "chunker"
    assert any("counted other ways" in table.title for table in report_tables(chunker))
    alike = evaluate([SamplePair("1", ("a",), ("O",), ("O",))])
    assert not any("counted other ways" in table.title for table in report_tables(alike))


def test_given_provenance_is_kept():
    known = Provenance("lenient", encoders={"bert": "abc"}, seeds=(1,), images="real")
    report = evaluate(PAIRS, provenance=known)
    assert report.provenance == known


def test_predictions_of_a_model_become_pairs():
    sample = Sample("1", ("Rocky",), ("B-PER",), (ImageInput(b""),))
    entity = ScoredEntity(0, 1, "PER", 0.9)
    metrics = evaluate(
        [pair_of(Prediction(sample, ("B-PER",), (entity,), saw_image=True), reads_images=True)]
    ).metrics
    assert metrics["calibration"]["confidence"] == 0.9
    assert metrics["image"]["with image"]["correct"] == 1
    unread = pair_of(Prediction(sample, ("B-PER",), (entity,), saw_image=False), reads_images=True)
    assert unread.has_image is False
    assert pair_of_tags(sample, ["O"]).has_image is True
    assert (
        pair_of_tags(Sample("1", ("a",), ("O",), (ImageInput(Path("no")),)), ["O"]).has_image
        is False
    )
    with pytest.raises(DataError, match=r"sample '2' .* has no gold tags"):
        pair_of(Prediction(Sample("2", ("a",)), ("O",), ()), reads_images=True)


def test_no_tweets_is_an_error():
    with pytest.raises(ValueError, match="no posts"):
        evaluate([])


def test_runs_are_summarised_by_rule_measure_and_type():
    other = [SamplePair(p.id, p.tokens, p.gold, p.gold) for p in PAIRS]
    runs = summarise_runs([evaluate(PAIRS), evaluate(other)])
    f1 = runs.measures["lenient"]["f1"]
    assert (f1.values, f1.mean) == ((pytest.approx(2 / 3), 1.0), pytest.approx(5 / 6))
    assert runs.types["lenient"]["LOC"].values == (0.0, 1.0)
    assert runs.types["lenient"]["ORG"].values == (0.0, 0.0)
    report = json.loads(json.dumps(runs.to_dict()))
    assert report["strict"]["micro"]["f1"]["interval"]["low"] < 0.75
    assert len(report["runs"]) == 2
