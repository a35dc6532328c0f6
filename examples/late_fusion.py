"""A model of your own: late fusion by modality attention, in one file.

gmf train late-fusion.twitter2017 data.folder=DIR --code examples/late_fusion.py
"""

from typing import Unpack

import torch
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOptions, ModelOutput
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_inputs import whole_images
from gmf.models.registry import models


class LateFusionOptions(ModelOptions):
    """Options of late fusion.

    Args:
        image_dropout: Share of the image's values that training drops, in [0, 1).
    """

    image_dropout: float = Field(default=0.1, ge=0, lt=1)


class ModalityAttention(nn.Module):
    """Let each position weigh its text state against the image of its sample.

    Source: Moon et al. 2018, Eq. 4, with two modalities.

    Args:
        dim: Width of both.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(2 * dim, 2)

    def forward(
        self,
        text: Float[Tensor, "batch subwords dim"],
        image: Float[Tensor, "batch dim"],
        *,
        has_image: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch subwords dim"]:
        """Return the mixture; the text alone where a sample has no image."""
        image = image[:, None].expand_as(text)
        scores = self.score(torch.cat([text, image], dim=-1))
        absent = torch.stack([torch.zeros_like(has_image), ~has_image], dim=-1)
        weights = scores.masked_fill(absent[:, None], -torch.inf).softmax(dim=-1)
        return weights[..., :1] * text + weights[..., 1:] * image


@models.register("late-fusion")
class LateFusion(MnerModel[LateFusionOptions]):
    """Late fusion: each word weighs its text state against the image.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = LateFusionOptions
    title = "Late fusion"
    source = (
        'S. Moon, L. Neves, V. Carvalho, "Multimodal Named Entity Recognition for Short Social '
        'Media Posts", NAACL 2018.'
    )
    departures = (
        "A pretrained encoder stands for the LSTMs over words and characters.",
        "Several images of a sample are averaged; a sample without any is read as text alone.",
    )
    visual_inputs = ("global",)

    def __init__(
        self, options: LateFusionOptions, tags: TagSet, **encoders: Unpack[Encoders]
    ) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        self.image = nn.Sequential(nn.Dropout(options.image_dropout), nn.Linear(self.channels, dim))
        self.attention = ModalityAttention(dim)
        self.head = TaggingHead(dim, tags=tags, config=options)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        text = self.text_encoder(batch.text_inputs, None, read=self.head.reads(batch))
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        images = whole_images(batch, maps, channels=self.channels, dtype=dtype)
        fused = self.attention(text, self.image(images.mean()), has_image=images.mask.any(dim=1))
        return self.output(self.head(fused, batch), batch)
