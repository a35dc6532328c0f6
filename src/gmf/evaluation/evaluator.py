"""Pairs of gold and prediction to a report with every analysis."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gmf.core.types import Sample
from gmf.evaluation.calibration import calibrate
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.error_analysis import count_confusion, count_errors, count_untyped, type_shares
from gmf.evaluation.groups import (
    TrainingNames,
    count_by_entity_length,
    count_by_image,
    count_by_tweet_length,
    count_seen,
)
from gmf.evaluation.metrics import RULES, score
from gmf.evaluation.pairs import PairingNotes, TweetPair, apply_service_policy
from gmf.evaluation.provenance import Provenance, describe_hardware, package_versions
from gmf.evaluation.report import Report
from gmf.evaluation.scoring_variants import count_every_way
from gmf.evaluation.significance import bootstrap, counts_of_tweets
from gmf.evaluation.spans import spans_of_pairs


def evaluate(
    pairs: Sequence[TweetPair],
    *,
    training: Iterable[Sample] | None = None,
    notes: PairingNotes | None = None,
    provenance: Provenance | None = None,
    config: EvaluationConfig = DEFAULTS,
) -> Report:
    """Score pairs and analyse them.

    Args:
        pairs: Gold and predicted labels as read; the policy for service labels is applied here.
        training: Training posts with tags, to tell names that were seen from names that were not.
        notes: How the pairs were read from files.
        provenance: What stands behind the predictions; rule and policy are set from ``config``.
        config: Options.

    Raises:
        ValueError: If there are no pairs.
    """
    if not pairs:
        raise ValueError("no tweets to score")
    clean = apply_service_policy(pairs, policy=config.service_labels)
    scores = score([pair.gold for pair in clean], [pair.predicted for pair in clean])
    spans = {rule: spans_of_pairs(clean, rule=rule) for rule in RULES}
    tweets = spans[config.rule]
    confusion = count_confusion(tweets)
    names = None if training is None else TrainingNames(training, rule=config.rule)
    known = provenance or Provenance(
        config.rule, versions=package_versions(), hardware=describe_hardware()
    )
    return Report(
        scores=scores,
        rule=config.rule,
        num_tweets=len(clean),
        num_words=sum(len(pair.tokens) for pair in clean),
        intervals={
            rule: bootstrap(
                counts_of_tweets(spans[rule]),
                rounds=config.rounds,
                level=config.level,
                seed=config.seed,
            )
            for rule in RULES
        },
        level=config.level,
        span_only=count_untyped(tweets),
        type_given_span=type_shares(confusion),
        confusion=confusion,
        errors=tuple(count_errors(tweets, num_examples=config.num_examples)),
        seen=None if names is None else count_seen(tweets, names=names),
        entity_length=count_by_entity_length(tweets),
        tweet_length=count_by_tweet_length(tweets),
        image=count_by_image(tweets),
        calibration=calibrate(tweets, num_bins=config.num_bins),
        countings=tuple(count_every_way(pairs)),
        reading=notes,
        provenance=replace(known, rule=config.rule, service_labels=config.service_labels),
    )
