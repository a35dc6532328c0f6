"""Tagging head: hidden states to BIO2 tags of words, with the confidence of each entity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from pydantic import field_validator
from torch import Tensor, nn

from gmf.core.config import Config
from gmf.core.tags import OUTSIDE, TagSet, entities_of, is_legal_move, tags_of
from gmf.core.types import Entity, ScoredEntity
from gmf.data.batch import Batch
from gmf.models.modules.crf import FORBIDDEN, LinearChainCrf

#: States of the older convention that are no tag of a word.
SERVICE_STATES = ("X", "[CLS]", "[SEP]")


class HeadConfig(Config):
    """How words are tagged.

    Args:
        decoder: ``crf``, or ``softmax`` over each word on its own.
        subword_labels: ``first`` reads each word at its first subword; ``x`` is the convention of
            UMT, MAF and HVPNeT: all subwords are tagged, later ones ``X``.
        dropout: Dropout before the emission layer, in [0, 1).
    """

    decoder: Literal["crf", "softmax"] = "crf"
    subword_labels: Literal["first", "x"] = "first"
    dropout: float = 0.1


class WordsOnlyConfig(HeadConfig):
    """Options of models that read words and know no subwords; see ``HeadConfig``."""

    @field_validator("subword_labels")
    @classmethod
    def _has_no_subwords(cls, value: str) -> str:
        if value != "first":
            raise ValueError("the model reads words and has no subwords to label; expected first")
        return value


@dataclass(frozen=True)
class Decoded:
    """Tags and entities of one sample.

    Args:
        tags: One legal BIO2 tag a word, cut-off words included (``O``).
        entities: The entities of ``tags`` with their probability under the model.
    """

    tags: tuple[str, ...]
    entities: tuple[ScoredEntity, ...]


class TaggingHead(nn.Module):
    """Emissions, loss and decoding of one tag a word.

    Source: GMF, Sect. 3.6, Eq. 17-21; the ``x`` convention is that of the public code of UMT.

    Args:
        hidden_dim: Width of the states that it reads; ``None`` when the model gives emissions
            itself, which then pass unchanged.
        tags: Tags of the model.
        config: How words are tagged.
    """

    def __init__(self, hidden_dim: int | None, *, tags: TagSet, config: HeadConfig) -> None:
        super().__init__()
        self.tags, self.config = tags, config
        self.states = tags.names + (SERVICE_STATES if config.subword_labels == "x" else ())
        if hidden_dim is None:
            self.dropout = self.emission = nn.Identity()
        else:
            self.dropout = nn.Dropout(config.dropout)
            self.emission = nn.Linear(hidden_dim, len(self.states))
        moves = [[self._legal(before, after) for after in self.states] for before in self.states]
        starts = [state in SERVICE_STATES or is_legal_move(None, state) for state in self.states]
        self.crf = LinearChainCrf(
            len(self.states),
            legal_moves=torch.tensor(moves),
            legal_starts=torch.tensor(starts),
            learn_moves=config.decoder == "crf",
        )

    def forward(
        self, hidden: Float[Tensor, "batch subwords hidden"], batch: Batch
    ) -> Float[Tensor, "batch positions states"]:
        """Return emissions, Eq. 20: of words (``first``) or of subwords (``x``)."""
        if self.config.subword_labels == "first":
            rows = torch.arange(len(batch), device=hidden.device)[:, None]
            hidden = hidden[rows, batch.first_subword]
        return self.emission(self.dropout(hidden)).float()

    def loss(
        self, emissions: Float[Tensor, "batch positions states"], batch: Batch
    ) -> Float[Tensor, ""]:
        """Return the negative log-likelihood, Eq. 21: mean over tweets (CRF) or words (softmax).

        Raises:
            ValueError: If the batch has no labels.
        """
        if batch.labels is None:
            raise ValueError("the batch has no labels, expected tags for every sample")
        mask = self.mask(batch)
        likelihood = self.crf.log_likelihood(emissions, self._targets(batch, batch.labels), mask)
        count = mask.sum() if self.config.decoder == "softmax" else mask[:, 0].sum()
        return -likelihood.sum() / count.clamp(min=1)

    def mask(self, batch: Batch) -> Bool[Tensor, "batch positions"]:
        """Return which positions are tagged; a prefix of each row."""
        if self.config.subword_labels == "first":
            return batch.word_mask
        return batch.text_inputs["attention_mask"].bool()

    @torch.no_grad()
    def decode(
        self, emissions: Float[Tensor, "batch positions states"], batch: Batch
    ) -> list[Decoded]:
        """Return the best legal tags of every sample and the probability of each entity."""
        emissions, mask = self._known_positions(emissions, batch), self.mask(batch)
        path = self.crf.best_path(emissions, mask).tolist()
        places = self._word_places(batch)
        found: list[tuple[int, list[str]]] = []
        for row, sample in enumerate(batch.samples):
            tags = [self.states[path[row][place]] for place in places[row]]
            tags += [OUTSIDE] * (len(sample.tokens) - len(tags))
            found.append((row, tags_of(entities_of(tags), len(tags))))
        segments = [
            self._segment(row, entity, places[row])
            for row, tags in found
            for entity in entities_of(tags)
        ]
        scores = iter(
            self.crf.segment_log_probabilities(emissions, mask, segments)
            .exp()
            .clamp(max=1)
            .tolist()
        )
        return [
            Decoded(
                tuple(tags),
                tuple(
                    ScoredEntity(e.start, e.end, e.type, next(scores)) for e in entities_of(tags)
                ),
            )
            for _, tags in found
        ]

    def _segment(
        self, row: int, entity: Entity, places: Sequence[int]
    ) -> tuple[int, int, list[int], int]:
        """The states of an entity over its positions, up to the next word or the end."""
        first = places[entity.start]
        after = places[entity.end] if entity.end < len(places) else places[entity.end - 1] + 1
        index = {place: word for word, place in enumerate(places)}
        states = [
            (
                self.states.index("X")
                if place not in index
                else self.tags.index[f"{'B' if place == first else 'I'}-{entity.type}"]
            )
            for place in range(first, after)
        ]
        return row, first, states, self.tags.index[f"I-{entity.type}"]

    def _word_places(self, batch: Batch) -> list[list[int]]:
        """Position of each tagged word among the positions that the CRF reads."""
        lengths = batch.word_mask.sum(dim=1).tolist()
        if self.config.subword_labels == "first":
            return [list(range(length)) for length in lengths]
        first = batch.first_subword.tolist()
        return [row[:length] for row, length in zip(first, lengths, strict=True)]

    def _targets(
        self, batch: Batch, labels: Int[Tensor, "batch words"]
    ) -> Int[Tensor, "batch positions"]:
        if self.config.subword_labels == "first":
            return labels
        return torch.where(
            self._is_first(batch),
            labels.gather(1, batch.subword_words.clamp(min=0)),
            self._service(batch),
        )

    def _known_positions(self, emissions: Tensor, batch: Batch) -> Tensor:
        """Forbid, under ``x``, what the tokenizer rules out at each position."""
        if self.config.subword_labels == "first":
            return emissions
        states = torch.arange(len(self.states), device=emissions.device)
        allowed = torch.where(
            self._is_first(batch)[:, :, None],
            states < len(self.tags),
            states == self._service(batch)[:, :, None],
        )
        return emissions + FORBIDDEN * (~allowed).to(emissions.dtype)

    def _is_first(self, batch: Batch) -> Bool[Tensor, "batch subwords"]:
        words = batch.subword_words
        previous = nn.functional.pad(words[:, :-1], (1, 0), value=-1)
        return (words >= 0) & (words != previous)

    def _service(self, batch: Batch) -> Int[Tensor, "batch subwords"]:
        position = torch.arange(batch.subword_words.shape[1], device=batch.subword_words.device)
        inner, cls, sep = (self.states.index(name) for name in SERVICE_STATES)
        special = torch.where(position == 0, cls, sep).expand_as(batch.subword_words)
        return torch.where(batch.subword_words >= 0, inner, special)

    def _legal(self, before: str, after: str) -> bool:
        if before in SERVICE_STATES or after in SERVICE_STATES:
            return True
        return is_legal_move(before, after)
