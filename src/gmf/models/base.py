"""The contract of a model: a batch in, a loss and tags out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, Self, TypedDict, TypeVar, Unpack, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gmf.core.tags import TagSet
from gmf.core.types import Explanation, Sample, ScoredEntity
from gmf.data.batch import Batch
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.normalisation import reach_exchanged
from gmf.models.modules.tagging_head import Decoded, ModelOptions, TaggingHead
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_inputs import real_images, rows_of
from gmf.models.modules.word_encoder import WordConfig, WordEncoder
from gmf.models.output import CheckedModule, ModelOutput, check_emissions, check_terms
from gmf.models.processes import Mean, means_over_processes
from gmf.models.published import Published

__all__ = [
    "ContrastOptions",
    "Decoded",
    "Encoders",
    "Mean",
    "MnerModel",
    "ModelOptions",
    "ModelOutput",
    "ModelParts",
    "ParameterGroup",
    "VisualInput",
]

#: Parameters that share a learning rate; see ``training.optimization``.
ParameterGroup = Literal["text_encoder", "image_encoder", "transitions", "new"]
#: What a model takes from images: regions of the last stage, one vector of the whole image, vectors
#: of object regions, or all stages of the whole image and of object regions.
VisualInput = Literal["grid", "global", "objects", "pyramid"]
OptionsT = TypeVar("OptionsT", bound=ModelOptions)


class ContrastOptions(ModelOptions):
    """What models with a contrast of texts and images add to the options of all.

    Args:
        contrast_blanks: Whether a blank stand-in (``data.missing_image=blank``) is contrasted too.
    """

    contrast_blanks: bool = False


@dataclass(frozen=True)
class ModelParts:
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

    def word_encoder(self, options: WordConfig) -> WordEncoder:
        """Return an encoder with the vocabulary of the training split or of a checkpoint.

        Raises:
            ConfigError: If there is neither.
            DataError: If the file of word vectors breaks its format.
        """
        return WordEncoder.build(options, samples=self.training_samples, assets=self.assets)


class Encoders(TypedDict, total=False):
    """The encoders that a model is given; see ``MnerModel.build``."""

    text_encoder: TextEncoder
    image_encoder: ImageEncoder
    word_encoder: WordEncoder


class MnerModel(CheckedModule, ABC, Generic[OptionsT]):
    """Base of all models: a subclass states the fields below, its layers and ``forward``.

    Text-only models ignore the visual fields of a batch. Decoding never runs in a training step.
    A subclass sets ``head``; the encoders that it is given are its attributes.

    Args:
        options: The model's own options.
        tags: Tags that it predicts.
        **encoders: Those that its class fields ask for, see ``build``.

    Attributes:
        Options: Class of the model's options.
        title: Its name in tables, as papers spell it; the registered name if empty.
        source: Where it was published.
        departures: How it differs from its source, a sentence each; empty if it does not.
        visual_inputs: What it takes from images; empty for a text-only model.
        uses_images: Whether it takes anything from them; follows from ``visual_inputs``.
        reads_words: Whether it reads words instead of a tokenizer's subwords.
        exports: Whether it can be exported to ONNX; see ``export_obstacle``.
        presets: Settings that differ from the preset of a data set: dotted options and their values
            by name of the data set, ``*`` for any.
        published: The setting of its publication or public code; ``None`` where none is known.
        small_options: Options that keep a wide model small; ``gmf.testing`` takes them.
        head: Emissions to tags.
    """

    Options: ClassVar[type[ModelOptions]] = ModelOptions
    title: ClassVar[str] = ""
    source: ClassVar[str] = ""
    departures: ClassVar[tuple[str, ...]] = ()
    visual_inputs: ClassVar[tuple[VisualInput, ...]] = ()
    uses_images: ClassVar[bool] = False
    reads_words: ClassVar[bool] = False
    exports: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    published: ClassVar[Published | None] = None
    small_options: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    text_encoder: TextEncoder
    image_encoder: ImageEncoder
    word_encoder: WordEncoder
    head: TaggingHead

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.uses_images = bool(cls.visual_inputs)

    def __init__(self, options: OptionsT, tags: TagSet, **encoders: Unpack[Encoders]) -> None:
        super().__init__()
        self.options, self.tags = options, tags
        for name, encoder in encoders.items():
            self.add_module(name, cast(nn.Module, encoder))

    @classmethod
    def build(cls, options: OptionsT, parts: ModelParts) -> Self:
        """Assemble the model with the encoders that it needs.

        A model gets ``word_encoder`` if it reads words and ``text_encoder`` if it does not, and
        ``image_encoder`` if it uses images; the latter is trained too if the model has an option
        ``finetune_image_encoder`` and it is on.

        Args:
            options: An instance of ``Options``.
            parts: Encoders, tags and vocabulary source.

        Raises:
            TypeError: If ``__init__`` does not take the encoders over.
        """
        encoders: dict[str, Any] = {}
        if cls.reads_words:
            encoders["word_encoder"] = parts.word_encoder(cast(WordConfig, options))
        else:
            encoders["text_encoder"] = parts.text_encoder()
        if cls.uses_images:
            trainable = bool(getattr(options, "finetune_image_encoder", False))
            encoders["image_encoder"] = parts.image_encoder(trainable=trainable)
        model = cls(options, parts.tags, **encoders)
        if lacks := [name for name in encoders if not hasattr(model, name)]:
            call = "super().__init__(options, tags, **encoders)"
            raise TypeError(f"it has no {lacks[0]}; its __init__ begins with {call}")
        return model

    @abstractmethod
    def forward(self, batch: Batch) -> ModelOutput:
        """Return emissions, and the losses when the batch has labels; see ``output``."""

    def output(
        self,
        emissions: Float[Tensor, "batch positions states"],
        batch: Batch,
        *,
        ner_weight: float = 1.0,
        **terms: tuple[float, Mean | Float[Tensor, ""]],
    ) -> ModelOutput:
        """Return emissions with the tagging loss and further terms; without labels, no loss.

        In training the mean of the loss over all processes is that of the whole batch.

        Args:
            emissions: What the head gave.
            batch: What was read.
            ner_weight: Weight of the tagging loss, the term ``ner``.
            **terms: Weight and value of each further term, in every process the same terms: a
                ``Mean`` over what a process sees; or a tensor that is right as it is, such as a
                loss of what ``gather_rows`` returned.
        """
        if "ner" in terms:
            raise ValueError("ner is the tagging loss itself; weigh it by ner_weight")
        check_terms(terms)
        check_emissions(emissions, batch, self)
        if batch.labels is None:
            return ModelOutput(emissions)
        means = {"ner": self.head.losses(emissions, batch)}
        for name, (_, term) in terms.items():
            means[name] = term if isinstance(term, Mean) else Mean(term, 1)
        if self.training:
            losses = means_over_processes(means)
            losses["ner"] = reach_exchanged(self, losses["ner"])
        else:
            losses = {name: mean.value for name, mean in means.items()}
        weights = {"ner": ner_weight} | {name: weight for name, (weight, _) in terms.items()}
        total = ner_weight * losses["ner"]
        for name, (weight, _) in terms.items():
            total = total + weight * losses[name]
        return ModelOutput(emissions, losses, total, weights)

    def counts(self, batch: Batch) -> dict[str, int]:
        """Return over how much of a batch each term of its loss is a mean, by name.

        Training weighs the batches of one update by it. A term that is not named is one over
        samples; a subclass adds those over something else, such as ``len(self.pairs_of(batch)[0])``
        for a contrast.
        """
        return {"ner": int(self.head.count(batch.host))}

    @classmethod
    def export_obstacle(cls) -> str | None:
        """Return why the model cannot be exported to ONNX; ``None`` if it can."""
        if cls.reads_words:
            return (
                "reads words, not the subwords of a tokenizer; only models with a pretrained text "
                "encoder can be exported"
            )
        if cls.decode is not MnerModel.decode:
            return "decodes in its own way, which an exported model cannot"
        return None if cls.exports else "its class states that it cannot be exported"

    @property
    def learns_from_open_tags(self) -> bool:
        """Whether its loss knows that a word may have several tags: the CRF of ``head`` does."""
        is_ours = type(self.head).losses is TaggingHead.losses
        return is_ours and type(self).output is MnerModel.output

    @property
    def max_regions(self) -> int:
        """Object regions that the model reads of each image: its option ``max_objects``, or 0."""
        return int(getattr(self.options, "max_objects", 0))

    @property
    def frozen_image_encoder(self) -> ImageEncoder | None:
        """The image encoder, when its output never changes and may be cached."""
        encoder = getattr(self, "image_encoder", None)
        return encoder if isinstance(encoder, ImageEncoder) and not encoder.trainable else None

    @property
    def assets(self) -> dict[str, Any]:
        """What must be saved beside the weights to build the model again, as JSON values."""
        encoder = getattr(self, "word_encoder", None)
        return encoder.assets if isinstance(encoder, WordEncoder) else {}

    def between(self, without: ModelOutput, real: ModelOutput, *, trust: float) -> ModelOutput:
        """Return an output between one without and one with images, see ``gmf.inference``."""
        return ModelOutput(torch.lerp(without.emissions, real.emissions, trust))

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

    def pairs_of(self, batch: Batch) -> tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]]:
        """Return the rows that a contrast pairs with their first whole image, and that view."""
        blanks = bool(getattr(self.options, "contrast_blanks", False))
        rows, views = real_images(batch, blanks=blanks)
        return rows_of(rows, views.device), views

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return the group of a parameter by its dotted name."""
        if name.startswith("text_encoder."):
            return "text_encoder"
        if name.startswith("image_encoder."):
            return "image_encoder"
        return "transitions" if ".crf." in name else "new"
