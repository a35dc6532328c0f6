"""UMT: a unified multimodal Transformer with entity span detection beside it."""

from dataclasses import replace
from typing import ClassVar, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.span_conversion import SPAN_TAGS, SpanConversion, span_labels
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions


class UmtConfig(HeadConfig):
    """Options of UMT.

    Args:
        name: ``umt``.
        span_weight: Weight of the span detector's loss.
        conversion_weight: Weight of the converted span emissions in the final ones, in [0, 1].
    """

    name: Literal["umt"] = "umt"
    span_weight: float = Field(default=0.5, ge=0)
    conversion_weight: float = Field(default=0.5, ge=0, le=1)


class Umt(MnerModel):
    """UMT-BERT-CRF (Yu et al. 2020): a cross-modal Transformer with entity span detection.

    Source: J. Yu, J. Jiang, L. Yang, R. Xia, "Improving Multimodal Named Entity Recognition via
    Entity Span Detection with Unified Multimodal Transformer", ACL 2020, and its public code.
    Departs from them: absent images are masked and leave the visual half of the word states zero
    (docs/decisions/0205); dropout stands before the emission layers, not after BERT (0206).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives the regions.
    """

    Options: ClassVar = UmtConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("grid",)

    def __init__(
        self,
        config: UmtConfig,
        tags: TagSet,
        *,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(config, tags)
        self.options = config
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        dim, self.channels = text_encoder.hidden_dim, image_encoder.stage_channels[-1]

        def layer() -> CrossLayer:
            return CrossLayer(dim, num_heads=text_encoder.num_heads, dropout=config.dropout)

        self.span_layer, self.main_layer = layer(), layer()
        self.text_to_image, self.image_to_text, self.text_to_text = layer(), layer(), layer()
        self.regions_asked = nn.Linear(self.channels, dim)
        self.regions_asking = nn.Linear(self.channels, dim)
        self.gate = VisualGate(dim)
        self.span_head = TaggingHead(dim, tags=SPAN_TAGS, config=config)
        self.head = TaggingHead(2 * dim, tags=tags, config=config)
        self.conversion = SpanConversion(self.span_head.states, self.head.states)

    @classmethod
    def build(cls, config: UmtConfig, parts: Parts) -> "Umt":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return mixed emissions, and both losses when the batch has labels."""
        states = self.text_encoder(batch.text_inputs, None)
        mask = batch.text_inputs["attention_mask"].bool()
        spans = self.span_head(self.span_layer(states, states, mask=mask), batch)
        typed = self.head(self._fused(self.main_layer(states, states, mask=mask), batch), batch)
        share = self.options.conversion_weight
        emissions = (1 - share) * typed + share * self.conversion(spans)
        if batch.labels is None:
            return ModelOutput(emissions)
        losses = {
            "ner": self.head.loss(emissions, batch),
            "span": self.span_head.loss(spans, replace(batch, labels=span_labels(batch.labels))),
        }
        return ModelOutput(
            emissions, losses, losses["ner"] + self.options.span_weight * losses["span"]
        )

    def _fused(
        self, text: Float[Tensor, "batch subwords dim"], batch: Batch
    ) -> Float[Tensor, "batch subwords both"]:
        """Return image-aware words beside gated word-aware visual vectors."""
        mask = batch.text_inputs["attention_mask"].bool()
        maps = self.image_encoder.maps_of(batch)
        regions = grid_regions(batch, maps, channels=self.channels)
        visual = self.text_to_image(text, self.regions_asked(regions.values), mask=regions.mask)
        informed = self.image_to_text(self.regions_asking(regions.values), text, mask=mask)
        words = self.text_to_text(text, informed, mask=regions.mask)
        return self.gate(words, visual, has_image=regions.mask.any(dim=1))
