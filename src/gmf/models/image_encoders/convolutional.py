"""Convolutional backbones: ResNet, MobileNetV2, ConvNeXt."""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor
from transformers import (
    ConvNextModel,
    ConvNextV2Model,
    MobileNetV2Model,
    PreTrainedConfig,
    PreTrainedModel,
    ResNetModel,
)

from gmf.models.image_encoders.base import ConvolutionalFamily


class ResNet(ConvolutionalFamily):
    """ResNet: its four blocks."""

    model_class: ClassVar[type[PreTrainedModel]] = ResNetModel

    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return 4, 8, 16, 32 unless the first block halves the map too."""
        first = 8 if config.downsample_in_first_stage else 4
        return tuple(first * 2**stage for stage in range(len(config.depths)))

    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the output of each block."""
        return _hidden_states(model, views)[1:]


class ConvNext(ConvolutionalFamily):
    """ConvNeXt: its four blocks."""

    model_class: ClassVar[type[PreTrainedModel]] = ConvNextModel

    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return the size of a patch, doubled from block to block."""
        return tuple(config.patch_size * 2**stage for stage in range(len(config.depths)))

    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the output of each block."""
        return _hidden_states(model, views)[-len(model.config.depths) :]


class ConvNextV2(ConvNext):
    """ConvNeXt V2: its four blocks."""

    model_class: ClassVar[type[PreTrainedModel]] = ConvNextV2Model


class MobileNetV2(ConvolutionalFamily):
    """MobileNetV2: strides 4, 8 and 16, and the last map (1280 x 7 x 7 at 224 pixels)."""

    model_class: ClassVar[type[PreTrainedModel]] = MobileNetV2Model

    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return 4, 8, 16, 32, none above the stride at which the model stops to halve maps."""
        return tuple(min(stride, config.output_stride) for stride in (4, 8, 16, 32))

    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the last map of each stride, and the widened last one."""
        output = _run(model, views)
        hidden = output.hidden_states
        return (hidden[1], hidden[4], hidden[11], output.last_hidden_state)


def _run(model: PreTrainedModel, views: Tensor) -> Any:
    return model(views, output_hidden_states=True, return_dict=True)


def _hidden_states(model: PreTrainedModel, views: Tensor) -> tuple[Tensor, ...]:
    return tuple(_run(model, views).hidden_states)
