"""The contract of a model: a batch in, a loss and tags out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from jaxtyping import Float
from torch import Tensor, nn

from gmf.core.config import Config
from gmf.core.tags import TagSet
from gmf.core.types import Explanation, Sample, ScoredEntity
from gmf.data.batch import Batch
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.tagging_head import Decoded, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder

#: Parameters that share a learning rate; see ``training.optimization``.
ParameterGroup = Literal["text_encoder", "image_encoder", "transitions", "new"]
#: What a model takes from images: regions of the last stage, one vector of the whole image, vectors
#: of object regions, or all stages of the whole image and of object regions.
VisualInput = Literal["grid", "global", "objects", "pyramid"]


@dataclass(frozen=True)
class ModelOutput:
    """What a model computes from a batch.

    Args:
        emissions: Scores of each state at each position that the head reads.
        losses: Each term of the loss by name, unweighted; empty without labels.
        loss: What training minimises; ``None`` without labels.
    """

    emissions: Float[Tensor, "batch positions states"]
    losses: dict[str, Float[Tensor, ""]] = field(default_factory=dict)
    loss: Float[Tensor, ""] | None = None


@dataclass(frozen=True)
class Parts:
    """What a model may be assembled from; each encoder is made on demand.

    Args:
        tags: Tags to predict.
        text_encoder: Makes the text encoder.
        image_encoder: Makes the image encoder; takes ``trainable``.
        training_samples: Samples to build a vocabulary from; empty when a checkpoint is loaded.
        assets: What ``MnerModel.assets`` returned when the checkpoint was written.
    """

    tags: TagSet
    text_encoder: Callable[[], TextEncoder]
    image_encoder: Callable[..., ImageEncoder]
    training_samples: Sequence[Sample] = ()
    assets: dict[str, Any] = field(default_factory=dict)


class MnerModel(nn.Module, ABC):
    """Base of all models.

    Text-only models ignore the visual fields of a batch. Decoding never runs in a training step.
    Subclasses set ``head``, and ``text_encoder`` and ``image_encoder`` when they have them.

    Args:
        config: The model's own options.
        tags: Tags that it predicts.

    Attributes:
        Options: The model's options.
        uses_images: Whether it reads images.
        visual_inputs: What it takes from them.
        reads_words: Whether it reads words instead of a tokenizer's subwords.
    """

    Options: ClassVar[type[Config]]
    uses_images: ClassVar[bool] = False
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ()
    reads_words: ClassVar[bool] = False
    head: TaggingHead

    def __init__(self, config: Config, tags: TagSet) -> None:
        super().__init__()
        self.config, self.tags = config, tags

    @classmethod
    @abstractmethod
    def build(cls, config: Any, parts: Parts) -> "MnerModel":
        """Assemble the model.

        Args:
            config: An instance of ``Options``.
            parts: Encoders, tags and vocabulary source.
        """

    @abstractmethod
    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the losses when the batch has labels."""

    @property
    def max_regions(self) -> int:
        """Object regions that the model reads of each image; 0 for none."""
        return 0

    @property
    def frozen_image_encoder(self) -> ImageEncoder | None:
        """The image encoder, when its output never changes and may be cached."""
        encoder = getattr(self, "image_encoder", None)
        return encoder if isinstance(encoder, ImageEncoder) and not encoder.trainable else None

    @property
    def assets(self) -> dict[str, Any]:
        """What must be saved beside the weights to build the model again, as JSON values."""
        return {}

    def decode(self, output: ModelOutput, batch: Batch) -> list[Decoded]:
        """Return tags and entities of every sample."""
        return self.head.decode(output.emissions, batch)

    def confidences(
        self, output: ModelOutput, batch: Batch, entities: Sequence[Sequence[ScoredEntity]]
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities of every sample."""
        return self.head.confidences(output.emissions, batch, entities)

    def explain(self, batch: Batch) -> list[Explanation]:
        """Return gates and attention of each sample, where the model has them; it may not."""
        return [Explanation() for _ in batch.samples]

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return the group of a parameter by its dotted name."""
        if name.startswith("text_encoder."):
            return "text_encoder"
        if name.startswith("image_encoder."):
            return "image_encoder"
        return "transitions" if ".crf." in name else "new"
