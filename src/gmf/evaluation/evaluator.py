"""Pairs of gold and prediction to a report with every metric."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gmf.core.types import Sample
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.files.notes import PairingNotes
from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.metrics.registry import measure_all
from gmf.evaluation.pairs import SamplePair, apply_service_policy, spans_of_pairs
from gmf.evaluation.provenance import Provenance, describe_hardware, package_versions
from gmf.evaluation.report import Report
from gmf.evaluation.scores import RULES, score
from gmf.evaluation.significance import bootstrap, counts_of_samples


def evaluate(
    pairs: Sequence[SamplePair],
    *,
    training: Iterable[Sample] | None = None,
    notes: PairingNotes | None = None,
    provenance: Provenance | None = None,
    config: EvaluationConfig = DEFAULTS,
) -> Report:
    """Score pairs and measure every metric.

    Args:
        pairs: Gold and predicted labels as read; the policy for service labels is applied here.
        training: Training samples with tags, to tell names that were seen from names that were not.
        notes: How the pairs were read from files.
        provenance: What stands behind the predictions; rule and policy are set from ``config``.
        config: Options.

    Raises:
        ConfigError: If a metric of another package or file fails.
        ValueError: If there are no pairs.
    """
    if not pairs:
        raise ValueError("no posts to score")
    clean = apply_service_policy(pairs, policy=config.service_labels)
    scores = score([pair.gold for pair in clean], [pair.predicted for pair in clean])
    spans = {rule: spans_of_pairs(clean, rule=rule) for rule in RULES}
    given = MetricInput(
        samples=spans[config.rule],
        pairs=pairs,
        training=None if training is None else tuple(training),
        config=config,
    )
    origin = provenance or Provenance(
        config.rule, versions=package_versions(), hardware=describe_hardware()
    )
    return Report(
        scores=scores,
        config=config,
        num_samples=len(clean),
        num_words=sum(len(pair.tokens) for pair in clean),
        intervals={
            rule: bootstrap(
                counts_of_samples(spans[rule]),
                rounds=config.rounds,
                level=config.level,
                seed=config.seed,
            )
            for rule in RULES
        },
        metrics=measure_all(given),
        reading=notes,
        provenance=replace(origin, rule=config.rule, service_labels=config.service_labels),
    )
