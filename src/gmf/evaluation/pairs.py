"""Gold and prediction of one sample, by words and by the entities of a counting rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.types import Entity, Prediction, Sample, ScoredEntity
from gmf.evaluation.files.labels import ServicePolicy, resolve_service_labels
from gmf.evaluation.scores import Rule, spans_of
from gmf.reading.corpora import judged, judged_tags
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.near_files import is_there


@dataclass(frozen=True, slots=True)
class SamplePair:
    """One sample with gold and predicted labels.

    Args:
        id: Identifier.
        tokens: Words.
        gold: One canonical label a word; may be a service label until a policy was applied.
        predicted: The same for the system; O on words without a prediction.
        own_gold: The gold that the system's file carries, when other gold was given; ``None``
            labels on words that it lacks.
        unpredicted: Words without a prediction, by index: cut off, lost, or a missing sample.
        is_missing: Whether the system has nothing for this sample.
        scored: Predicted entities with confidences, when known.
        has_image: Whether there is an image: for our own models, whether the model saw one; for
            files of others, whether one is listed or there; ``None`` when unknown.
        corpus: Name of its corpus, where several are scored together.
        groups: Groups that a side file puts it in, by grouping.
        words: For each of ``tokens`` the word of the gold that it is part of, ``None`` where the
            gold has no word; ``None`` as a whole where no word was cut to compare characters.
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
    corpus: str = ""
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    words: tuple[int | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class SampleSpans:
    """Entities of one sample.

    Args:
        id: Identifier.
        tokens: Words.
        gold: Annotated entities, in order.
        predicted: Entities of the system, in order.
        scored: The system's entities with confidences, when known.
        has_image: Whether the sample has an image; ``None`` when unknown.
        corpus: Name of its corpus, where several are scored together.
        groups: Groups that a side file puts it in, by grouping.
        words: See ``SamplePair``.
    """

    id: str
    tokens: tuple[str, ...]
    gold: tuple[Entity, ...]
    predicted: tuple[Entity, ...]
    scored: tuple[ScoredEntity, ...] | None = None
    has_image: bool | None = None
    corpus: str = ""
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    words: tuple[int | None, ...] | None = None

    @property
    def num_words(self) -> int:
        """Words of the gold."""
        return len(self.tokens if self.words is None else set(self.words) - {None})

    def words_of(self, entity: Entity) -> tuple[str, ...]:
        """Return an entity's words as the gold cuts them, whatever the system's words are.

        Of words that an edge of the entity cuts it has the part inside.
        """
        tokens = self.tokens[entity.start : entity.end]
        if self.words is None:
            return tokens
        parts: dict[int, str] = {}
        for owner, token in zip(self.words[entity.start : entity.end], tokens, strict=True):
            if owner is not None:
                parts[owner] = parts.get(owner, "") + token
        return tuple(parts.values()) or tokens

    def surface(self, entity: Entity) -> str:
        """Return an entity's words, joined by spaces."""
        return " ".join(self.words_of(entity))

    def show(self, entity: Entity) -> str:
        """Return an entity for reading: its words and its type."""
        return f"{self.surface(entity)} [{entity.type}]"


def pair_of(prediction: Prediction, *, reads_images: bool) -> SamplePair:
    """Return gold and prediction of a model of ours.

    It has an image if the model saw one; of a model that reads none, if one of its files is there.

    Raises:
        DataError: If the sample has no gold tags.
    """
    pair = pair_of_tags(prediction.sample, prediction.tags)
    scored = tuple(judged(prediction.sample, prediction.entities))
    has_image = prediction.saw_image if reads_images else pair.has_image
    return replace(pair, scored=scored, has_image=has_image)


def pair_of_tags(sample: Sample, tags: Sequence[str]) -> SamplePair:
    """Return gold and the tags of any system; it has an image if one of its files is there.

    Predicted entities that the sample's annotation cannot judge are left out.

    Raises:
        DataError: If the sample has no gold tags.
    """
    if sample.tags is None:
        raise DataError(f"sample {sample.id!r} ({sample.origin}) has no gold tags to score against")
    sources = [image.source for image in sample.images]
    has_image = any(isinstance(source, bytes) or is_there(source) for source in sources)
    predicted, corpus = judged_tags(sample, tags), sample.corpus
    return SamplePair(
        sample.id, sample.tokens, sample.tags, predicted, has_image=has_image, corpus=corpus
    )


def mark_images(pairs: Iterable[SamplePair], *, folder: Path) -> list[SamplePair]:
    """Return the pairs with ``has_image`` set by whether ``<id>.jpg`` or ``.png`` is in a folder.

    Raises:
        DataError: If there is no such folder, or no image of any pair in it.
    """
    if not folder.is_dir():
        raise DataError("no such folder of images", path=folder)
    names = {path.stem for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES}
    marked = [replace(pair, has_image=pair.id in names) for pair in pairs]
    if marked and not any(pair.has_image for pair in marked):
        raise DataError(
            f"no image of any post among its {len(names)} images; expected the id of a post and "
            f".jpg, as {marked[0].id}.jpg",
            path=folder,
        )
    return marked


def apply_service_policy(
    pairs: Iterable[SamplePair], *, policy: ServicePolicy = "outside"
) -> list[SamplePair]:
    """Return the pairs with BIO tags only.

    Under a policy that drops words, the dropped words leave all fields.
    """
    resolved: list[SamplePair] = []
    for pair in pairs:
        gold, predicted, positions = resolve_service_labels(
            pair.gold, pair.predicted, policy=policy
        )
        changed = replace(pair, gold=tuple(gold), predicted=tuple(predicted))
        if len(positions) < len(pair.gold):
            changed = _without_words(changed, positions, pair.tokens)
        resolved.append(changed)
    return resolved


def keep_words(pair: SamplePair, positions: list[int]) -> SamplePair:
    """Return the pair with some of its words, given by index in order."""
    if len(positions) == len(pair.tokens):
        return pair
    shorter = replace(
        pair,
        gold=tuple(pair.gold[index] for index in positions),
        predicted=tuple(pair.predicted[index] for index in positions),
    )
    return _without_words(shorter, positions, pair.tokens)


def _without_words(pair: SamplePair, positions: list[int], tokens: tuple[str, ...]) -> SamplePair:
    new_position = {index: position for position, index in enumerate(positions)}
    scored = pair.scored and tuple(
        replace(entity, start=new_position[entity.start], end=new_position[entity.end - 1] + 1)
        for entity in pair.scored
        if all(index in new_position for index in range(entity.start, entity.end))
    )
    return replace(
        pair,
        tokens=tuple(tokens[index] for index in positions),
        own_gold=pair.own_gold and tuple(pair.own_gold[index] for index in positions),
        words=pair.words and tuple(pair.words[index] for index in positions),
        unpredicted=tuple(
            new_position[index] for index in pair.unpredicted if index in new_position
        ),
        scored=scored,
    )


def spans_of_pairs(pairs: Iterable[SamplePair], *, rule: Rule) -> list[SampleSpans]:
    """Return the entities of each pair; labels must be BIO (a service policy was applied).

    Raises:
        ValueError: If a label is not BIO.
    """
    all_pairs = list(pairs)
    gold = spans_of((pair.gold for pair in all_pairs), rule=rule)
    predicted = spans_of((pair.predicted for pair in all_pairs), rule=rule)
    return [
        SampleSpans(
            pair.id,
            pair.tokens,
            gold_entities,
            predicted_entities,
            pair.scored,
            pair.has_image,
            pair.corpus,
            pair.groups,
            pair.words,
        )
        for pair, gold_entities, predicted_entities in zip(all_pairs, gold, predicted, strict=True)
    ]
