"""Scores and calibration by the groups that a side file puts posts in."""

from collections.abc import Sequence
from typing import Any

from gmf.core.plain import plain
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.metrics.base import Metric, MetricInput
from gmf.evaluation.metrics.calibration import calibrate
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.post_groups import group_of, groupings_of, groups_of
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.tables import (
    COUNT_COLUMNS,
    F1_LABEL,
    Percent,
    Table,
    count_cells,
    f1_label,
)
from gmf.evaluation.scores import count_spans


class PostGroups(Metric):
    """Scores of the posts of each group, and how far their confidences can be trusted."""

    title = "By group of posts"

    def measure(self, given: MetricInput) -> dict[str, dict[str, Any]] | None:
        """Return scores by grouping and group, large groups first; ``None`` without groups."""
        measured = {
            column: {
                group: _scores([s for s in given.samples if group_of(s, column) == group], given)
                for group in groups_of(given.samples, column)
            }
            for column in groupings_of(given.samples)
        }
        return measured or None

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return a table and a chart of F1 for each grouping."""
        items: list[Table | Figure] = []
        for column, groups in values.items():
            rows = tuple(
                (name, row["posts"], *count_cells(row), _percent(row["expected_error"]))
                for name, row in groups.items()
            )
            title = f"By group of posts: {column} ({config.rule} counting)"
            headings = ("", "posts", *COUNT_COLUMNS, "ECE")
            note = "Percent; ECE: expected calibration error of entity confidences."
            bars = [
                Bar(
                    name,
                    row["f1"],
                    f1_label(row["f1"], gold=row["gold"], predicted=row["predicted"]),
                )
                for name, row in groups.items()
            ]
            heading = f"F1 by {column}"
            chart = bar_chart(bars, title=heading, maximum=1)
            figure = Figure(heading, chart, f"{config.rule} counting; {F1_LABEL}")
            items += [Table(title, headings, rows, note), figure]
        return items


def _percent(value: float | None) -> Percent | None:
    return None if value is None else Percent(value)


def _scores(samples: Sequence[SampleSpans], given: MetricInput) -> dict[str, Any]:
    counts = count_spans((s.gold for s in samples), (s.predicted for s in samples)).micro
    calibration = calibrate(samples, num_bins=given.config.num_bins)
    return {
        "posts": len(samples),
        **plain(counts),
        "expected_error": calibration and calibration.expected_error,
    }
