"""UMT: a unified multimodal Transformer with entity span detection beside it."""

from dataclasses import replace
from typing import Unpack

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOutput
from gmf.models.baselines.settings import (
    BERT_ADAM,
    BERT_LAYERS,
    CHOSEN_STATES,
    RANDOM_CROPS,
    RESNET_WEIGHTS,
    STAND_IN,
    CrossLayerOptions,
    umt_tables,
)
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.initialisation import start_like_bert
from gmf.models.modules.span_conversion import (
    SPAN_TAGS,
    SpanConversion,
    possible_spans,
    span_labels,
)
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions
from gmf.models.published import Published


class UmtConfig(CrossLayerOptions):
    """Options of UMT.

    Args:
        span_weight: Weight of the span detector's loss.
        conversion_weight: Weight of the converted span emissions in the final ones, in [0, 1].
    """

    span_weight: float = Field(default=0.5, ge=0)
    conversion_weight: float = Field(default=0.5, ge=0, le=1)


class Umt(MnerModel[UmtConfig]):
    """UMT-BERT-CRF (Yu et al. 2020): a cross-modal Transformer with entity span detection.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = UmtConfig
    title = "UMT-BERT-CRF"
    source = (
        'J. Yu, J. Jiang, L. Yang, R. Xia, "Improving Multimodal Named Entity Recognition via '
        'Entity Span Detection with Unified Multimodal Transformer", ACL 2020, and its public '
        "code."
    )
    departures = (
        (
            "Absent images are masked and leave the visual half of the word states zero "
            "(docs/decisions/0205)."
        ),
        "Dropout stands before the emission layers, not after BERT (docs/decisions/0206).",
    )
    presets = umt_tables(seed=32)
    published = Published(
        "the public code of UMT (github.com/jefferyYu/UMT)",
        BERT_LAYERS,
        (BERT_ADAM, RANDOM_CROPS, STAND_IN, CHOSEN_STATES, RESNET_WEIGHTS),
    )
    visual_inputs = ("grid",)

    def __init__(self, options: UmtConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]

        def layer() -> CrossLayer:
            return CrossLayer(
                dim,
                num_heads=self.text_encoder.num_heads,
                dropout=options.dropout,
                epsilon=options.norm_epsilon,
            )

        self.span_layer, self.main_layer = layer(), layer()
        self.text_to_image, self.image_to_text, self.text_to_text = layer(), layer(), layer()
        self.regions_asked = nn.Linear(self.channels, dim)
        self.regions_asking = nn.Linear(self.channels, dim)
        self.gate = VisualGate(dim)
        self.span_head = TaggingHead(dim, tags=SPAN_TAGS, config=options)
        self.head = TaggingHead(2 * dim, tags=tags, config=options)
        self.conversion = SpanConversion(self.span_head.states, self.head.states)
        self.dropout = nn.Dropout(options.text_dropout)
        if options.initialisation == "bert":
            for name, part in self.named_children():
                if not name.endswith("_encoder"):
                    start_like_bert(part)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return mixed emissions, and both losses when the batch has labels."""
        states = self.dropout(self.text_encoder(batch.text_inputs, None))
        mask = batch.text_inputs["attention_mask"].bool()
        spans = self.span_head(self.span_layer(states, states, mask=mask), batch)
        typed = self.head(self._fused(self.main_layer(states, states, mask=mask), batch), batch)
        share = self.options.conversion_weight
        emissions = (1 - share) * typed + share * self.conversion(spans)
        if batch.labels is None:
            return self.output(emissions, batch)
        untyped = replace(
            batch, labels=span_labels(batch.labels), possible=possible_spans(batch.possible)
        )
        loss = self.span_head.losses(spans, untyped)
        return self.output(emissions, batch, span=(self.options.span_weight, loss))

    def counts(self, batch: Batch) -> dict[str, int]:
        """Return over how much each term is a mean: as much for spans as for types."""
        counts = super().counts(batch)
        return counts | {"span": counts["ner"]}

    def _fused(
        self, text: Float[Tensor, "batch subwords dim"], batch: Batch
    ) -> Float[Tensor, "batch subwords both"]:
        """Return image-aware words beside gated word-aware visual vectors."""
        mask = batch.text_inputs["attention_mask"].bool()
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        regions = grid_regions(batch, maps, channels=self.channels, dtype=dtype)
        visual = self.text_to_image(text, self.regions_asked(regions.values), mask=regions.mask)
        informed = self.image_to_text(self.regions_asking(regions.values), text, mask=mask)
        words = self.text_to_text(text, informed, mask=regions.mask)
        return self.gate(words, visual, has_image=regions.mask.any(dim=1))
