"""DebiasCL: a debiased contrast that leans on images with many objects, and gated attention."""

from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.contrastive import debiased_contrastive_loss
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions, real_images


class DebiasClConfig(HeadConfig):
    """Options of DebiasCL.

    Args:
        name: ``debiascl``.
        temperature: tau of the contrast.
        positive_prior: tau+: chance that a negative is a positive, in [0, 1).
        task_weight: alpha: weight of the tagging loss; the contrast has the rest.
    """

    name: Literal["debiascl"] = "debiascl"
    temperature: float = Field(default=0.1, gt=0)
    positive_prior: float = Field(default=0.1, ge=0, lt=1)
    task_weight: float = Field(default=0.88, gt=0, le=1)


class DebiasCl(MnerModel):
    """DebiasCL (Zhang et al. 2023): gated cross attention and a debiased contrast.

    Source: X. Zhang, J. Yuan, L. Li, J. Liu, "Reducing the Bias of Visual Objects in Multimodal
    Named Entity Recognition", WSDM 2023; no code is public. Departs from it as far as its text is
    not known: fusion is MAF's without matching, density is the number of regions of a post, and it
    weights anchors instead of choosing samples (docs/decisions/0210); absent images are masked
    (0205).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives regions and global vectors.
    """

    Options: ClassVar = DebiasClConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("grid", "global")

    def __init__(
        self,
        config: DebiasClConfig,
        tags: TagSet,
        *,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(config, tags)
        self.options = config
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        dim, self.channels = text_encoder.hidden_dim, image_encoder.stage_channels[-1]
        self.regions = nn.Linear(self.channels, dim)
        self.attention = CrossLayer(dim, num_heads=text_encoder.num_heads, dropout=config.dropout)
        self.gate = VisualGate(dim)
        self.projections = ConsistencyMatching(
            dim, self.channels, temperature=config.temperature, direction_weight=0.5
        )
        self.head = TaggingHead(2 * dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: DebiasClConfig, parts: Parts) -> "DebiasCl":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        regions = grid_regions(batch, maps, channels=self.channels)
        visual = self.attention(states, self.regions(regions.values), mask=regions.mask)
        fused = self.gate(states, visual, has_image=regions.mask.any(dim=1))
        emissions = self.head(fused, batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        losses = {"ner": self.head.loss(emissions, batch)}
        if not self.training:
            return ModelOutput(emissions, losses, losses["ner"])
        alpha = self.options.task_weight
        total = alpha * losses["ner"]
        if maps is not None and real_images(batch)[0].sum() > 1:
            losses["contrast"] = self._contrast(states, maps[-1], batch)
            total = total + (1 - alpha) * losses["contrast"]
        return ModelOutput(emissions, losses, total)

    def _contrast(
        self,
        states: Float[Tensor, "batch subwords dim"],
        last_map: Float[Tensor, "views channels height width"],
        batch: Batch,
    ) -> Float[Tensor, ""]:
        rows, views = real_images(batch)
        text, image = self.projections(states[rows, 0], last_map[views].mean(dim=(2, 3)))
        density = torch.tensor(
            [sum(len(image.regions) for image in sample.images) for sample in batch.samples],
            device=rows.device,
        )
        return debiased_contrastive_loss(
            text,
            image,
            temperature=self.options.temperature,
            positive_prior=self.options.positive_prior,
            weights=density[rows],
        )
