"""The report of an evaluation: scores under both rules, every analysis, and what stands behind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gmf.evaluation.calibration import Calibration
from gmf.evaluation.error_analysis import Confusion, ErrorKind, TypeShare
from gmf.evaluation.metrics import RULES, Counts, Rule, RuleScores, Scores
from gmf.evaluation.pairs import PairingNotes
from gmf.evaluation.provenance import Provenance
from gmf.evaluation.scoring_variants import Counting
from gmf.evaluation.significance import MEASURES, Interval, SeedSummary, summarise_seeds

#: Scores of groups, by the name of the group.
Groups = dict[str, Counts]


@dataclass(frozen=True, slots=True)
class Report:
    """One system on one set of tweets.

    Args:
        scores: Under both rules.
        rule: Rule of all analyses below.
        num_tweets: Tweets scored.
        num_words: Words scored.
        intervals: Bootstrap over tweets, by rule and measure (precision, recall, f1).
        level: Confidence of the intervals.
        span_only: Counts with types ignored.
        type_given_span: For each gold type, how often it is right where the span is.
        confusion: Types against each other.
        errors: Every error by kind.
        seen: By whether training had the name; ``None`` without training data.
        entity_length: By entity length in words.
        tweet_length: By tweet length in words.
        image: With and without image; ``None`` when unknown.
        calibration: Of entity confidences; ``None`` without confidences.
        countings: The same predictions counted other ways; the first is the one used here unless
            another policy was asked for.
        reading: How files were read; ``None`` for predictions of a model of ours.
        provenance: What stands behind the result.
    """

    scores: Scores
    rule: Rule
    num_tweets: int
    num_words: int
    intervals: dict[Rule, dict[str, Interval]]
    level: float
    span_only: Counts
    type_given_span: dict[str, TypeShare]
    confusion: Confusion
    errors: tuple[ErrorKind, ...]
    seen: Groups | None
    entity_length: Groups
    tweet_length: Groups
    image: Groups | None
    calibration: Calibration | None
    countings: tuple[Counting, ...]
    reading: PairingNotes | None
    provenance: Provenance

    @property
    def countings_differ(self) -> bool:
        """Whether other ways to count give other scores."""
        return any(counting.scores != self.scores for counting in self.countings)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ``lenient`` and ``strict`` first; fractions, not percent."""
        return {
            **self.scores.to_dict(),
            "rule": self.rule,
            "tweets": self.num_tweets,
            "words": self.num_words,
            "intervals": {
                "level": self.level,
                **{
                    rule: {name: asdict(bounds) for name, bounds in self.intervals[rule].items()}
                    for rule in RULES
                },
            },
            "span_only": self.span_only.to_dict(),
            "type_given_span": {name: s.to_dict() for name, s in self.type_given_span.items()},
            "confusion": self.confusion.to_dict(),
            "boundary_errors": {error.kind: error.to_dict() for error in self.errors},
            "seen": _group_dict(self.seen),
            "entity_length": _group_dict(self.entity_length),
            "tweet_length": _group_dict(self.tweet_length),
            "image": _group_dict(self.image),
            "calibration": self.calibration and self.calibration.to_dict(),
            "countings": [counting.to_dict() for counting in self.countings],
            "reading": self.reading and self.reading.to_dict(),
            "provenance": self.provenance.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class RunsReport:
    """Several runs of one system that differ in their seed.

    Args:
        runs: A report a run.
        measures: Micro precision, recall and F1 over the runs, by rule.
        types: F1 of each type over the runs, by rule.
        level: Confidence of the intervals.
    """

    runs: tuple[Report, ...]
    measures: dict[Rule, dict[str, SeedSummary]]
    types: dict[Rule, dict[str, SeedSummary]]
    level: float

    def to_dict(self) -> dict[str, object]:
        """Return plain values: for each rule ``micro`` and ``types``, then the runs."""
        return {
            **{
                rule: {
                    "micro": {name: s.to_dict() for name, s in self.measures[rule].items()},
                    "types": {name: {"f1": s.to_dict()} for name, s in self.types[rule].items()},
                }
                for rule in RULES
            },
            "level": self.level,
            "runs": [run.to_dict() for run in self.runs],
        }


def summarise_runs(runs: Sequence[Report], *, level: float = 0.95) -> RunsReport:
    """Return mean, deviation and interval over the runs.

    Args:
        runs: Reports on the same tweets.
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
    return RunsReport(tuple(runs), measures, types, level)


def _group_dict(groups: Groups | None) -> dict[str, dict[str, float]] | None:
    if groups is None:
        return None
    return {name: counts.to_dict() for name, counts in groups.items()}
