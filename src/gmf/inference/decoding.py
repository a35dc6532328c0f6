"""From emissions to the tags of words and the probability of entities, in any arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, Protocol

import numpy as np

from gmf.core.tags import OUTSIDE, TagSet, entities_of, is_legal_move, tags_of
from gmf.core.types import Entity, ScoredEntity
from gmf.data.batch import Array, Batch

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
        only_legal: Whether decoding keeps to legal BIO2 moves between neighbouring states.
    """

    tags: TagSet
    subword_labels: SubwordLabels = "first"
    only_legal: bool = True

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All states; their position is their index."""
        return self.tags.names + (SERVICE_STATES if self.subword_labels == "x" else ())

    @cached_property
    def legal_moves(self) -> list[list[bool]]:
        """``[from][to]`` is True where a sequence may make the move."""
        return [
            [not self.only_legal or _is_legal(before, after) for after in self.names]
            for before in self.names
        ]

    @cached_property
    def legal_starts(self) -> list[bool]:
        """True where a sequence may start."""
        return [
            not self.only_legal or name in SERVICE_STATES or is_legal_move(None, name)
            for name in self.names
        ]

    @property
    def has_stray_tags(self) -> bool:
        """Whether a decoded I- may open an entity: moves are free, or an ``X`` stands between."""
        return not self.only_legal or self.subword_labels == "x"

    @cached_property
    def service(self) -> tuple[int, int, int]:
        """Index of the states of later subwords, of the first position, and of other specials."""
        inner, first, other = (self.names.index(name) for name in SERVICE_STATES)
        return inner, first, other

    def word_tags(
        self, path: Sequence[int], positions: Sequence[int], *, num_words: int
    ) -> tuple[str, ...]:
        """Return the BIO2 tags of a sample's words.

        Args:
            path: State of each position.
            positions: Position of each word that was not cut off.
            num_words: Words of the sample; those that were cut off are ``O``.
        """
        tags = [self.names[path[position]] for position in positions]
        tags += [OUTSIDE] * (num_words - len(tags))
        return tuple(tags_of(entities_of(tags), len(tags)))

    def segments(
        self, row: int, entity: Entity | ScoredEntity, positions: Sequence[int]
    ) -> list[tuple[int, Segment]]:
        """Return the runs whose probabilities, added by their signs, are that of an entity.

        A run goes up to the next word or the end. Where an I- may open an entity, it does so unless
        the word before it has the type too.
        """
        begin, inside = f"B-{entity.type}", f"I-{entity.type}"
        rest = (inside,) * (entity.end - entity.start - 1)
        runs = [(1, entity.start, (begin, *rest))]
        if self.has_stray_tags:
            runs.append((1, entity.start, (inside, *rest)))
            if entity.start > 0:
                before = entity.start - 1
                runs += [(-1, before, (tag, inside, *rest)) for tag in (begin, inside)]
        return [
            (sign, (row, positions[start], self._states(start, tags, positions), not_next))
            for not_next in [self.tags.index[inside]]
            for sign, start, tags in runs
        ]

    def _states(self, start: int, tags: Sequence[str], positions: Sequence[int]) -> list[int]:
        """Return the states of all positions of words that have these tags, from a word on."""
        states: list[int] = []
        for word, tag in enumerate(tags, start):
            is_last = word + 1 == len(positions)
            after = positions[word] + 1 if is_last else positions[word + 1]
            states.append(self.tags.index[tag])
            states += [self.names.index("X") for _ in range(positions[word] + 1, after)]
        return states

    def service_states(self, subword_words: Array) -> Array:
        """Return the service state of each subword, were it no word's first."""
        words: Any = subword_words
        inner, first, other = self.service
        is_inner = words >= 0
        # Products, not a choice of values: so it is written alike in any array library.
        states = is_inner * (inner - other) + other
        states[:, 0] = is_inner[:, 0] * (inner - first) + first
        return states


class Crf(Protocol[Array]):
    """What decodes emissions; see ``gmf.models.modules.crf``."""

    def best_path(self, emissions: Array, mask: Array) -> Array:
        """Return the best legal state of each position."""
        ...

    def segment_log_probabilities(
        self, emissions: Array, mask: Array, segments: Sequence[Segment]
    ) -> Any:
        """Return the log-probability of runs of states, one after the other."""
        ...


