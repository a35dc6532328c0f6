"""HVPNeT: visual prefixes in every layer of BERT; the parent of GMF."""

from typing import ClassVar, Unpack

from pydantic import Field

from gmf.core.tags import TagSet
from gmf.data.batch import Batch
from gmf.models.base import Encoders, MnerModel, ModelOptions, ModelOutput, ParameterGroup
from gmf.models.baselines.settings import CHOSEN_STATES, RESNET_WEIGHTS, one_rate
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_prefix import VisualPrefix
from gmf.models.published import Departure, Published


class HvpnetConfig(ModelOptions):
    """Options of HVPNeT; the defaults are those of its public code.

    Args:
        max_objects: Object regions of each image.
        mixing_dim: Width of the hidden layer that mixes the channels of a view.
    """

    max_objects: int = Field(default=3, ge=0)
    mixing_dim: int = Field(default=800, ge=1)


class Hvpnet(MnerModel[HvpnetConfig]):
    """HVPNeT (Chen et al. 2022): visual prefixes in every layer of BERT.

    Args:
        options: Options.
        tags: Tags to predict.
        **encoders: Of text and images.

    Raises:
        EncoderError: If clues cannot enter the text encoder.
    """

    Options = HvpnetConfig
    title = "HVPNeT"
    source = (
        'X. Chen et al., "Good Visual Guidance Makes A Better Extractor: Hierarchical Visual '
        'Prefix for Multimodal Entity and Relation Extraction", Findings of NAACL 2022, and its '
        "public code."
    )
    departures = (
        "The departures of `VisualPrefix`.",
        (
            "The frozen backbone stays in evaluation mode, so that its normalisation statistics do "
            "not drift (docs/decisions/0211)."
        ),
    )
    presets: ClassVar = {
        "*": {
            "encoders.text": "bert-base-uncased",
            "encoders.image": "microsoft/resnet-50",
            "training.epochs": 30,
            "training.batch_size": 8,
            **one_rate(3e-5),
            "training.transitions_learning_rate": 5e-2,
            "training.warmup_ratio": 0.01,
            "training.max_grad_norm": 1000.0,
        },
        "twitter2015": {"data.max_subwords": 80},
        "twitter2017": {"data.max_subwords": 128},
    }
    published: ClassVar = Published(
        "the public code of HVPNeT (github.com/zjunlp/HVPNeT)",
        {
            "data.missing_image": "blank",
            "model.subword_labels": "x",
            "model.legal_moves": False,
            "training.order": "random",
            "training.decayed": "all",
        },
        (
            CHOSEN_STATES,
            RESNET_WEIGHTS,
            Departure("missing images", "an image of its own, inf.png", "a white image"),
            Departure("absent objects", "black images that the text sees", "masked"),
            Departure("heads", "a reshape that mixes slots", "split as BERT splits its own"),
            Departure("statistics of the frozen ResNet", "drift in training", "stay"),
            Departure("pooling of 7 x 7", "leaves a row and a column out", "takes all"),
            Departure("ties on dev", "the later epoch, from the third on", "the earlier"),
        ),
    )
    visual_inputs = ("pyramid",)
    small_options: ClassVar = {"mixing_dim": 32}

    def __init__(self, options: HvpnetConfig, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__(options, tags, **encoders)
        self.text_encoder.require_clues(options.name)
        self.prefix = VisualPrefix(
            self.image_encoder.stage_channels,
            hidden_dim=self.text_encoder.hidden_dim,
            num_heads=self.text_encoder.num_heads,
            num_layers=self.text_encoder.num_layers,
            mixing_dim=options.mixing_dim,
        )
        self.head = TaggingHead(self.text_encoder.hidden_dim, tags=tags, config=options)

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return the group of a parameter; the emission layer trains at the CRF's rate."""
        return "transitions" if name.startswith("head.") else super().parameter_group(name)

    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the negative log-likelihood when the batch has labels."""
        maps = self.image_encoder.maps_of(batch)
        prefix = None
        if maps is not None and maps[0].shape[0] > 0:
            prefix = self.prefix(maps, batch.view_index, slot_mask=batch.view_index >= 0)
        hidden = self.text_encoder(batch.text_inputs, prefix, read=self.head.reads(batch))
        return self.output(self.head(hidden, batch), batch)
