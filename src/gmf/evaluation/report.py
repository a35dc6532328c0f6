"""The report of an evaluation: scores under both rules, every metric, and what stands behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gmf.core.plain import plain
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.files.notes import PairingNotes
from gmf.evaluation.provenance import Provenance
from gmf.evaluation.scores import RULES, Counts, Rule, RuleScores, Scores
from gmf.evaluation.significance import MEASURES, Interval, SeedSummary, summarise_seeds


@dataclass(frozen=True, slots=True)
class Report:
    """One system on one set of samples.

    Args:
        scores: Under both rules.
        config: Rule of the metrics, policy for service labels, level of the intervals.
        num_samples: Samples scored.
        num_words: Words scored.
        intervals: Bootstrap over samples, by rule and measure (precision, recall, f1).
        metrics: Plain values of each metric by name; ``None`` where it lacked what it needs.
        reading: How files were read; ``None`` for predictions of a model of ours.
        provenance: What stands behind the result.
    """

    scores: Scores
    config: EvaluationConfig
    num_samples: int
    num_words: int
    intervals: dict[Rule, dict[str, Interval]]
    metrics: dict[str, Any]
    reading: PairingNotes | None
    provenance: Provenance

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ``lenient`` and ``strict`` first; fractions, not percent."""
        return plain(
            {
                **plain(self.scores),
                "rule": self.config.rule,
                "tweets": self.num_samples,
                "words": self.num_words,
                "intervals": {"level": self.config.level, **self.intervals},
                **self.metrics,
                "reading": self.reading,
                "provenance": self.provenance,
            }
        )


@dataclass(frozen=True, slots=True)
class RunsReport:
    """Several runs of one system that differ in their seed.

    Args:
        runs: A report a run.
        measures: Micro precision, recall and F1 over the runs, by rule.
        types: F1 of each type over the runs, by rule.
        level: Confidence of the intervals.
        groups: F1 and calibration error by grouping and group of posts, where runs have them.
    """

    runs: tuple[Report, ...]
    measures: dict[Rule, dict[str, SeedSummary]]
    types: dict[Rule, dict[str, SeedSummary]]
    level: float
    groups: dict[str, dict[str, dict[str, SeedSummary]]]

    def to_dict(self) -> dict[str, object]:
        """Return plain values: for each rule ``micro`` and ``types``, then the runs."""
        by_rule = {
            rule: {
                "micro": self.measures[rule],
                "types": {name: {"f1": f1} for name, f1 in self.types[rule].items()},
            }
            for rule in RULES
        }
        return plain(
            {**by_rule, "level": self.level, "groups": self.groups or None, "runs": self.runs}
        )


def summarise_runs(runs: Sequence[Report], *, level: float = 0.95) -> RunsReport:
    """Return mean, deviation and interval over the runs.

    Args:
        runs: Reports on the same samples.
        level: Confidence of the intervals, in (0, 1).

    Raises:
        ValueError: If there is no run.
    """

    def over(values: list[float]) -> SeedSummary:
        return summarise_seeds(values, level=level)

    measures: dict[Rule, dict[str, SeedSummary]] = {}
    types: dict[Rule, dict[str, SeedSummary]] = {}
    for rule in RULES:
        scores = [run.scores.under(rule) for run in runs]
        measures[rule] = {
            name: over([getattr(item.micro, name) for item in scores]) for name in MEASURES
        }
        types[rule] = {
            name: over([item.types.get(name, Counts()).f1 for item in scores])
            for name in sum(scores, RuleScores()).types
        }
    measured = [run.metrics.get("groups") or {} for run in runs]
    groups = {
        column: {
            group: {
                name: over([values[column][group][name] for values in measured])
                for name in ("f1", "expected_error")
                if all(values[column][group][name] is not None for values in measured)
            }
            for group in by_group
        }
        for column, by_group in measured[0].items()
        if all(values.get(column, {}).keys() == by_group.keys() for values in measured)
    }
    return RunsReport(tuple(runs), measures, types, level, groups)
