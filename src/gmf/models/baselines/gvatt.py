"""GVATT over a hierarchical BiLSTM and over BERT: one visual context, gated into each word."""

from abc import abstractmethod
from typing import TypeVar, Unpack

from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOptions, ModelOutput
from gmf.models.baselines.settings import WORD_MODELS, umt_tables
from gmf.models.modules.recurrence import last_states
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_attention import ModulationGate, VisualAttention
from gmf.models.modules.visual_inputs import grid_regions
from gmf.models.modules.word_encoder import CharacterConfig


class GvattConfig(ModelOptions):
    """Options of GVATT-BERT-CRF, and what GVATT adds to those of other models.

    Args:
        attention_dim: Width in which text and regions are compared.
    """

    attention_dim: int = Field(default=200, ge=1)


class GvattHBiLstmCrfConfig(CharacterConfig, GvattConfig):
    """Options of GVATT-HBiLSTM-CRF; see ``CharacterConfig`` and ``GvattConfig``."""


GvattT = TypeVar("GvattT", bound=GvattConfig)


class Gvatt(MnerModel[GvattT]):
    """Visual attention, modulation gate and CRF over any text states.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of words or text, and of images.
    """

    visual_inputs = ("grid",)

    def __init__(self, options: GvattT, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        text = self.word_encoder if self.reads_words else self.text_encoder
        dim, self.channels = text.hidden_dim, self.image_encoder.stage_channels[-1]
        self.attention = VisualAttention(dim, self.channels, attention_dim=options.attention_dim)
        self.gate = ModulationGate(dim, self.channels)
        self.head = TaggingHead(dim, tags=tags, config=options)

    @abstractmethod
    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return the states of words or subwords, and the query of each sample."""

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        states, query = self.read_text(batch)
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        regions = grid_regions(batch, maps, channels=self.channels, dtype=dtype)
        context, _ = self.attention(query, regions)
        return self.output(self.head(self.gate(states, context), batch), batch)


class GvattHBiLstmCrf(Gvatt[GvattHBiLstmCrfConfig]):
    """GVATT-HBiLSTM-CRF (Lu et al. 2018): visual attention and a gate over HBiLSTM states.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of words and images.
    """

    Options = GvattHBiLstmCrfConfig
    title = "GVATT-HBiLSTM-CRF"
    source = (
        'D. Lu et al., "Visual Attention Model for Name Tagging in Multimodal Social Media", ACL '
        "2018."
    )
    departures = (
        "The query is the final state of the word LSTM itself (docs/decisions/0204).",
        "The attention compares inside one tanh (docs/decisions/0203).",
        "Sizes are those of docs/decisions/0201.",
        "A sample without image has a visual context of zero (docs/decisions/0205).",
    )
    presets = WORD_MODELS
    reads_words = True

    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return word states, and the final states of both directions."""
        states = self.word_encoder(batch)
        return states, last_states(states, batch.word_mask)


class GvattBertCrf(Gvatt[GvattConfig]):
    """GVATT-BERT-CRF (Yu et al. 2020): visual attention and a gate over BERT states.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = GvattConfig
    title = "GVATT-BERT-CRF"
    source = "J. Yu et al., ACL 2020, Sect. 4.1, after D. Lu et al., ACL 2018."
    departures = (
        "The query is the raw state of `[CLS]` (docs/decisions/0204).",
        "The attention compares inside one tanh (docs/decisions/0203).",
        "A sample without image has a visual context of zero (docs/decisions/0205).",
    )
    presets = umt_tables(seed=32)

    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return subword states, and the state of ``[CLS]``."""
        states = self.text_encoder(batch.text_inputs, None)
        return states, states[:, 0]
