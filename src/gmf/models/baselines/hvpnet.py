"""HVPNeT: visual prefixes in every layer of BERT; the parent of GMF."""

from typing import ClassVar, Literal

from pydantic import Field

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, ParameterGroup, Parts, VisualInput
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_prefix import VisualPrefix


class HvpnetConfig(HeadConfig):
    """Options of HVPNeT; the defaults are those of its public code.

    Args:
        name: ``hvpnet``.
        max_objects: Object regions of each image.
        mixing_dim: Width of the hidden layer that mixes the channels of a picture.
    """

    name: Literal["hvpnet"] = "hvpnet"
    max_objects: int = Field(default=3, ge=0)
    mixing_dim: int = Field(default=800, ge=1)


class Hvpnet(MnerModel):
    """HVPNeT (Chen et al. 2022): visual prefixes in every layer of BERT.

    Source: X. Chen et al., "Good Visual Guidance Makes A Better Extractor: Hierarchical Visual
    Prefix for Multimodal Entity and Relation Extraction", Findings of NAACL 2022, and its public
    code. Departs from them: see ``VisualPrefix``; the frozen backbone stays in evaluation mode, so
    that its normalisation statistics do not drift (docs/decisions/0211).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet and takes the prefixes.
        image_encoder: Gives the pyramid of each picture.

    Raises:
        EncoderError: If clues cannot enter the text encoder.
    """

    Options: ClassVar = HvpnetConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("pyramid",)

    def __init__(
        self,
        config: HvpnetConfig,
        tags: TagSet,
        *,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(config, tags)
        text_encoder.require_clues(config.name)
        self.options = config
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        self.prefix = VisualPrefix(
            image_encoder.stage_channels,
            hidden_dim=text_encoder.hidden_dim,
            num_heads=text_encoder.num_heads,
            num_layers=text_encoder.num_layers,
            mixing_dim=config.mixing_dim,
        )
        self.head = TaggingHead(text_encoder.hidden_dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: HvpnetConfig, parts: Parts) -> "Hvpnet":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    @property
    def max_regions(self) -> int:
        """Object regions of each image."""
        return self.options.max_objects

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return the group of a parameter; the emission layer trains at the CRF's rate."""
        return "transitions" if name.startswith("head.") else super().parameter_group(name)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        maps = self.image_encoder.maps_of(batch)
        prefix = None
        if maps is not None:
            prefix = self.prefix(maps, batch.view_index, slot_mask=batch.view_index >= 0)
        hidden = self.text_encoder(batch.text_inputs, prefix, read=self.head.reads(batch))
        emissions = self.head(hidden, batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        loss = self.head.loss(emissions, batch)
        return ModelOutput(emissions, {"ner": loss}, loss)
