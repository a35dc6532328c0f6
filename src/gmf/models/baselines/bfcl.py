"""BFCL: contrast before fusion, then fusion through a few bottleneck tokens."""

from typing import ClassVar, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.bottleneck_fusion import BottleneckFusion
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.contrastive import decoupled_contrastive_loss
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_inputs import VisualItems, grid_regions, real_images


class BfclConfig(HeadConfig):
    """Options of BFCL.

    Args:
        name: ``bfcl``.
        num_bottlenecks: Tokens through which the streams exchange information.
        num_fusion_layers: Fusion layers of the text stream, at least 2.
        contrast: ``per_direction``: one InfoNCE for each direction; ``decoupled``: the loss of Yeh
            et al. 2022, whose denominator leaves the positive pair out.
        temperature: tau of the contrast.
        contrast_weight: lambda: weight of the contrast.
    """

    name: Literal["bfcl"] = "bfcl"
    num_bottlenecks: int = Field(default=4, ge=1)
    num_fusion_layers: int = Field(default=2, ge=2)
    contrast: Literal["per_direction", "decoupled"] = "per_direction"
    temperature: float = Field(default=0.1, gt=0)
    contrast_weight: float = Field(default=0.1, ge=0)


class Bfcl(MnerModel):
    """BFCL (Wang et al. 2023): contrast before fusion, fusion through bottleneck tokens.

    Source: P. Wang, X. Chen, Z. Shang, W. Ke, "Multimodal Named Entity Recognition with Bottleneck
    Fusion and Contrastive Learning", IEICE Trans. Inf. & Syst. E106-D(4), 2023; no code is public.
    Departs from it as far as its text is not known: sizes and weights (docs/decisions/0209); absent
    images are masked (0205).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives regions and global vectors.
    """

    Options: ClassVar = BfclConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("grid", "global")

    def __init__(
        self,
        config: BfclConfig,
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
        self.projections = ConsistencyMatching(
            dim, self.channels, temperature=config.temperature, direction_weight=0.5
        )
        self.fusion = BottleneckFusion(
            dim,
            num_heads=text_encoder.num_heads,
            num_layers=config.num_fusion_layers,
            num_bottlenecks=config.num_bottlenecks,
            dropout=config.dropout,
        )
        self.head = TaggingHead(dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: BfclConfig, parts: Parts) -> "Bfcl":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        grid = grid_regions(batch, maps, channels=self.channels)
        mask = batch.text_inputs["attention_mask"].bool()
        fused = self.fusion(states, mask, VisualItems(self.regions(grid.values), grid.mask))
        emissions = self.head(fused, batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        losses = {"ner": self.head.loss(emissions, batch)}
        total = losses["ner"]
        if self.training and maps is not None and real_images(batch)[0].sum() > 1:
            losses["contrast"] = self._contrast(states, maps[-1], batch)
            total = total + self.options.contrast_weight * losses["contrast"]
        return ModelOutput(emissions, losses, total)

    def _contrast(
        self,
        states: Float[Tensor, "batch subwords dim"],
        last_map: Float[Tensor, "views channels height width"],
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the sum of both directions on the vectors before fusion."""
        rows, views = real_images(batch)
        text, image = self.projections(states[rows, 0], last_map[views].mean(dim=(2, 3)))
        if self.options.contrast == "decoupled":
            return decoupled_contrastive_loss(text, image, temperature=self.options.temperature)
        return 2 * self.projections.loss(text, image)
