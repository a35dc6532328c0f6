"""Tagging head: hidden states to BIO2 tags of words, with the confidence of each entity."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field, field_validator
from torch import Tensor, nn

from gmf.core.config import Config
from gmf.core.tags import TagSet
from gmf.core.types import Entity, ScoredEntity
from gmf.data.batch import Batch
from gmf.inference.decoding import (
    Decoded,
    Decoder,
    SubwordLabels,
    TagStates,
    first_subwords,
)
from gmf.models.modules.crf import LinearChainCrf
from gmf.models.processes import Mean

__all__ = ["Decoded", "ModelOptions", "TaggingHead"]


class ModelOptions(Config):
    """Options that all models share: which model it is, and how it tags words.

    Args:
        name: Registered name of the model; ``gmf.models.registry.model_options`` sets it.
        decoder: ``crf``, or ``softmax`` over each word on its own.
        subword_labels: ``first`` reads each word at its first subword; ``x`` is the convention of
            UMT, MAF and HVPNeT: all subwords are tagged, later ones ``X``.
        legal_moves: Whether decoding keeps to legal BIO2 moves; off, a stray I- opens an entity.
        dropout: Dropout before the emission layer, and in the model's own layers, in [0, 1).
        head_dropout: Dropout before the emission layer, where it is another.
    """

    name: str = ""
    decoder: Literal["crf", "softmax"] = "crf"
    subword_labels: SubwordLabels = "first"
    legal_moves: bool = True
    dropout: float = Field(default=0.1, ge=0, lt=1)
    head_dropout: float | None = Field(default=None, ge=0, lt=1)


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
        self.tag_states = TagStates(tags, config.subword_labels, config.legal_moves)
        self.states = self.tag_states.names
        if hidden_dim is None:
            self.dropout = self.emission = nn.Identity()
        else:
            own = config.head_dropout
            self.dropout = nn.Dropout(config.dropout if own is None else own)
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
        emissions = self.emission(self.dropout(hidden))
        return emissions.to(torch.promote_types(emissions.dtype, torch.float32))

    def reads(self, batch: Batch) -> Bool[Tensor, "batch subwords"]:
        """Return the subwords whose states ``forward`` reads, as a mask on the CPU."""
        host = batch.host
        everywhere = host.text_inputs["attention_mask"].bool()
        if self.config.subword_labels == "x":
            return everywhere
        return torch.zeros_like(everywhere).scatter(1, host.first_subword, True)

    def loss(
        self, emissions: Float[Tensor, "batch positions states"], batch: Batch
    ) -> Float[Tensor, ""]:
        """Return the mean of ``losses`` over this batch."""
        return self.losses(emissions, batch).value

    def losses(self, emissions: Float[Tensor, "batch positions states"], batch: Batch) -> Mean:
        """Return the negative log-likelihood, Eq. 21: mean over samples (CRF) or words (softmax).

        A sample without a word to tag has none.

        Raises:
            ValueError: If the batch has no labels.
        """
        if batch.labels is None:
            raise ValueError("the batch has no labels, expected tags for every sample")
        mask = self.counted(batch)
        targets = self._targets(batch, batch.labels)
        likelihood = self.crf.log_likelihood(
            emissions, targets, mask, possible=self._possible(batch, targets)
        )
        return Mean(-likelihood.sum(), self.count(batch))

    def count(self, batch: Batch) -> Int[Tensor, ""]:
        """Return over how many samples (CRF) or words (softmax) ``losses`` gives a mean."""
        mask = self.counted(batch)
        return mask.sum() if self.config.decoder == "softmax" else mask[:, 0].sum()

    def counted(self, batch: Batch) -> Bool[Tensor, "batch positions"]:
        """Return which positions are tagged and count: those of a stand-in do not."""
        return self.mask(batch) & batch.word_mask.any(dim=1, keepdim=True)

    def mask(self, batch: Batch) -> Bool[Tensor, "batch positions"]:
        """Return which positions are tagged; a prefix of each row."""
        return self.decoder.mask(batch)

    def log_marginals(
        self, emissions: Float[Tensor, "batch positions states"], batch: Batch
    ) -> Float[Tensor, "batch words tags"]:
        """Return the log-probability of each tag at each word; it means nothing at words not read.

        Under ``x``, of the tags alone, whatever service states a first subword might have.
        """
        marginals = self.crf.log_marginals(emissions, self.mask(batch))
        if self.config.subword_labels == "first":
            return marginals
        rows = torch.arange(len(marginals), device=marginals.device)[:, None]
        return marginals[rows, batch.first_subword, : len(self.tags)].log_softmax(dim=2)

    @torch.no_grad()
    def decode(
        self, emissions: Float[Tensor, "batch positions states"], batch: Batch
    ) -> list[Decoded]:
        """Return the best tags of every sample and the probability of each entity."""
        return self.decoder.decode(emissions, batch)

    @torch.no_grad()
    def confidences(
        self,
        emissions: Float[Tensor, "batch positions states"],
        batch: Batch,
        entities: Sequence[Sequence[Entity | ScoredEntity]],
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities; see ``Decoder``."""
        return self.decoder.confidences(emissions, batch, entities)

    @property
    def decoder(self) -> Decoder[Tensor]:
        """What decodes the emissions."""
        return Decoder(self.tag_states, self.crf)

    def _targets(
        self, batch: Batch, labels: Int[Tensor, "batch words"]
    ) -> Int[Tensor, "batch positions"]:
        if self.config.subword_labels == "first":
            return labels
        words = batch.subword_words
        return torch.where(
            first_subwords(words),
            labels.gather(1, words.clamp(min=0)),
            self.tag_states.service_states(words),
        )

    def _possible(
        self, batch: Batch, targets: Int[Tensor, "batch positions"]
    ) -> Bool[Tensor, "batch positions states"] | None:
        """Return the states that each position may have; ``None`` where all have one."""
        if batch.possible is None or self.config.subword_labels == "first":
            return batch.possible
        words = batch.subword_words
        rows = torch.arange(len(words), device=words.device)[:, None]
        of_words = batch.possible[rows, words.clamp(min=0)] & first_subwords(words)[:, :, None]
        possible = nn.functional.one_hot(targets, len(self.states)).bool()
        possible[:, :, : len(self.tags)] |= of_words
        return possible