@dataclass(frozen=True)
class Decoder(Generic[Array]):
    """Emissions to tags and entities.

    Args:
        states: What it chooses among.
        crf: Scores sequences of them.
    """

    states: TagStates
    crf: Crf[Array]

    def mask(self, batch: Batch[Array]) -> Array:
        """Return which positions are tagged; a prefix of each row."""
        if self.states.subword_labels == "first":
            return batch.word_mask
        attention: Any = batch.text_inputs["attention_mask"]
        fields: Any = batch.context_fields
        return attention > 0 if fields is None else (attention > 0) & (fields < 0)

    def decode(self, emissions: Array, batch: Batch[Array]) -> list[Decoded]:
        """Return the best legal tags of every sample and the probability of each entity."""
        allowed = self._allowed(emissions, batch)
        best: Any = self.crf.best_path(allowed, self.mask(batch))
        path = best.tolist()
        tags = [
            self.states.word_tags(path[row], positions, num_words=len(sample.tokens))
            for row, (positions, sample) in enumerate(
                zip(self._word_positions(batch), batch.samples, strict=True)
            )
        ]
        scored = self.confidences(emissions, batch, [entities_of(row) for row in tags])
        return [Decoded(*row) for row in zip(tags, scored, strict=True)]

    def confidences(
        self,
        emissions: Array,
        batch: Batch[Array],
        entities: Sequence[Sequence[Entity | ScoredEntity]],
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities, whether or not they are the best.

        Args:
            emissions: Scores of the states.
            batch: What they were computed from.
            entities: Entities of each sample, within the words that are not cut off.
        """
        positions = self._word_positions(batch)
        runs = [
            (number, sign, segment)
            for number, (row, entity) in enumerate(
                (row, entity) for row, listed in enumerate(entities) for entity in listed
            )
            for sign, segment in self.states.segments(row, entity, positions[row])
        ]
        logs = self.crf.segment_log_probabilities(
            self._allowed(emissions, batch), self.mask(batch), [segment for *_, segment in runs]
        )
        logs = np.array(logs.tolist() if hasattr(logs, "tolist") else logs, dtype=np.float64)
        sums = np.zeros(sum(map(len, entities)))
        np.add.at(
            sums,
            [number for number, *_ in runs],
            np.array([sign for _, sign, _ in runs], dtype=np.float64) * np.exp(logs),
        )
        scores = iter(np.clip(sums, 0, 1).tolist())
        return [
            tuple(ScoredEntity(e.start, e.end, e.type, next(scores)) for e in listed)
            for listed in entities
        ]

    def _word_positions(self, batch: Batch[Array]) -> list[list[int]]:
        """Return the position of each word that was not cut off among those that are tagged."""
        mask: Any = batch.word_mask
        first: Any = batch.first_subword
        lengths = mask.sum(1).tolist()
        if self.states.subword_labels == "first":
            return [list(range(length)) for length in lengths]
        return [row[:length] for row, length in zip(first.tolist(), lengths, strict=True)]

    def _allowed(self, emissions: Array, batch: Batch[Array]) -> Array:
        """Forbid, under ``x``, what the tokenizer rules out at each position."""
        if self.states.subword_labels == "first":
            return emissions
        is_first: Any = first_subwords(batch.subword_words)
        service: Any = self.states.service_states(batch.subword_words)
        copy: Any = emissions
        copy = copy + 0
        for state in range(len(self.states.names)):
            is_tag = state < len(self.states.tags)
            column = copy[:, :, state]
            column[~is_first if is_tag else is_first | (service != state)] += FORBIDDEN
        return copy


def first_subwords(subword_words: Array) -> Array:
    """Return which subwords are the first of a word.

    Args:
        subword_words: Word of each subword, -1 on others; ``(batch, subwords)``.
    """
    words: Any = subword_words
    is_first = words >= 0
    is_first[:, 1:] &= words[:, 1:] != words[:, :-1]
    return is_first


def _is_legal(before: str, after: str) -> bool:
    if before in SERVICE_STATES or after in SERVICE_STATES:
        return True
    return is_legal_move(before, after)
