"""MAF: matching of whole pairs and alignment of both spaces around gated cross attention."""

from typing import ClassVar, Literal

from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.consistency_matching import ConsistencyMatching
from gmf.models.modules.cross_attention import CrossLayer
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.image_text_matching import ImageTextMatching, swap_pairs
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import grid_regions, real_images


class MafConfig(HeadConfig):
    """Options of MAF; the defaults are those of its public script.

    Args:
        name: ``maf``.
        use_matching: Matching by swapped pairs; off is the alignment-only ablation.
        swap_share: Share of the posts with images that are swapped in a training step, in (0, 1].
        temperature: tau of the alignment loss.
        direction_weight: lambda_c: weight of text-to-image in the alignment loss.
        task_weight: alpha: weight of the tagging loss; matching and alignment have the rest.
    """

    name: Literal["maf"] = "maf"
    use_matching: bool = True
    swap_share: float = Field(default=0.25, gt=0, le=1)
    temperature: float = Field(default=0.179, gt=0)
    direction_weight: float = Field(default=0.7, ge=0, le=1)
    task_weight: float = Field(default=0.62, gt=0, le=1)


class Maf(MnerModel):
    """MAF (Xu et al. 2022): gated cross attention, matching by swapped pairs, alignment.

    Source: B. Xu, S. Huang, C. Sha, H. Wang, "MAF: A General Matching and Alignment Framework for
    Multimodal Named Entity Recognition", WSDM 2022, and its public code. Departs from them: pairs
    are matched by averages over real positions, and swapped among posts with real images only, at
    random (docs/decisions/0207); absent images are masked (0205); the pooler of the alignment is
    new, not BERT's.

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives regions and global vectors.
    """

    Options: ClassVar = MafConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("grid", "global")

    def __init__(
        self,
        config: MafConfig,
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
        if config.use_matching:
            self.matching = ImageTextMatching(dim)
        self.alignment = ConsistencyMatching(
            dim,
            self.channels,
            temperature=config.temperature,
            direction_weight=1 - config.direction_weight,
        )
        self.gate = VisualGate(dim)
        self.head = TaggingHead(2 * dim, tags=tags, config=config)

    @classmethod
    def build(cls, config: MafConfig, parts: Parts) -> "Maf":
        """Assemble the model from pretrained or saved encoders."""
        text, image = parts.text_encoder(), parts.image_encoder()
        return cls(config, parts.tags, text_encoder=text, image_encoder=image)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and in training the joint loss."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        regions = grid_regions(batch, maps, channels=self.channels)
        visual = self.attention(states, self.regions(regions.values), mask=regions.mask)
        losses: dict[str, Tensor] = {}
        if self.options.use_matching:
            visual = self._match(states, visual, batch, losses)
        fused = self.gate(states, visual, has_image=regions.mask.any(dim=1))
        emissions = self.head(fused, batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        losses = {"ner": self.head.loss(emissions, batch), **losses}
        if not self.training:
            return ModelOutput(emissions, losses, losses["ner"])
        rows, views = real_images(batch)
        if maps is not None and len(views) > 1:
            text, image = self.alignment(states[rows, 0], maps[-1][views].mean(dim=(2, 3)))
            losses["alignment"] = self.alignment.loss(text, image)
        alpha = self.options.task_weight
        others = sum(loss for name, loss in losses.items() if name != "ner")
        return ModelOutput(emissions, losses, alpha * losses["ner"] + (1 - alpha) * others)

    def _match(
        self,
        text: Float[Tensor, "batch subwords dim"],
        visual: Float[Tensor, "batch subwords dim"],
        batch: Batch,
        losses: dict[str, Float[Tensor, ""]],
    ) -> Float[Tensor, "batch subwords dim"]:
        """Swap pairs in training and note the loss; return visual states as far as they match."""
        mask = visual_mask = batch.text_inputs["attention_mask"].bool()
        rows, views = real_images(batch)
        targets: Int[Tensor, " batch"] | None = None
        if self.training and len(views) > 1:
            order, is_own = swap_pairs(rows, share=self.options.swap_share)
            visual, visual_mask, targets = visual[order], mask[order], is_own.long()
        logits = self.matching(text, visual, text_mask=mask, visual_mask=visual_mask)
        if targets is not None:
            losses["matching"] = nn.functional.cross_entropy(logits[rows], targets[rows])
        return logits.softmax(dim=-1)[:, 1, None, None] * visual
