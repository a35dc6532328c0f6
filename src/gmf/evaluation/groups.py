"""Scores by group: names seen in training or not, entity length, tweet length, image or not."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from gmf.core.tags import entities_of
from gmf.core.types import Entity, Sample
from gmf.evaluation.metrics import Counts, Rule
from gmf.evaluation.spans import TweetSpans

#: Groups of names, in the order of reports, with what each means.
SEEN_GROUPS = {
    "seen": "words and type occur as an entity in training",
    "other type": "words occur as an entity in training, with other types only",
    "unseen": "words do not occur as an entity in training",
}
#: Longest entity, in words, with a group of its own.
MAX_ENTITY_WORDS = 4
#: Upper bounds, in words, of the groups of tweets.
TWEET_BOUNDS = (10, 20, 30)


class TrainingNames:
    """The names that occur in training: their words, letter case kept, and their types.

    Args:
        samples: Training posts with tags.
        rule: How their tags are read.
    """

    def __init__(self, samples: Iterable[Sample], *, rule: Rule = "lenient") -> None:
        self._types: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for sample in samples:
            for entity in entities_of(sample.tags or (), strict=rule == "strict"):
                self._types[sample.tokens[entity.start : entity.end]].add(entity.type)

    def __len__(self) -> int:
        return len(self._types)

    def group_of(self, tweet: TweetSpans, entity: Entity) -> str:
        """Return one of ``SEEN_GROUPS``."""
        types = self._types.get(tweet.tokens[entity.start : entity.end])
        if types is None:
            return "unseen"
        return "seen" if entity.type in types else "other type"


def count_seen(tweets: Iterable[TweetSpans], *, names: TrainingNames) -> dict[str, Counts]:
    """Count entities by whether training had them.

    Gold and predicted entities are each grouped by their own words and type, so that the groups add
    up to the whole.
    """
    counts = _count_by(tweets, names.group_of)
    return {group: counts.get(group, Counts()) for group in SEEN_GROUPS}


def count_by_entity_length(tweets: Iterable[TweetSpans]) -> dict[str, Counts]:
    """Count entities by their own length in words: 1, 2, ... and the longest together."""
    longest = f"{MAX_ENTITY_WORDS}+"

    def length(_: TweetSpans, entity: Entity) -> str:
        words = entity.end - entity.start
        return str(words) if words < MAX_ENTITY_WORDS else longest

    counts = _count_by(tweets, length)
    names = [*map(str, range(1, MAX_ENTITY_WORDS)), longest]
    return {name: counts.get(name, Counts()) for name in names}


def count_by_tweet_length(tweets: Iterable[TweetSpans]) -> dict[str, Counts]:
    """Count entities by the length of their tweet in words."""
    starts = [1, *(bound + 1 for bound in TWEET_BOUNDS)]
    names = [f"{a}-{b}" for a, b in zip(starts, TWEET_BOUNDS, strict=False)] + [f"{starts[-1]}+"]

    def length(tweet: TweetSpans, _: Entity) -> str:
        return names[sum(len(tweet.tokens) > bound for bound in TWEET_BOUNDS)]

    counts = _count_by(tweets, length)
    return {name: counts.get(name, Counts()) for name in names}


def count_by_image(tweets: Iterable[TweetSpans]) -> dict[str, Counts] | None:
    """Count entities of tweets with and without an image; ``None`` when a tweet's is unknown."""
    known = list(tweets)
    if any(tweet.has_image is None for tweet in known):
        return None
    counts = _count_by(known, lambda tweet, _: "with image" if tweet.has_image else "without image")
    return {name: counts.get(name, Counts()) for name in ("with image", "without image")}


def _count_by(
    tweets: Iterable[TweetSpans], group_of: Callable[[TweetSpans, Entity], str]
) -> dict[str, Counts]:
    counts: dict[str, Counts] = defaultdict(Counts)
    for tweet in tweets:
        predicted = set(tweet.predicted)
        for entity in tweet.gold:
            counts[group_of(tweet, entity)] += Counts(gold=1, correct=int(entity in predicted))
        for entity in tweet.predicted:
            counts[group_of(tweet, entity)] += Counts(predicted=1)
    return counts
