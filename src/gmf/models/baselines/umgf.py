"""UMGF: a graph of words and type-queried objects, fused layer by layer."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import MnerModel, ModelOutput, Parts, VisualInput
from gmf.models.modules.graph_fusion import GraphFusion
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.tagging_head import HeadConfig, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_inputs import VisualItems, object_vectors


class UmgfConfig(HeadConfig):
    """Options of UMGF; the defaults are those of its public code.

    Args:
        name: ``umgf``.
        dropout: Dropout of the objects, of the graph, and before the emission layer, in [0, 1).
        max_objects: Object regions of each image; the paper has one for each entity type.
        node_dim: Width of a node.
        num_graph_layers: Fusion layers.
        num_graph_heads: Attention heads among nodes of one kind.
        feed_forward_dim: Width of the hidden feed-forward layers.
        finetune_image_encoder: Train the backbone too, as the public code does.
    """

    name: Literal["umgf"] = "umgf"
    dropout: float = Field(default=0.4, ge=0, lt=1)
    max_objects: int = Field(default=4, ge=0)
    node_dim: int = Field(default=512, ge=1)
    num_graph_layers: int = Field(default=6, ge=1)
    num_graph_heads: int = Field(default=8, ge=1)
    feed_forward_dim: int = Field(default=256, ge=1)
    finetune_image_encoder: bool = False


class Umgf(MnerModel):
    """UMGF (Zhang et al. 2021): a graph of words and objects, fused layer by layer.

    Source: D. Zhang et al., "Multi-modal Graph Fusion for Named Entity Recognition with Targeted
    Visual Guidance", AAAI 2021, and its public code, which links every word to every object.
    Departs from them: objects are whatever regions the data brings, the whole image where a post
    has none, and absent ones are masked; the backbone is frozen unless told otherwise; the loss is
    a mean over tweets (docs/decisions/0208).

    Args:
        config: Options.
        tags: Tags to predict.
        text_encoder: Reads the tweet.
        image_encoder: Gives the object vectors.
    """

    Options: ClassVar = UmgfConfig
    uses_images: ClassVar[bool] = True
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ("objects",)

    def __init__(
        self,
        config: UmgfConfig,
        tags: TagSet,
        *,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
    ) -> None:
        super().__init__(config, tags)
        self.options = config
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        dim, self.channels = text_encoder.hidden_dim, image_encoder.stage_channels[-1]
        width = config.node_dim
        self.text_nodes = nn.Linear(dim, width)
        self.object_nodes = nn.Sequential(
            nn.Linear(self.channels, self.channels),
            nn.Linear(self.channels, width),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(config.dropout),
        )
        self.fusion = GraphFusion(
            width,
            num_layers=config.num_graph_layers,
            num_heads=config.num_graph_heads,
            feed_forward=config.feed_forward_dim,
            dropout=config.dropout,
        )
        self.head = TaggingHead(dim + width, tags=tags, config=config)

    @classmethod
    def build(cls, config: UmgfConfig, parts: Parts) -> "Umgf":
        """Assemble the model from pretrained or saved encoders."""
        return cls(
            config,
            parts.tags,
            text_encoder=parts.text_encoder(),
            image_encoder=parts.image_encoder(trainable=config.finetune_image_encoder),
        )

    @property
    def max_regions(self) -> int:
        """One region for each type-query."""
        return self.options.max_objects

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        objects = object_vectors(batch, maps, channels=self.channels)
        nodes = VisualItems(self.object_nodes(objects.values), objects.mask)
        mask = batch.text_inputs["attention_mask"].bool()
        fused = self.fusion(self.text_nodes(states), mask, nodes)
        emissions = self.head(torch.cat([states, fused], dim=-1), batch)
        if batch.labels is None:
            return ModelOutput(emissions)
        loss = self.head.loss(emissions, batch)
        return ModelOutput(emissions, {"ner": loss}, loss)
