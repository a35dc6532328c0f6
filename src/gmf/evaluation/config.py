"""Options of an evaluation."""

from typing import Annotated

from pydantic import Field

from gmf.core.config import Config
from gmf.evaluation.files.labels import ServicePolicy
from gmf.evaluation.scores import Rule


class EvaluationConfig(Config):
    """How scores are analysed; lenient and strict scores are given whatever the rule.

    Args:
        rule: Counting rule of the analyses.
        service_labels: How service labels (X, [CLS], [SEP], PAD) are counted.
        rounds: Bootstrap resamples behind each interval.
        level: Confidence of intervals.
        seed: Of the resampling.
        num_bins: Bins of the reliability curve.
        num_examples: Examples of each kind of error.
    """

    rule: Rule = "lenient"
    service_labels: ServicePolicy = "outside"
    rounds: Annotated[int, Field(ge=1)] = 1000
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    seed: Annotated[int, Field(ge=0)] = 0
    num_bins: Annotated[int, Field(ge=1)] = 10
    num_examples: Annotated[int, Field(ge=0)] = 3


DEFAULTS = EvaluationConfig()
