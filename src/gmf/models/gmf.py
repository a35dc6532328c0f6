"""GMF: visual clue guidance and consistency matching, with its joint loss (Eq. 22)."""

from dataclasses import replace
from typing import Literal, Unpack

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor, nn

from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.core.types import Explanation
from gmf.data.batch import Batch
from gmf.models.base import ContrastOptions, Encoders, MnerModel, ModelOutput, ParameterGroup
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.csa import CrossScaleAttention
from gmf.models.modules.feature_mapping import FeatureMapping
from gmf.models.modules.gating import DynamicGating
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_clue_guidance import VisualClueGuidance, VisualClues
from gmf.models.processes import Mean
from gmf.models.published import Departure, Published


class GmfConfig(ContrastOptions):
    """Options of GMF; the defaults are the recommended recipe, ``Gmf.published`` the paper's.

    Args:
        use_visual_clues: Visual clue guidance (VCG); off is the ablation "w/o VCG".
        use_cross_scale_attention: CSA; off is the ablation "w/o CSA".
        use_consistency_matching: CM; off is the ablation "w/o CM".
        max_objects: m; object regions of each image, 0 or more.
        cells_per_side: g; each view gives g x g clues in each layer.
        reduction_ratio: r of CSA.
        temperature: tau of Eq. 14-15.
        direction_weight: lambda of Eq. 16.
        task_weight: alpha of Eq. 22.
        consistency_text: C_g from a pass without clues (``plain``) or from the guided one.
        clue_layers: Text layers that receive clues, from 0; all when ``None``.
        normalise_stages: Batch normalisation after Eq. 5-6; the paper has none.
        hide_images: Share of samples whose images are hidden in a training step, in [0, 1).
        type_presence_weight: Weight of an auxiliary loss that predicts from the clues which
            entity types occur in the sample; 0, the paper's, leaves it out.
        finetune_image_encoder: Train the backbone too.
    """

    use_visual_clues: bool = True
    use_cross_scale_attention: bool = True
    use_consistency_matching: bool = True
    max_objects: int = Field(default=3, ge=0)
    cells_per_side: int = Field(default=2, ge=1, le=7)
    reduction_ratio: int = Field(default=16, ge=1)
    temperature: float = Field(default=0.21, gt=0)
    direction_weight: float = Field(default=0.7, ge=0, le=1)
    task_weight: float = Field(default=0.7, gt=0, le=1)
    consistency_text: Literal["plain", "guided"] = "plain"
    clue_layers: tuple[int, ...] | None = Field(default=None, strict=False, min_length=1)
    normalise_stages: bool = True
    hide_images: float = Field(default=0.0, ge=0, lt=1)
    type_presence_weight: float = Field(default=0.0, ge=0)
    finetune_image_encoder: bool = False


