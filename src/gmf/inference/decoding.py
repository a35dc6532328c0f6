"""The states that a decoder chooses among, and how they become tags; needs no tensor library."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gmf.core.tags import OUTSIDE, TagSet, entities_of, is_legal_move, tags_of
from gmf.core.types import Entity, ScoredEntity

#: Added to the score of a forbidden move; finite, so that no difference of scores is undefined.
FORBIDDEN = -1e4
#: States of the older convention that are no tag of a word.
SERVICE_STATES = ("X", "[CLS]", "[SEP]")

SubwordLabels = Literal["first", "x"]
#: Row, first position, states of a run, and the state that must not follow it.
Segment = tuple[int, int, list[int], int]


@dataclass(frozen=True)
class Decoded:
    """Tags and entities of one sample.

    Args:
        tags: One legal BIO2 tag a word, cut-off words included (``O``).
        entities: The entities of ``tags`` with their probability under the model.
    """

    tags: tuple[str, ...]
    entities: tuple[ScoredEntity, ...]


@dataclass(frozen=True)
class TagStates:
    """States by index: the tags and, under ``x``, the service states.

    Args:
        tags: Tags of the model.
        subword_labels: ``first`` reads each word at its first subword; ``x`` is the convention of
            UMT, MAF and HVPNeT: all subwords are tagged, later ones ``X``.
    """

    tags: TagSet
    subword_labels: SubwordLabels = "first"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All states; their position is their index."""
        return self.tags.names + (SERVICE_STATES if self.subword_labels == "x" else ())

    @cached_property
    def legal_moves(self) -> list[list[bool]]:
        """``[from][to]`` is True where a sequence may make the move."""
        return [[_is_legal(before, after) for after in self.names] for before in self.names]

    @cached_property
    def legal_starts(self) -> list[bool]:
        """True where a sequence may start."""
        return [name in SERVICE_STATES or is_legal_move(None, name) for name in self.names]

    @cached_property
    def service(self) -> tuple[int, int, int]:
        """Index of the states of later subwords, of the first position, and of other specials."""
        inner, first, other = (self.names.index(name) for name in SERVICE_STATES)
        return inner, first, other

    def word_tags(
        self, path: Sequence[int], places: Sequence[int], *, num_words: int
    ) -> tuple[str, ...]:
        """Return the BIO2 tags of a sample's words.

        Args:
            path: State of each position.
            places: Position of each word that was not cut off.
            num_words: Words of the sample; those that were cut off are ``O``.
        """
        tags = [self.names[path[place]] for place in places]
        tags += [OUTSIDE] * (num_words - len(tags))
        return tuple(tags_of(entities_of(tags), len(tags)))

    def segment(self, row: int, entity: Entity | ScoredEntity, places: Sequence[int]) -> Segment:
        """Return the run of an entity over its positions, up to the next word or the end."""
        first = places[entity.start]
        after = places[entity.end] if entity.end < len(places) else places[entity.end - 1] + 1
        starts = set(places)
        run = [
            self.names.index("X")
            if place not in starts
            else self.tags.index[f"{'B' if place == first else 'I'}-{entity.type}"]
            for place in range(first, after)
        ]
        return row, first, run, self.tags.index[f"I-{entity.type}"]


def word_places(
    first_subword: Sequence[Sequence[int]],
    lengths: Sequence[int],
    *,
    subword_labels: SubwordLabels,
) -> list[list[int]]:
    """Return the position of each word that was not cut off among the positions that are tagged.

    Args:
        first_subword: Position of each word's first subword, row by row.
        lengths: Words of each row that were not cut off.
        subword_labels: See ``TagStates``.
    """
    if subword_labels == "first":
        return [list(range(length)) for length in lengths]
    return [list(row[:length]) for row, length in zip(first_subword, lengths, strict=True)]


def scored_entities(
    entities: Sequence[Sequence[Entity | ScoredEntity]], probabilities: Sequence[float]
) -> list[tuple[ScoredEntity, ...]]:
    """Return the entities of each sample with probabilities that are given one after the other."""
    scores = iter(probabilities)
    return [
        tuple(ScoredEntity(e.start, e.end, e.type, next(scores)) for e in listed)
        for listed in entities
    ]


def _is_legal(before: str, after: str) -> bool:
    if before in SERVICE_STATES or after in SERVICE_STATES:
        return True
    return is_legal_move(before, after)
