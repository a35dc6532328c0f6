"""DebiasCL: a debiased contrast that leans on images with many objects, and gated attention."""

from typing import Unpack

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import ContrastOptions, Encoders, MnerModel, ModelOutput
from gmf.models.baselines.settings import umt_tables
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.contrastive import debiased_contrastive_loss
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions
from gmf.models.processes import gather_rows


class DebiasClConfig(ContrastOptions):
    """Options of DebiasCL.

    Args:
        temperature: tau of the contrast.
        positive_prior: tau+: chance that a negative is a positive, in [0, 1).
        task_weight: alpha: weight of the tagging loss; the contrast has the rest.
    """

    temperature: float = Field(default=0.1, gt=0)
    positive_prior: float = Field(default=0.1, ge=0, lt=1)
    task_weight: float = Field(default=0.88, gt=0, le=1)


class DebiasCl(MnerModel[DebiasClConfig]):
    """DebiasCL (Zhang et al. 2023): gated cross attention and a debiased contrast.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = DebiasClConfig
    title = "DebiasCL"
    source = (
        'X. Zhang, J. Yuan, L. Li, J. Liu, "Reducing the Bias of Visual Objects in Multimodal '
        'Named Entity Recognition", WSDM 2023; no code is public.'
    )
    departures = (
        "Fusion is MAF's without matching, where its text is not known.",
        (
            "Density is the number of regions of a sample, and it weights anchors instead of "
            "choosing samples (docs/decisions/0210)."
        ),
        "Absent images are masked (docs/decisions/0205).",
    )
    presets = umt_tables(seed=1234)
    visual_inputs = ("grid", "global")

    def __init__(self, options: DebiasClConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        self.regions = nn.Linear(self.channels, dim)
        self.attention = CrossLayer(
            dim, num_heads=self.text_encoder.num_heads, dropout=options.dropout
        )
        self.gate = VisualGate(dim)
        self.projections = ConsistencyMatching(
            dim, self.channels, temperature=options.temperature, direction_weight=0.5
        )
        self.head = TaggingHead(2 * dim, tags=tags, config=options)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        regions = grid_regions(batch, maps, channels=self.channels, dtype=dtype)
        visual = self.attention(states, self.regions(regions.values), mask=regions.mask)
        fused = self.gate(states, visual, has_image=regions.mask.any(dim=1))
        emissions = self.head(fused, batch)
        if not self.training:
            return self.output(emissions, batch)
        alpha = self.options.task_weight
        contrast = self._contrast(states, None if maps is None else maps[-1], batch)
        return self.output(emissions, batch, ner_weight=alpha, contrast=(1 - alpha, contrast))

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
        rows, views = self.pairs_of(batch)
        pairs = self.projections.pairs(states[rows, 0], last_map, views)
        text, image = map(gather_rows, pairs)
        density = torch.tensor(
            [sum(len(image.regions) for image in sample.images) for sample in batch.samples]
        ).to(rows.device, non_blocking=True)
        return debiased_contrastive_loss(
            text,
            image,
            temperature=self.options.temperature,
            positive_prior=self.options.positive_prior,
            weights=gather_rows(density[rows, None])[:, 0],
        )
