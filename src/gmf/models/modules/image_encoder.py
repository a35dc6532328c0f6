"""Pretrained image encoders as a pyramid of feature maps (GMF, Sect. 3.3.2)."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    MobileNetV2Model,
    PretrainedConfig,
    PreTrainedModel,
    ResNetModel,
)

from gmf.core.errors import EncoderError
from gmf.data.batch import Batch
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.models.kernels.folding import fold_batch_norm
from gmf.models.kernels.microbatch import split_views
from gmf.models.runtime import ComputedPrecision

#: Takes the output of a model run with ``output_hidden_states`` and returns one map a stage.
StageReader = Callable[[Any], tuple[Tensor, ...]]


def _resnet_stages(output: Any) -> tuple[Tensor, ...]:
    return tuple(output.hidden_states[1:])


def _mobilenet_stages(output: Any) -> tuple[Tensor, ...]:
    hidden = output.hidden_states
    return (hidden[1], hidden[4], hidden[11], output.last_hidden_state)


_FAMILIES: dict[str, tuple[type[PreTrainedModel], StageReader]] = {
    "resnet": (ResNetModel, _resnet_stages),
    "mobilenet_v2": (MobileNetV2Model, _mobilenet_stages),
}


def add_image_family(
    model_type: str, model_class: type[PreTrainedModel], stages: StageReader
) -> None:
    """Make another transformers image model usable as a pyramid.

    Args:
        model_type: ``model_type`` of its configuration, for example ``"convnext"``.
        model_class: Its concrete class.
        stages: Returns the stage maps ``(views, channels, height, width)``, finest first.
    """
    _FAMILIES[model_type] = (model_class, stages)


class ImageEncoder(nn.Module):
    """A convolutional backbone that returns the map of each stage; frozen unless told otherwise.

    ResNet: the four blocks. MobileNetV2: strides 4, 8 and 16, and the last map (1280 x 7 x 7).

    Args:
        model: The backbone.
        trainable: Whether its weights train; if not it stays in evaluation mode, and ``model``'s
            batch normalisation, whose statistics then never move, is folded into its convolutions.

    Raises:
        EncoderError: If the family is not known.
    """

    def __init__(self, model: PreTrainedModel, *, trainable: bool = False) -> None:
        super().__init__()
        self.config: PretrainedConfig = model.config
        _, self._stages = _family(self.config)
        # In training mode the probe below would enter the statistics of batch normalisation.
        model.eval()
        if not trainable:
            fold_batch_norm(model)
        self.model = model.to(memory_format=torch.channels_last)  # pyright: ignore
        self.trainable = trainable
        self.model.requires_grad_(trainable)
        with torch.no_grad():
            probe = next(self.model.parameters()).new_zeros(1, 3, 64, 64)
            self.stage_channels = tuple(stage.shape[1] for stage in self.run(probe))
        self.train(self.training)

    @classmethod
    def load(cls, name: str, *, trainable: bool = False) -> "ImageEncoder":
        """Load pretrained weights: a packaged name, a local folder or a hub id.

        Raises:
            EncoderError: If it cannot be found or fetched, or is of an unknown family.
        """
        place = resolve_encoder(name)
        try:
            model_class, _ = _family(AutoConfig.from_pretrained(place))
            model = model_class.from_pretrained(place, dtype=torch.float32)
        except (OSError, ValueError) as error:
            raise hub_error(name, error) from error
        return cls(model, trainable=trainable)

    @classmethod
    def from_config(cls, options: Mapping[str, Any], *, trainable: bool = False) -> "ImageEncoder":
        """Build an encoder with random weights from its saved configuration."""
        values = dict(options)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        return cls(_family(config)[0](config), trainable=trainable)

    def train(self, mode: bool = True) -> "ImageEncoder":
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        self.model.train(mode and self.trainable)
        return self

    def forward(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the map of each stage, finest first; a frozen backbone records no gradients."""
        if self.trainable:
            return self.run(views)
        with torch.no_grad():
            parts = [self.run(part) for part in split_views(views)]
        return tuple(torch.cat(stage) for stage in zip(*parts, strict=True))

    def encode(
        self,
        views: Float[Tensor, "views 3 height width"],
        *,
        precision: ComputedPrecision = "fp32",
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the maps of views that lie on the CPU, computed where the encoder is.

        Args:
            views: Prepared pictures.
            precision: What is computed in, whatever the caller computes in.
        """
        device = next(self.model.parameters()).device
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            return self(views.to(device))

    def maps_of(self, batch: Batch) -> tuple[Float[Tensor, "views _ _ _"], ...] | None:
        """Return the maps of a batch's views, cached or computed; ``None`` without pictures.

        Cached maps may be bf16; where no autocast would convert them, this does.
        """
        if batch.stage_maps is None:
            return None if batch.views is None else self(batch.views)
        if torch.is_autocast_enabled(batch.stage_maps[0].device.type):
            return batch.stage_maps
        return tuple(stage.to(self.dtype) for stage in batch.stage_maps)

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return next(self.model.parameters()).dtype

    def run(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the maps under the caller's gradient mode."""
        pixels = views.contiguous(memory_format=torch.channels_last)
        return self._stages(self.model(pixels, output_hidden_states=True, return_dict=True))


def _family(config: PretrainedConfig) -> tuple[type[PreTrainedModel], StageReader]:
    if config.model_type not in _FAMILIES:
        raise EncoderError(
            f"image encoder of type {config.model_type!r}: expected one of "
            f"{', '.join(_FAMILIES)}; others can be added with add_image_family"
        )
    return _FAMILIES[config.model_type]
