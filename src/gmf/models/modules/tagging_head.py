"""Tagging head: hidden states to BIO2 tags of words, with the confidence of each entity."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from pydantic import field_validator
from torch import Tensor, nn

from gmf.core.config import Config
from gmf.core.tags import TagSet, entities_of
from gmf.core.types import Entity, ScoredEntity
from gmf.data.batch import Batch
from gmf.inference.decoding import (
    FORBIDDEN,
    Decoded,
    SubwordLabels,
    TagStates,
    scored_entities,
    word_places,
)
from gmf.models.modules.crf import LinearChainCrf

__all__ = ["Decoded", "ModelOptions", "TaggingHead"]


class ModelOptions(Config):
    """Options that all models share: which model it is, and how it tags words.

    Args:
        name: Registered name of the model; ``gmf.models.registry.model_options`` sets it.
        decoder: ``crf``, or ``softmax`` over each word on its own.
        subword_labels: ``first`` reads each word at its first subword; ``x`` is the convention of
            UMT, MAF and HVPNeT: all subwords are tagged, later ones ``X``.
        dropout: Dropout before the emission layer, in [0, 1).
    """

    name: str = ""
    decoder: Literal["crf", "softmax"] = "crf"
    subword_labels: SubwordLabels = "first"
    dropout: float = 0.1


class WordsOnlyConfig(ModelOptions):
    """Options of models that read words and know no subwords; see ``ModelOptions``."""

    @field_validator("subword_labels")
    @classmethod
    def _has_no_subwords(cls, value: str) -> str:
        if value != "first":
            raise ValueError("the model reads words and has no subwords to label; expected first")
        return value


class TaggingHead(nn.Module):
    """Emissions, loss and decoding of one tag a word.

    Source: GMF, Sect. 3.6, Eq. 17-21; the ``x`` convention is that of the public code of UMT.

    Args:
        hidden_dim: Width of the states that it reads; ``None`` when the model gives emissions
            itself, which then pass unchanged.
        tags: Tags of the model.
        config: How words are tagged.
    """

    def __init__(self, hidden_dim: int | None, *, tags: TagSet, config: ModelOptions) -> None:
        super().__init__()
        self.tags, self.config = tags, config
        self.tag_states = TagStates(tags, config.subword_labels)
        self.states = self.tag_states.names
        if hidden_dim is None:
            self.dropout = self.emission = nn.Identity()
        else:
            self.dropout = nn.Dropout(config.dropout)
            self.emission = nn.Linear(hidden_dim, len(self.states))
        self.crf = LinearChainCrf(
            len(self.states),
            legal_moves=torch.tensor(self.tag_states.legal_moves),
            legal_starts=torch.tensor(self.tag_states.legal_starts),
            learn_moves=config.decoder == "crf",
        )

    def forward(
        self, hidden: Float[Tensor, "batch subwords hidden"], batch: Batch
    ) -> Float[Tensor, "batch positions states"]:
        """Return emissions, Eq. 20: of words (``first``) or of subwords (``x``)."""
        if self.config.subword_labels == "first":
            rows = torch.arange(hidden.shape[0], device=hidden.device)[:, None]
            hidden = hidden[rows, batch.first_subword]
        return self.emission(self.dropout(hidden)).float()

    def reads(self, batch: Batch) -> Bool[Tensor, "batch subwords"]:
        """Return the subwords whose states ``forward`` reads."""
        everywhere = batch.text_inputs["attention_mask"].bool()
        if self.config.subword_labels == "x":
            return everywhere
        return torch.zeros_like(everywhere).scatter(1, batch.first_subword, True)

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
        known = self._known_positions(emissions, batch)
        path = self.crf.best_path(known, self.mask(batch)).tolist()
        found = [
            self.tag_states.word_tags(path[row], places, num_words=len(batch.samples[row].tokens))
            for row, places in enumerate(self._word_places(batch))
        ]
        scored = self.confidences(emissions, batch, [entities_of(tags) for tags in found])
        return [Decoded(tags, entities) for tags, entities in zip(found, scored, strict=True)]

    @torch.no_grad()
    def confidences(
        self,
        emissions: Float[Tensor, "batch positions states"],
        batch: Batch,
        entities: Sequence[Sequence[Entity | ScoredEntity]],
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities, whether or not they are the best.

        Args:
            emissions: Scores of the states.
            batch: What they were computed from.
            entities: Entities of each sample, within the words that are not cut off.
        """
        emissions, mask = self._known_positions(emissions, batch), self.mask(batch)
        places = self._word_places(batch)
        segments = [
            self.tag_states.segment(row, entity, places[row])
            for row, listed in enumerate(entities)
            for entity in listed
        ]
        logs = self.crf.segment_log_probabilities(emissions, mask, segments)
        return scored_entities(entities, logs.exp().clamp(max=1).tolist())

    def _word_places(self, batch: Batch) -> list[list[int]]:
        return word_places(
            batch.first_subword.tolist(),
            batch.word_mask.sum(dim=1).tolist(),
            subword_labels=self.config.subword_labels,
        )

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
        inner, cls, sep = self.tag_states.service
        special = torch.where(position == 0, cls, sep).expand_as(batch.subword_words)
        return torch.where(batch.subword_words >= 0, inner, special)
