"""Options of a run: data, encoders, model, optimisation."""

from collections.abc import Mapping
from typing import Any, Literal, Self, cast

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from gmf.core.config import Config
from gmf.core.device import Precision
from gmf.core.errors import ConfigError, EncoderError
from gmf.data.config import DataConfig
from gmf.encoders.resolve import resolve_pair
from gmf.models.base import ModelOptions
from gmf.models.registry import model_options, models
from gmf.training.agreement import Agreement
from gmf.training.sampling import BatchOrder


class EncoderConfig(Config):
    """Names of the pretrained encoders: packaged names, local folders or hub ids.

    Args:
        text: Text encoder.
        image: Image encoder.
    """

    text: str
    image: str


class TrainingConfig(Config):
    """How the model is optimised.

    Args:
        epochs: Passes over the training split.
        order: Which samples share a batch: those of like ``length`` (the least padding), any at
            ``random``, or neighbours in the ``file``, the same ones in every epoch.
        batch_size: Posts of one step, over all processes.
        accumulation_steps: Batches whose gradients are added before each update.
        learning_rate: Of the text encoder.
        new_learning_rate: Of layers that start from random weights.
        transitions_learning_rate: Of the CRF's transitions.
        image_learning_rate: Of the image encoder, when it is fine-tuned.
        freeze: First layers of the text encoder that stay as they are, and its embeddings with
            them; 0: none.
        layer_decay: What the rate of a layer of the text encoder is times that of the layer above
            it; 1 gives all the same.
        schedule: ``linear``: rates rise and then fall evenly to zero; ``steps``: they begin at
            their peak and fall by a fifth after every two epochs.
        warmup_ratio: Share of the updates over which the rates rise.
        weight_decay: Of what decays.
        decayed: ``weights`` of layers; ``scores``: those of the CRF too; ``all``: also biases and
            normalisation.
        agreement: A second reading of each batch that is to agree with the first: with other
            ``dropout``, or without the ``context``; see ``gmf.training.agreement``.
        agreement_weight: Weight of what they differ by.
        teacher: Run or checkpoint of a model with the same entity types, to whose tags this one is
            drawn; see ``gmf.training.teaching``.
        teacher_weight: Weight of what both differ by.
        weight_average: Decay an update of the mean of the weights that dev is scored with and that
            is kept, such as 0.999; 0: the weights themselves are.
        max_grad_norm: Gradients are scaled down to this norm.
        patience: Epochs without a better dev F1 after which training stops; ``None``: never.
        precision: ``bf16``, ``fp32``, or ``auto``: bf16 where the hardware has it.
        deterministic: Whether an accelerator takes algorithms that give the same numbers every
            time, where there are such; slower. A CPU does so anyway.
        prefetch: Batches that a thread makes ready while an accelerator computes; 0: none. On a CPU
            there are none.
    """

    epochs: int = Field(default=30, ge=1)
    order: BatchOrder = "length"
    batch_size: int = Field(default=16, ge=1)
    accumulation_steps: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=5e-5, gt=0)
    new_learning_rate: float = Field(default=1e-3, gt=0)
    transitions_learning_rate: float = Field(default=1e-2, gt=0)
    image_learning_rate: float = Field(default=1e-5, gt=0)
    freeze: int = Field(default=0, ge=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    schedule: Literal["linear", "steps"] = "linear"
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    decayed: Literal["weights", "scores", "all"] = "weights"
    agreement: Agreement = "none"
    agreement_weight: float = Field(default=1.0, ge=0)
    teacher: str | None = None
    teacher_weight: float = Field(default=1.0, ge=0)
    weight_average: float = Field(default=0.0, ge=0, lt=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    patience: int | None = Field(default=None, ge=1)
    precision: Precision = "auto"
    deterministic: bool = False
    prefetch: int = Field(default=4, ge=0)


class RunConfig(Config):
    """Everything that decides a run.

    Args:
        data: The data and how it is read.
        encoders: The pair of encoders; or the ``name`` of a packaged pair, of which ``text`` or
            ``image`` may be another.
        model: A model's name, or its name and options.
        training: Optimisation.
        init: Run, checkpoint, exported folder or installed model that training begins with; its
            encoders are those of ``encoders``, its entity types may be others.
        seed: Seed of initial weights, order and dropout.
    """

    data: DataConfig = DataConfig()
    encoders: EncoderConfig
    model: SerializeAsAny[ModelOptions]
    training: TrainingConfig = TrainingConfig()
    init: str | None = None
    seed: int = Field(default=1234, ge=0)

    @classmethod
    def options_at(cls, key: str, value: object) -> type[Config] | None:
        """Return the class of the options at a key; that of the model is chosen by its name."""
        if key != "model":
            return super().options_at(key, value)
        name = value.get("name") if isinstance(value, Mapping) else value
        return models.get(str(name)).Options

    def idle_options(self) -> list[str]:
        """Return a line for each option that is not as usual and has no effect without another."""
        reads_words = models.get(self.model.name).reads_words
        idle = {
            "data.hide_context": (not self.data.context, "data.context"),
            "data.context_file": (not self.data.context, "data.context"),
            "training.agreement_weight": (self.training.agreement == "none", "training.agreement"),
            "training.teacher_weight": (self.training.teacher is None, "training.teacher"),
            "training.layer_decay": (reads_words, "a pretrained text encoder"),
            "training.warmup_ratio": (
                self.training.schedule == "steps",
                "training.schedule=linear",
            ),
        }
        usual = {"data": DataConfig(), "training": TrainingConfig()}
        notes: list[str] = []
        for option, (is_idle, needed) in idle.items():
            part, _, name = option.partition(".")
            value = getattr(getattr(self, part), name)
            if is_idle and value and value != getattr(usual[part], name):
                notes.append(f"{option}={value}: has no effect without {needed}")
        return notes

    @model_validator(mode="after")
    def _agrees_with_something(self) -> Self:
        if self.training.agreement == "context" and not self.data.context:
            raise ValueError(
                "training.agreement=context: expected data.context, fields that the second reading "
                "does without"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _name_pair(cls, options: Any) -> Any:
        encoders = options.get("encoders") if isinstance(options, Mapping) else None
        if isinstance(encoders, str):
            encoders = {"name": encoders}
        if not isinstance(encoders, Mapping) or not isinstance(encoders.get("name"), str):
            return options
        try:
            text, image = resolve_pair(encoders["name"])
        except EncoderError as error:
            raise ValueError(f"encoders: {error}") from error
        others = {key: value for key, value in encoders.items() if key != "name"}
        return {**options, "encoders": {"text": text, "image": image, **others}}

    @field_validator("model", mode="before")
    @classmethod
    def _choose_model(cls, options: Any) -> Any:
        if isinstance(options, ModelOptions):
            return options
        if isinstance(options, str):
            options = {"name": options}
        if not isinstance(options, Mapping) or not isinstance(options.get("name"), str):
            raise ValueError("expected a model's name, or a mapping with a name")
        try:
            return model_options(cast(str, options["name"]), options)
        except ConfigError as error:
            raise ValueError(str(error)) from error