class Gmf(MnerModel[GmfConfig]):
    """GMF, the model of the paper: visual clue guidance and consistency matching.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.

    Raises:
        ConfigError: If ``clue_layers`` names a layer that the text encoder does not have.
        EncoderError: If clues cannot enter the text encoder.
    """

    Options = GmfConfig
    title = "GMF"
    source = "GMF, Sect. 3, Eq. 1-22."
    departures = ("Where the paper is silent or cannot be followed: docs/decisions/0001 to 0011.",)
    published = Published(
        "the paper, Sect. 3 and 4",
        {
            "data.missing_image": "blank",
            "model.contrast_blanks": True,
            "model.normalise_stages": False,
            "model.cells_per_side": 7,
            "model.legal_moves": False,
            "training.order": "random",
            "training.new_learning_rate": 5e-5,
            "training.transitions_learning_rate": 5e-5,
        },
        (
            Departure("objects", "of a toolkit that it does not name", "the regions of the data"),
            Departure("number of objects", "not given", "the first 3 of an image"),
            Departure("longest text", "not given", "128 subwords; words beyond are not read"),
            Departure("weights of ResNet-50", "not named", "those of encoders.image"),
            Departure("0.7", "of no named parameter", "of lambda and of alpha"),
            Departure(
                "optimiser",
                "not named",
                "AdamW, rates that rise over a tenth of training and then fall to zero, weight "
                "decay, clipping",
            ),
            Departure("dropout", "not given", "0.1"),
            Departure("backbone", "frozen or not is not said", "frozen, in evaluation mode"),
            Departure("subwords", "not spoken of", "a word is tagged at its first"),
            Departure("text vector C_g", "of BERT's output", "of a pass without clues"),
            Departure("attention module", "no nonlinearity printed inside a branch", "ReLU"),
            Departure("r and dilation", "not given", "16 and 4"),
            Departure("perceptrons of the contrast", "widths not given", "those of MAF"),
            Departure("checkpoint", "not said", "the best on dev"),
        ),
    )
    visual_inputs = ("pyramid", "global")

    def __init__(self, options: GmfConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        wrong = set(options.clue_layers or ()) - set(range(self.text_encoder.num_layers))
        if wrong:
            raise ConfigError(
                f"model.clue_layers: {', '.join(map(str, sorted(wrong)))}: expected layers from 0 "
                f"to {self.text_encoder.num_layers - 1}, which the text encoder has"
            )
        dim, channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels
        if options.use_visual_clues:
            self.text_encoder.require_clues(options.name)
            if options.use_cross_scale_attention:
                self.attention = nn.ModuleList(
                    CrossScaleAttention(c, reduction_ratio=options.reduction_ratio)
                    for c in channels
                )
            self.mapping = FeatureMapping(
                channels,
                out_dim=dim,
                cells_per_side=options.cells_per_side,
                normalise=options.normalise_stages,
            )
            self.gating = DynamicGating(
                dim, num_stages=len(channels), num_layers=self.text_encoder.num_layers
            )
            self.guidance = VisualClueGuidance(
                dim,
                hidden_dim=dim,
                num_heads=self.text_encoder.num_heads,
                num_layers=self.text_encoder.num_layers,
            )
            if options.type_presence_weight:
                self.type_presence = nn.Linear(dim, len(tags.types))
        if options.use_consistency_matching:
            self.matching = ConsistencyMatching(
                dim,
                channels[-1],
                temperature=options.temperature,
                direction_weight=options.direction_weight,
            )
        self.head = TaggingHead(dim, tags=tags, config=options)

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return the group of a parameter; guidance trains at the text encoder's rate (0011)."""
        if name.startswith("guidance."):
            return "text_encoder"
        return super().parameter_group(name)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the joint loss of Eq. 22 when the batch has labels."""
        maps = self.image_encoder.maps_of(batch)
        slot_mask = self._visible(batch)
        fused = clues = None
        if maps is not None and self._guides:
            fused = self._pyramid(maps, batch.view_weights)[0]
        if fused is not None and fused.shape[1] > 0:
            clues = self._clues(fused, batch, slot_mask)
        contrasts = self.training and self.options.use_consistency_matching
        pairs = self.pairs_of(batch) if contrasts else None
        hidden, first = self._read(batch, clues, rows=None if pairs is None else pairs[0])
        emissions = self.head(hidden, batch)
        alpha, terms = 1.0, dict[str, tuple[float, Mean | Tensor]]()
        if batch.labels is not None and pairs is not None:
            alpha, last_map = self.options.task_weight, None if maps is None else maps[-1]
            terms["consistency"] = 1 - alpha, self.matching.pair_loss(first, last_map, pairs[1])
        if batch.labels is not None and self._guides and self.options.type_presence_weight:
            presence = self._type_presence(fused, batch, slot_mask)
            terms["type_presence"] = self.options.type_presence_weight, presence
        return self.output(emissions, batch, ner_weight=alpha, **terms)

    def counts(self, batch: Batch) -> dict[str, int]:
        """Return over how much each term is a mean; what is hidden or open counts as well."""
        pairs, shown = len(self.pairs_of(batch)[0]), (batch.host.view_index >= 0).any(dim=1).sum()
        return super().counts(batch) | {"consistency": pairs, "type_presence": int(shown)}

    @torch.no_grad()
    def explain(self, batch: Batch) -> list[Explanation]:
        """Return of each sample the gates and the attention that its words pay to each slot.

        Both are ``None`` for a sample without images.
        """
        maps = self.image_encoder.maps_of(batch)
        if maps is None or not self._guides:
            return super().explain(batch)
        slot_mask = self._visible(batch)
        fused, gates = self._pyramid(maps)
        if self.options.clue_layers is not None:
            gates = gates[sorted(self.options.clue_layers)]
        mass: list[Tensor] = []
        clues = replace(self._clues(fused, batch, slot_mask), mass=mass)
        self.text_encoder(batch.text_inputs, clues)
        attention = torch.stack(mass).unflatten(-1, (slot_mask.shape[1], -1)).sum(dim=-1)
        explanations: list[Explanation] = []
        for row, slots in enumerate(slot_mask):
            words = batch.first_subword[row][batch.word_mask[row]]
            explanations.append(
                Explanation(
                    gates[:, batch.view_index[row, slots]].float().cpu().numpy(),
                    attention[:, row, words][..., slots].float().cpu().numpy(),
                )
                if slots.any()
                else Explanation()
            )
        return explanations

    @property
    def _guides(self) -> bool:
        return self.options.use_visual_clues

    def _pyramid(
        self, maps: tuple[Tensor, ...], weights: Float[Tensor, " views"] | None = None
    ) -> tuple[Float[Tensor, "layers views cells dim"], Float[Tensor, "layers views stages"]]:
        """Refine, map and gate the pyramid of every distinct view, Eq. 1-9."""
        if self.options.use_cross_scale_attention:
            # Pooled here, the refined maps are never kept whole; the mapping then pools no more.
            maps = tuple(
                csa(stage, pool=self.mapping.pool, weights=weights)
                for csa, stage in zip(self.attention, maps, strict=True)
            )
        stages = self.mapping(maps, weights=weights)
        gates = self.gating(stages)
        return self.gating.fuse(stages, gates), gates

    def _clues(self, fused: Tensor, batch: Batch, slot_mask: Tensor) -> VisualClues:
        return self.guidance(
            fused, batch.view_index, slot_mask=slot_mask, layers=self.options.clue_layers
        )

    def _visible(self, batch: Batch) -> Bool[Tensor, "batch slots"]:
        """Which slots may be seen; hides all images of some samples in training when asked to."""
        mask = batch.view_index >= 0
        if self.training and self.options.hide_images:
            keep = torch.rand(len(batch), 1, device=mask.device) >= self.options.hide_images
            mask = mask & keep
        return mask

    def _read(
        self, batch: Batch, clues: VisualClues | None, *, rows: Int[Tensor, " pairs"] | None
    ) -> tuple[Float[Tensor, "batch subwords hidden"], Float[Tensor, "pairs hidden"]]:
        """Return H of each sample, and c_0 of those to contrast (none without rows)."""
        inputs, read = batch.text_inputs, self.head.reads(batch)
        read[:, 0] |= rows is not None
        if rows is None or self.options.consistency_text == "guided" or not len(rows):
            hidden = self.text_encoder(inputs, clues, read=read)
            return hidden, hidden[:0, 0] if rows is None else hidden[rows, 0]
        # Both readings go through the encoder as one batch: each weight is used once a step.
        inputs = {key: torch.cat([ids, ids[rows]]) for key, ids in inputs.items()}
        first = read.new_zeros(len(rows), read.shape[1])
        first[:, 0] = True
        clues = None if clues is None else clues.with_plain_rows(len(first))
        hidden = self.text_encoder(inputs, clues, read=torch.cat([read, first]))
        return hidden[: len(batch)], hidden[len(batch) :, 0]

    def _type_presence(self, fused: Tensor | None, batch: Batch, slot_mask: Tensor) -> Mean:
        """Predict from the mean clue of each sample which entity types occur in it."""
        rows = slot_mask.any(dim=1)
        if batch.labels is None or fused is None or not fused.shape[1]:
            return Mean(self.type_presence.weight.new_zeros(()), 0)
        weight = slot_mask.to(fused.dtype)[:, :, None]
        cells = fused.mean(dim=(0, 2))[batch.view_index.clamp(min=0)]
        summary = (cells * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
        types = torch.arange(len(self.tags.types), device=fused.device)
        kinds = torch.where(batch.labels > 0, (batch.labels - 1) // 2, -1)
        present = (kinds[:, :, None] == types).any(dim=1)
        known = rows[:, None].expand_as(present)
        if batch.possible is not None:  # A type that may be there or not says nothing.
            may_begin = batch.possible & (batch.possible.sum(dim=2, keepdim=True) > 1)
            known = known & (present | ~may_begin[:, :, 1::2].any(dim=1))
        losses = nn.functional.binary_cross_entropy_with_logits(
            self.type_presence(summary), present.to(fused.dtype), reduction="none"
        )
        return Mean((losses * known).sum(), known.sum())
