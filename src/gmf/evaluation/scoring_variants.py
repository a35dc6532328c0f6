"""The same predictions counted as other scorers would: why published numbers disagree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gmf.core.tags import OUTSIDE
from gmf.evaluation.files.labels import SERVICE_LABELS, SERVICE_POLICIES, ServicePolicy
from gmf.evaluation.metrics import Scores, score
from gmf.evaluation.pairs import TweetPair, apply_service_policy, keep_words


@dataclass(frozen=True, slots=True)
class Counting:
    """One way to count.

    Args:
        gold: ``given``, or ``own``: the gold that the system's file carries, on its words.
        service_labels: Policy for service labels.
        words: ``all``, or ``predicted``: words without a prediction are left out, and with them the
            gold entities that they cut.
        scores: What it gives.
    """

    gold: Literal["given", "own"]
    service_labels: ServicePolicy
    words: Literal["all", "predicted"]
    scores: Scores

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "gold": self.gold,
            "service_labels": self.service_labels,
            "words": self.words,
            "scores": self.scores.to_dict(),
        }


def count_every_way(pairs: Sequence[TweetPair]) -> list[Counting]:
    """Count under each policy for service labels, for cut words and for the system's own gold.

    Ways that cannot matter are left out: policies when no service label occurs, words when all have
    a prediction, own gold when the system's file has none. Words are left out under the first
    policy only.

    Args:
        pairs: Labels as read, before any policy.
    """
    countings: list[Counting] = []
    has_own = any(pair.own_gold for pair in pairs)
    has_service = any(
        not SERVICE_LABELS.isdisjoint((*pair.gold, *pair.predicted, *(pair.own_gold or ())))
        for pair in pairs
    )
    policies = SERVICE_POLICIES if has_service else SERVICE_POLICIES[:1]
    variants: list[tuple[Literal["given", "own"], Literal["all", "predicted"], list[TweetPair]]]
    variants = [("given", "all", list(pairs))]
    if any(pair.unpredicted for pair in pairs):
        variants.append(("given", "predicted", list(_predicted_only(pairs))))
    if has_own:
        variants.append(("own", "all", list(_own_gold(pairs))))
    for gold, words, variant in variants:
        for policy in policies if words == "all" else policies[:1]:
            resolved = apply_service_policy(variant, policy=policy)
            scores = score([p.gold for p in resolved], [p.predicted for p in resolved])
            countings.append(Counting(gold, policy, words, scores))
    return countings


def _predicted_only(pairs: Sequence[TweetPair]) -> Iterator[TweetPair]:
    for pair in pairs:
        lacking = set(pair.unpredicted)
        yield keep_words(pair, [i for i in range(len(pair.tokens)) if i not in lacking])


def _own_gold(pairs: Sequence[TweetPair]) -> Iterator[TweetPair]:
    for pair in pairs:
        own = pair.own_gold or (None,) * len(pair.tokens)
        labelled = replace(pair, gold=tuple(label or OUTSIDE for label in own))
        yield keep_words(labelled, [i for i, label in enumerate(own) if label is not None])
