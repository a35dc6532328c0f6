"""The metrics by their keys in JSON, in the order of reports."""

import json
from collections.abc import Container, Mapping
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.plain import plain
from gmf.core.registry import Registry
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.reports.plots import Figure
from gmf.evaluation.reports.tables import Table

_HERE = "gmf.evaluation.metrics"
METRICS: Registry[type[Metric]] = Registry(
    "metric",
    group="gmf.metrics",
    base=Metric,
    built_in={
        "corpora": f"{_HERE}.corpora:Corpora",
        "countings": f"{_HERE}.scoring_variants:ScoringVariants",
        "span_only": f"{_HERE}.spans_and_types:SpanOnly",
        "type_given_span": f"{_HERE}.spans_and_types:TypeGivenSpan",
        "confusion": f"{_HERE}.confusion:TypeConfusion",
        "boundary_errors": f"{_HERE}.boundary_errors:BoundaryErrors",
        "seen": f"{_HERE}.seen:SeenNames",
        "entity_length": f"{_HERE}.lengths:EntityLength",
        "tweet_length": f"{_HERE}.lengths:SampleLength",
        "image": f"{_HERE}.image:WithImage",
        "groups": f"{_HERE}.post_groups:PostGroups",
        "calibration": f"{_HERE}.calibration:EntityCalibration",
        "confidence": f"{_HERE}.thresholds:ConfidenceThresholds",
    },
)
#: Keys of a report that are no metric.
REPORT_KEYS = frozenset(
    (
        "lenient",
        "strict",
        "rule",
        "tweets",
        "words",
        "intervals",
        "reading",
        "provenance",
        "controls",
        "controls_by_group",
    )
)


def measure_all(given: MetricInput) -> dict[str, Any]:
    """Return the plain values of every metric by name.

    Raises:
        ConfigError: If a metric of another package or file fails, does not return plain values, or
            has the name of another part of reports.
    """
    return {name: _measure(name, given) for name in METRICS}


def show_all(
    values: Mapping[str, Any], *, config: EvaluationConfig, in_full: Container[str]
) -> list[Table | Figure]:
    """Return the tables and charts of every metric that has values.

    Args:
        values: From ``measure_all``.
        config: Options of the evaluation.
        in_full: Metrics whose details are shown too.

    Raises:
        ConfigError: If a metric of another package or file fails to show its values.
    """
    shown: list[Table | Figure] = []
    for name, value in values.items():
        if value is None:
            continue
        with METRICS.named_in_errors(name):
            items = list(METRICS.get(name)().show(value, config=config))
        shown += [
            item
            for item in items
            if name in in_full or not (isinstance(item, Table) and item.is_detail)
        ]
    return shown


def _measure(name: str, given: MetricInput) -> Any:
    source = METRICS.origin(name).source
    if name in REPORT_KEYS:
        raise ConfigError(
            f"metric {name!r} of {source}: reports use this name for something else; choose another"
        )
    with METRICS.named_in_errors(name):
        values = plain(METRICS.get(name)().measure(given))
        if source != "gmf":  # As JSON has them: keys are text, and numbers are finite.
            try:
                values = json.loads(json.dumps(values, allow_nan=False))
            except (TypeError, ValueError) as error:
                message = "measure: expected numbers, text, lists and mappings as JSON has them"
                raise TypeError(f"{message}; {error}") from None
    return values
