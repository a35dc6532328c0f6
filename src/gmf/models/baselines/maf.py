"""MAF: matching of whole pairs and alignment of both spaces around gated cross attention."""

from typing import ClassVar, Unpack

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import ContrastOptions, Encoders, MnerModel, ModelOutput
from gmf.models.baselines.settings import (
    BERT_ADAM,
    BERT_LAYERS,
    CHOSEN_STATES,
    ENCODERS,
    RANDOM_CROPS,
    RESNET_WEIGHTS,
    STAND_IN,
    CrossLayerOptions,
    one_rate,
)
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.image_text_matching import ImageTextMatching, swap_visual_sides
from gmf.models.modules.initialisation import start_like_bert
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions
from gmf.models.processes import Mean
from gmf.models.published import Departure, Published


class MafConfig(ContrastOptions, CrossLayerOptions):
    """Options of MAF; the defaults are those of its public script.

    Args:
        use_matching: Matching by swapped pairs; off is the alignment-only ablation.
        swap_share: Share of the samples with images that are swapped in a training step, in (0, 1].
        temperature: tau of the alignment loss.
        direction_weight: lambda_c: weight of text-to-image in the alignment loss.
        task_weight: alpha: weight of the tagging loss; matching and alignment have the rest.
    """

    use_matching: bool = True
    swap_share: float = Field(default=0.25, gt=0, le=1)
    temperature: float = Field(default=0.179, gt=0)
    direction_weight: float = Field(default=0.7, ge=0, le=1)
    task_weight: float = Field(default=0.62, gt=0, le=1)


class Maf(MnerModel[MafConfig]):
    """MAF (Xu et al. 2022): gated cross attention, matching by swapped pairs, alignment.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = MafConfig
    title = "MAF"
    source = (
        'B. Xu, S. Huang, C. Sha, H. Wang, "MAF: A General Matching and Alignment Framework for '
        'Multimodal Named Entity Recognition", WSDM 2022, and its public code.'
    )
    departures = (
        (
            "Pairs are matched by averages over real positions, and swapped among samples with "
            "real images only, at random (docs/decisions/0207)."
        ),
        "Absent images are masked (docs/decisions/0205).",
        "The pooler of the alignment is new, not BERT's.",
    )
    presets: ClassVar = {
        "*": {**ENCODERS, "training.batch_size": 64, **one_rate(5e-5), "seed": 37},
        "twitter2015": {"training.epochs": 24},
        "twitter2017": {"training.epochs": 23},
    }
    published = Published(
        "the public code of MAF (github.com/xubodhu/MAF)",
        {**BERT_LAYERS, "model.contrast_blanks": True},
        (
            BERT_ADAM,
            RANDOM_CROPS,
            STAND_IN,
            CHOSEN_STATES,
            RESNET_WEIGHTS,
            Departure(
                "matching",
                "all 128 positions side by side; the last 16 samples of a batch are swapped",
                "means over real positions; a share (swap_share) is swapped, at random",
            ),
            Departure("text vector of the alignment", "BERT's pretrained pooler", "a new one"),
        ),
    )
    visual_inputs = ("grid", "global")

    def __init__(self, options: MafConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        self.regions = nn.Linear(self.channels, dim)
        self.attention = CrossLayer(
            dim,
            num_heads=self.text_encoder.num_heads,
            dropout=options.dropout,
            epsilon=options.norm_epsilon,
        )
        if options.use_matching:
            self.matching = ImageTextMatching(dim)
        self.alignment = ConsistencyMatching(
            dim,
            self.channels,
            temperature=options.temperature,
            direction_weight=1 - options.direction_weight,
        )
        self.gate = VisualGate(dim)
        self.head = TaggingHead(2 * dim, tags=tags, config=options)
        self.dropout = nn.Dropout(options.text_dropout)
        if options.initialisation == "bert":
            for name, part in self.named_children():
                if not name.endswith("_encoder"):
                    start_like_bert(part)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        first = (states := self.text_encoder(batch.text_inputs, None))[:, 0]
        states = self.dropout(states)
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        regions = grid_regions(batch, maps, channels=self.channels, dtype=dtype)
        visual = self.attention(states, self.regions(regions.values), mask=regions.mask)
        alpha, terms = self.options.task_weight, dict[str, tuple[float, Mean | Tensor]]()
        if self.options.use_matching:
            visual, loss = self._match(states, visual, batch)
            if loss is not None:
                terms["matching"] = 1 - alpha, loss
        fused = self.gate(states, visual, has_image=regions.mask.any(dim=1))
        emissions = self.head(fused, batch)
        if not self.training:
            return self.output(emissions, batch)
        rows, views = self.pairs_of(batch)
        last_map = None if maps is None else maps[-1]
        terms["alignment"] = 1 - alpha, self.alignment.pair_loss(first[rows], last_map, views)
        return self.output(emissions, batch, ner_weight=alpha, **terms)

    def counts(self, batch: Batch) -> dict[str, int]:
        """Return over how much each term is a mean: tagging and pairs."""
        pairs = len(self.pairs_of(batch)[0])
        return super().counts(batch) | dict.fromkeys(("matching", "alignment"), pairs)

    def _match(
        self,
        text: Float[Tensor, "batch subwords dim"],
        visual: Float[Tensor, "batch subwords dim"],
        batch: Batch,
    ) -> tuple[Float[Tensor, "batch subwords dim"], Mean | None]:
        """Return visual states as far as they match, and in training the loss of swapped pairs."""
        mask = batch.text_inputs["attention_mask"].bool()
        if not self.training:
            logits = self.matching(text, visual, text_mask=mask, visual_mask=mask)
            return logits.softmax(dim=-1)[:, 1, None, None] * visual, None
        width, rows = mask.shape[1], self.pairs_of(batch)[0]
        visual, visual_mask, is_own, any_swapped = swap_visual_sides(
            visual, mask, candidates=rows, share=self.options.swap_share
        )
        more = visual_mask.shape[1] - width
        text, mask = nn.functional.pad(text, (0, 0, 0, more)), nn.functional.pad(mask, (0, more))
        logits = self.matching(text, visual, text_mask=mask, visual_mask=visual_mask)
        losses = nn.functional.cross_entropy(logits[rows], is_own[rows].long(), reduction="sum")
        matched = logits.softmax(dim=-1)[:, 1, None, None] * visual[:, :width]
        return matched, Mean(losses * any_swapped, len(rows))
