"""BFCL: contrast before fusion, then fusion through a few bottleneck tokens."""

from typing import Literal, Unpack

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import ContrastOptions, Encoders, MnerModel, ModelOutput
from gmf.models.baselines.settings import umt_tables
from gmf.models.modules.bottleneck_fusion import BottleneckFusion
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.contrastive import decoupled_contrastive_loss
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_inputs import VisualItems, grid_regions
from gmf.models.processes import gather_rows


class BfclConfig(ContrastOptions):
    """Options of BFCL.

    Args:
        num_bottlenecks: Tokens through which the streams exchange information.
        num_fusion_layers: Fusion layers of the text stream, at least 2.
        contrast: ``per_direction``: one InfoNCE for each direction; ``decoupled``: the loss of Yeh
            et al. 2022, whose denominator leaves the positive pair out.
        temperature: tau of the contrast.
        contrast_weight: lambda: weight of the contrast.
    """

    num_bottlenecks: int = Field(default=4, ge=1)
    num_fusion_layers: int = Field(default=2, ge=2)
    contrast: Literal["per_direction", "decoupled"] = "per_direction"
    temperature: float = Field(default=0.1, gt=0)
    contrast_weight: float = Field(default=0.1, ge=0)


class Bfcl(MnerModel[BfclConfig]):
    """BFCL (Wang et al. 2023): contrast before fusion, fusion through bottleneck tokens.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = BfclConfig
    title = "BFCL"
    source = (
        'P. Wang, X. Chen, Z. Shang, W. Ke, "Multimodal Named Entity Recognition with Bottleneck '
        'Fusion and Contrastive Learning", IEICE Trans. Inf. & Syst. E106-D(4), 2023; no code is '
        "public."
    )
    departures = (
        "Sizes and weights are ours where its text is not known (docs/decisions/0209).",
        "Absent images are masked (docs/decisions/0205).",
    )
    presets = umt_tables(seed=1234)
    visual_inputs = ("grid", "global")

    def __init__(self, options: BfclConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        self.regions = nn.Linear(self.channels, dim)
        self.projections = ConsistencyMatching(
            dim, self.channels, temperature=options.temperature, direction_weight=0.5
        )
        self.fusion = BottleneckFusion(
            dim,
            num_heads=self.text_encoder.num_heads,
            num_layers=options.num_fusion_layers,
            num_bottlenecks=options.num_bottlenecks,
            dropout=options.dropout,
        )
        self.head = TaggingHead(dim, tags=tags, config=options)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        grid = grid_regions(batch, maps, channels=self.channels, dtype=dtype)
        mask = batch.text_inputs["attention_mask"].bool()
        fused = self.fusion(states, mask, VisualItems(self.regions(grid.values), grid.mask))
        emissions = self.head(fused, batch)
        if not self.training:
            return self.output(emissions, batch)
        contrast = self._contrast(states, None if maps is None else maps[-1], batch)
        return self.output(emissions, batch, contrast=(self.options.contrast_weight, contrast))

    def counts(self, batch: Batch) -> dict[str, int]:
        """Return over how much each term is a mean: tagging and pairs."""
        pairs = len(self.pairs_of(batch)[0])
        return super().counts(batch) | {"contrast": pairs}

    def _contrast(
        self,
        states: Float[Tensor, "batch subwords dim"],
        last_map: Float[Tensor, "views channels height width"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the sum of both directions on the vectors before fusion."""
        rows, views = self.pairs_of(batch)
        if self.options.contrast == "per_direction":
            return 2 * self.projections.pair_loss(states[rows, 0], last_map, views)
        pairs = self.projections.pairs(states[rows, 0], last_map, views)
        text, image = map(gather_rows, pairs)
        return decoupled_contrastive_loss(text, image, temperature=self.options.temperature)
