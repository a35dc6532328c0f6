"""GVATT over a hierarchical BiLSTM and over BERT: one visual context, gated into each word."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.recurrence import last_states
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_attention import ModulationGate, VisualAttention
from gmf.models.modules.visual_inputs import grid_regions
from gmf.models.modules.word_encoder import CharacterConfig, WordEncoder


class GvattHBiLstmCrfConfig(CharacterConfig):
    """Options of GVATT-HBiLSTM-CRF; see ``CharacterConfig``.

    Args:
        name: ``gvatt-hbilstm-crf``.
        attention_dim: Width in which text and regions are compared.
    """

    name: Literal["gvatt-hbilstm-crf"] = "gvatt-hbilstm-crf"
    attention_dim: int = Field(default=200, ge=1)


class GvattBertCrfConfig(HeadConfig):
    """Options of GVATT-BERT-CRF; see ``HeadConfig``.

    Args:
        name: ``gvatt-bert-crf``.
        attention_dim: Width in which text and regions are compared.
    """

    name: Literal["gvatt-bert-crf"] = "gvatt-bert-crf"
    attention_dim: int = Field(default=200, ge=1)


class Gvatt(MnerModel):
    """Visual attention, modulation gate and CRF over any text states.

    Args:
        config: Options.
        tags: Tags to predict.
        image_encoder: Gives the regions.
        text_dim: Width of the text states and of the query.
        attention_dim: Width in which text and regions are compared.
    """

    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("grid",)

    def __init__(
        self,
        config: HeadConfig,
        tags: TagSet,
        *,
        image_encoder: ImageEncoder,
        text_dim: int,
        attention_dim: int,
    ) -> None:
        super().__init__(config, tags)
        self.image_encoder = image_encoder
        self.channels = image_encoder.stage_channels[-1]
        self.attention = VisualAttention(text_dim, self.channels, attention_dim=attention_dim)
        self.gate = ModulationGate(text_dim, self.channels)
        self.head = TaggingHead(text_dim, tags=tags, config=config)

    @abstractmethod
    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return the states of words or subwords, and the query of each post."""

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        states, query = self.read_text(batch)
        maps = self.image_encoder.maps_of(batch)
        context, _ = self.attention(query, grid_regions(batch, maps, channels=self.channels))
        emissions = self.head(self.gate(states, context), batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        loss = self.head.loss(emissions, batch)
        return ModelOutput(emissions, {"ner": loss}, loss)


class GvattHBiLstmCrf(Gvatt):
    """GVATT-HBiLSTM-CRF (Lu et al. 2018): visual attention and a gate over HBiLSTM states.

    Source: D. Lu et al., "Visual Attention Model for Name Tagging in Multimodal Social Media", ACL
    2018. Departs from it: the query is the final state of the word LSTM itself
    (docs/decisions/0204), the attention compares inside one tanh (0203), sizes as 0201; a post
    without image has a visual context of zero (0205).

    Args:
        config: Options.
        tags: Tags to predict.
        word_encoder: Reads words and characters.
        image_encoder: Gives the regions.
    """

    Options: ClassVar = GvattHBiLstmCrfConfig
    reads_words: ClassVar[bool] = True

    def __init__(
        self,
        config: GvattHBiLstmCrfConfig,
        tags: TagSet,
        *,
        word_encoder: WordEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(
            config,
            tags,
            image_encoder=image_encoder,
            text_dim=word_encoder.hidden_dim,
            attention_dim=config.attention_dim,
        )
        self.word_encoder = word_encoder

    @classmethod
    def build(cls, config: GvattHBiLstmCrfConfig, parts: Parts) -> "GvattHBiLstmCrf":
        """Assemble the model with the vocabulary of the training split or of a checkpoint."""
        encoder = WordEncoder.build(config, samples=parts.training_samples, assets=parts.assets)
        return cls(config, parts.tags, word_encoder=encoder, image_encoder=parts.image_encoder())

    @property
    def assets(self) -> dict[str, Any]:
        """The vocabulary."""
        return self.word_encoder.assets

    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return word states, and the final states of both directions."""
        states = self.word_encoder(batch)
        return states, last_states(states, batch.word_mask)


class GvattBertCrf(Gvatt):
    """GVATT-BERT-CRF (Yu et al. 2020): visual attention and a gate over BERT states.

    Source: J. Yu et al., ACL 2020, Sect. 4.1, after Lu et al. 2018. Departs from them: as
    GVATT-HBiLSTM-CRF; the query is the raw state of ``[CLS]`` (docs/decisions/0204).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives the regions.
    """

    Options: ClassVar = GvattBertCrfConfig

    def __init__(
        self,
        config: GvattBertCrfConfig,
        tags: TagSet,
        *,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(
            config,
            tags,
            image_encoder=image_encoder,
            text_dim=text_encoder.hidden_dim,
            attention_dim=config.attention_dim,
        )
        self.text_encoder = text_encoder

    @classmethod
    def build(cls, config: GvattBertCrfConfig, parts: Parts) -> "GvattBertCrf":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    def read_text(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch rows text_dim"], Float[Tensor, "batch text_dim"]]:
        """Return subword states, and the state of ``[CLS]``."""
        states = self.text_encoder(batch.text_inputs, None)
        return states, states[:, 0]
