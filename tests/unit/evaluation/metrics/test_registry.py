"""A metric of a stranger: one class, shown wherever the built-in ones are."""

import json

import pytest
from fixtures.metric_package import installed_metric

from gmf.core.errors import ConfigError
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.metrics.base import Metric
from gmf.evaluation.metrics.registry import METRICS
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.report import summarise_runs
from gmf.evaluation.reports.html import report_page, runs_page
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.report_tables import report_tables

PAIRS = [
    SamplePair("1", ("Rocky", "Oslo"), ("B-PER", "B-LOC"), ("B-PER", "O")),
    SamplePair("2", ("it",), ("O",), ("O",)),
]


@pytest.fixture
def metrics(monkeypatch):
    """The registry, without what a test adds to it."""
    monkeypatch.setattr(METRICS, "_registered", dict(METRICS._registered))
    return METRICS


def test_a_packaged_metric_is_in_json_tables_and_pages(tmp_path):
    with installed_metric(tmp_path):
        check_packaged_metric()


def check_packaged_metric():
    report = evaluate(PAIRS)
    assert json.loads(json.dumps(report.to_dict()))["density"] == {"gold": 1.0, "predicted": 0.5}
    table = next(t for t in report_tables(report) if t.title.startswith("Entities a sample"))
    assert table.rows == (("gold", 1.0), ("predicted", 0.5))
    assert "Entities a sample" in report_page(report, title="t")
    runs = summarise_runs([report, report])
    assert "Entities a sample" in runs_page(runs, title="t")
    assert METRICS.origin("density").source == "stranger 1.2"


def test_a_registered_metric_may_show_itself(metrics):
    @metrics.register("words")
    class Wrong(Metric):
        title = "t"

        def measure(self, given):
            return 1

    with pytest.raises(ConfigError, match=r"metric 'words' of .*test_registry.py: reports use"):
        evaluate(PAIRS)
    metrics._registered.pop("words")

    @metrics.register("by_sample")
    class BySample(Metric):
        title = "F1 by sample"

        def measure(self, given):
            return {s.id: {"gold": len(s.gold), "length": len(s.tokens)} for s in given.samples}

        def show(self, values, *, config):
            bars = [Bar(name, row["gold"], "") for name, row in values.items()]
            return [
                *super().show(values, config=config),
                Figure("Own chart", bar_chart(bars, title="Own chart"), config.rule),
            ]

    report = evaluate(PAIRS)
    table = next(t for t in report_tables(report) if t.title == "F1 by sample (lenient counting)")
    assert (table.columns, table.rows[0]) == (("", "gold", "length"), ("1", 2, 2))
    assert "<figcaption>Own chart<small>lenient</small>" in report_page(report, title="t")


@pytest.mark.parametrize("shown", [None, 5])
def test_a_metric_that_shows_nothing_is_named(metrics, shown):
    @metrics.register("shy")
    class Shy(Metric):
        title = "t"

        def measure(self, given):
            return {1: {2: 3.5}}

        def show(self, values, *, config):
            return shown

    report = evaluate(PAIRS)
    assert report.to_dict()["shy"] == {"1": {"2": 3.5}}
    with pytest.raises(ConfigError, match=r"metric 'shy' of .*object is not iterable"):
        report_tables(report)


def test_numbers_that_json_lacks_are_refused(metrics):
    @metrics.register("endless")
    class Endless(Metric):
        title = "t"

        def measure(self, given):
            return {"a": float("nan")}

    told = "measure: expected numbers, text, .*not JSON compliant"
    with pytest.raises(ConfigError, match=rf"metric 'endless' of .*{told}"):
        evaluate(PAIRS)


@pytest.mark.parametrize(
    ("values", "message"),
    [(lambda: 1 / 0, "ZeroDivisionError"), (lambda: {1, 2}, "TypeError: .* not JSON serializable")],
)
def test_a_metric_that_fails_is_named_with_its_origin(metrics, values, message):
    @metrics.register("failing")
    class Failing(Metric):
        title = "t"

        def measure(self, given):
            return values()

    with pytest.raises(ConfigError, match=rf"metric 'failing' of .*test_registry.py: {message}"):
        evaluate(PAIRS)


def test_a_metric_without_what_it_needs_is_null_and_not_shown(metrics):
    report = evaluate(PAIRS)
    assert report.to_dict()["seen"] is None
    assert not any("Names in training" in table.title for table in report_tables(report))
