"""UMGF: a graph of words and type-queried objects, fused layer by layer."""

from typing import ClassVar, Literal, Unpack

import torch
from pydantic import Field
from torch import nn

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOptions, ModelOutput
from gmf.models.baselines.settings import CHOSEN_STATES, ENCODERS, RESNET_WEIGHTS, one_rate
from gmf.models.modules.graph_fusion import GraphFusion
from gmf.models.modules.initialisation import start_like_xavier
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_inputs import VisualItems, object_vectors
from gmf.models.published import Departure, Published


class UmgfConfig(ModelOptions):
    """Options of UMGF; the defaults are those of its public code.

    Args:
        dropout: Dropout of the objects, of the graph, and before the emission layer, in [0, 1).
        initialisation: How objects and graph start: as ``torch`` does it, or like its public code.
        max_objects: Object regions of each image; the paper has one for each entity type.
        node_dim: Width of a node.
        num_graph_layers: Fusion layers.
        num_graph_heads: Attention heads among nodes of one kind.
        feed_forward_dim: Width of the hidden feed-forward layers.
        finetune_image_encoder: Train the backbone too, as the public code does.
    """

    dropout: float = Field(default=0.4, ge=0, lt=1)
    initialisation: Literal["torch", "published"] = "torch"
    max_objects: int = Field(default=4, ge=0)
    node_dim: int = Field(default=512, ge=1)
    num_graph_layers: int = Field(default=6, ge=1)
    num_graph_heads: int = Field(default=8, ge=1)
    feed_forward_dim: int = Field(default=256, ge=1)
    finetune_image_encoder: bool = False


class Umgf(MnerModel[UmgfConfig]):
    """UMGF (Zhang et al. 2021): a graph of words and objects, fused layer by layer.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.
    """

    Options = UmgfConfig
    title = "UMGF"
    source = (
        'D. Zhang et al., "Multi-modal Graph Fusion for Named Entity Recognition with Targeted '
        'Visual Guidance", AAAI 2021, and its public code, which links every word to every object.'
    )
    departures = (
        (
            "Objects are whatever regions the data brings, the whole image where a sample has "
            "none, and absent ones are masked."
        ),
        "The backbone is frozen unless told otherwise.",
        "The loss is a mean over samples (docs/decisions/0208).",
    )
    presets: ClassVar = {
        "*": {
            **ENCODERS,
            "training.epochs": 30,
            "training.batch_size": 16,
            **one_rate(1e-4),
            "training.image_learning_rate": 1e-4,
            "training.warmup_ratio": 0.0,
            "training.weight_decay": 0.0,
            "training.max_grad_norm": 1000.0,
            "seed": 2021,
        }
    }
    published = Published(
        "the public code of UMGF (github.com/TransformersWsz/UMGF)",
        {
            "data.missing_image": "blank",
            "model.subword_labels": "x",
            "model.legal_moves": False,
            "model.head_dropout": 0.0,
            "model.initialisation": "published",
            "model.finetune_image_encoder": True,
            "training.order": "file",
            "training.schedule": "steps",
        },
        (
            CHOSEN_STATES,
            RESNET_WEIGHTS,
            Departure(
                "objects",
                "four, found by asking for the words person, miscellaneous, location, organization",
                "the regions of the data; the whole image where there is none",
            ),
            Departure("loss", "a sum over samples", "their mean, which Adam makes alike"),
            Departure("checkpoint", "of the last epoch", "of the best on dev"),
        ),
    )
    visual_inputs = ("objects",)
    small_options: ClassVar = {
        "node_dim": 16,
        "num_graph_layers": 2,
        "num_graph_heads": 4,
        "feed_forward_dim": 16,
    }

    def __init__(self, options: UmgfConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        width = options.node_dim
        self.text_nodes = nn.Linear(dim, width)
        self.object_nodes = nn.Sequential(
            nn.Linear(self.channels, self.channels),
            nn.Linear(self.channels, width),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(options.dropout),
        )
        self.fusion = GraphFusion(
            width,
            num_layers=options.num_graph_layers,
            num_heads=options.num_graph_heads,
            feed_forward=options.feed_forward_dim,
            dropout=options.dropout,
        )
        self.head = TaggingHead(dim + width, tags=tags, config=options)
        if options.initialisation == "published":
            start_like_xavier(self.object_nodes[1:])
            self.fusion.start_as_published()

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        states = self.text_encoder(batch.text_inputs, None)
        maps = self.image_encoder.maps_of(batch)
        dtype = self.image_encoder.dtype
        objects = object_vectors(batch, maps, channels=self.channels, dtype=dtype)
        nodes = VisualItems(self.object_nodes(objects.values), objects.mask)
        mask = batch.text_inputs["attention_mask"].bool()
        fused = self.fusion(self.text_nodes(states), mask, nodes)
        return self.output(self.head(torch.cat([states, fused], dim=-1), batch), batch)
