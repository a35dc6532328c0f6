"""Gold and prediction of one tweet, word by word, and how files were brought to that form."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.types import Prediction, ScoredEntity
from gmf.evaluation.files.labels import ServicePolicy, resolve_service_labels

#: Endings of image files named by a tweet's id.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class TweetPair:
    """One tweet with gold and predicted labels.

    Args:
        id: Identifier.
        tokens: Words.
        gold: One canonical label a word; may be a service label until a policy was applied.
        predicted: The same for the system; O on words without a prediction.
        own_gold: The gold that the system's file carries, when other gold was given; ``None``
            labels on words that it lacks.
        unpredicted: Words without a prediction, by index: cut off, lost, or a missing tweet.
        is_missing: Whether the system has nothing for this tweet.
        scored: Predicted entities with confidences, when known.
        has_image: Whether the tweet has an image; ``None`` when unknown.
    """

    id: str
    tokens: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    own_gold: tuple[str | None, ...] | None = None
    unpredicted: tuple[int, ...] = ()
    is_missing: bool = False
    scored: tuple[ScoredEntity, ...] | None = None
    has_image: bool | None = None


def pairs_of(predictions: Iterable[Prediction]) -> list[TweetPair]:
    """Return the pairs of a model's predictions.

    A tweet has an image when one of its image files is there.

    Raises:
        DataError: If a sample has no gold tags.
    """
    pairs: list[TweetPair] = []
    for prediction in predictions:
        sample = prediction.sample
        if sample.tags is None:
            raise DataError(
                f"tweet {sample.id!r} ({sample.origin}) has no gold tags to score against"
            )
        pairs.append(
            TweetPair(
                id=sample.id,
                tokens=sample.tokens,
                gold=sample.tags,
                predicted=prediction.tags,
                scored=prediction.entities,
                has_image=any(
                    isinstance(image.source, bytes) or image.source.is_file()
                    for image in sample.images
                ),
            )
        )
    return pairs


def mark_images(pairs: Iterable[TweetPair], *, folder: Path) -> list[TweetPair]:
    """Return the pairs with ``has_image`` set by whether ``<id>.jpg`` or ``.png`` is in a folder.

    Raises:
        DataError: If there is no such folder.
    """
    if not folder.is_dir():
        raise DataError("no such folder of images", path=folder)
    names = {path.stem for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES}
    return [replace(pair, has_image=pair.id in names) for pair in pairs]


def apply_service_policy(
    pairs: Iterable[TweetPair], *, policy: ServicePolicy = "outside"
) -> list[TweetPair]:
    """Return the pairs with BIO tags only.

    Under a policy that drops words, the dropped words leave all fields.
    """
    resolved: list[TweetPair] = []
    for pair in pairs:
        gold, predicted, kept = resolve_service_labels(pair.gold, pair.predicted, policy=policy)
        changed = replace(pair, gold=tuple(gold), predicted=tuple(predicted))
        if len(kept) < len(pair.gold):
            changed = _without_words(changed, kept, pair.tokens)
        resolved.append(changed)
    return resolved


def keep_words(pair: TweetPair, kept: list[int]) -> TweetPair:
    """Return the pair with some of its words, given by index in order."""
    shorter = replace(
        pair,
        gold=tuple(pair.gold[index] for index in kept),
        predicted=tuple(pair.predicted[index] for index in kept),
    )
    return _without_words(shorter, kept, pair.tokens)


def _without_words(pair: TweetPair, kept: list[int], tokens: tuple[str, ...]) -> TweetPair:
    place = {index: position for position, index in enumerate(kept)}
    scored = pair.scored and tuple(
        replace(entity, start=place[entity.start], end=place[entity.end - 1] + 1)
        for entity in pair.scored
        if all(index in place for index in range(entity.start, entity.end))
    )
    return replace(
        pair,
        tokens=tuple(tokens[index] for index in kept),
        own_gold=pair.own_gold and tuple(pair.own_gold[index] for index in kept),
        unpredicted=tuple(place[index] for index in pair.unpredicted if index in place),
        scored=scored,
    )


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file that was read.

    Args:
        path: As given.
        format: What it was recognised as.
        sha256: Digest.
        tweets: Tweets in it.
        respelled_labels: Labels whose spelling was mended, with counts.
        skipped_lines: Lines that are no part of a tweet.
    """

    path: str
    format: str
    sha256: str
    tweets: int
    respelled_labels: dict[str, int]
    skipped_lines: int


@dataclass(frozen=True, slots=True)
class ChangedGold:
    """A tweet whose gold in the system's file differs from the given gold.

    Args:
        id: The tweet.
        gold: Entities of the given gold, lenient.
        own: Entities of the system's file, lenient.
    """

    id: str
    gold: int
    own: int


@dataclass(frozen=True, slots=True)
class PairingNotes:
    """All that was decided, mended or left out when files were paired.

    Args:
        gold_file: The file of the gold tags.
        predicted_file: The file of the predictions; ``None`` when it is the same.
        columns: How two label columns were read, and why.
        matched_by: ``same file``, ``id`` or ``words``.
        missing: Tweets without a prediction; all their entities count as missed.
        extra: Predicted tweets that the gold does not have; left out.
        unpredicted: Words without a prediction in the other tweets, by tweet; read as O.
        respelled_words: Words that the system spells otherwise, paired by position.
        extra_words: Predicted words that the gold does not have; left out.
        unlabelled_gold: Words without a gold label, by tweet; read as O. Give the gold file.
        changed_gold: Tweets whose gold in the system's file differs.
        gold_service_labels: Service labels in the gold, with counts.
        predicted_service_labels: Service labels in the prediction, with counts.
        predicted_service_words: Words that they are on, by tweet.
    """

    gold_file: FileNote
    predicted_file: FileNote | None
    columns: str
    matched_by: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unpredicted: dict[str, tuple[int, ...]]
    respelled_words: int
    extra_words: int
    unlabelled_gold: dict[str, tuple[int, ...]]
    changed_gold: tuple[ChangedGold, ...]
    gold_service_labels: dict[str, int]
    predicted_service_labels: dict[str, int]
    predicted_service_words: dict[str, tuple[int, ...]]

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PairedTweets:
    """Pairs in gold order, labels as read, with the notes on them."""

    pairs: tuple[TweetPair, ...]
    notes: PairingNotes
