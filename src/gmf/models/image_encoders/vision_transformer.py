"""Vision transformers of one stride: maps from the hidden states of evenly spaced layers."""

from collections.abc import Sequence
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor
from transformers import (
    CLIPVisionModel,
    Dinov2Model,
    Dinov2WithRegistersModel,
    PreTrainedConfig,
    PreTrainedModel,
    SiglipVisionModel,
    ViTModel,
)

from gmf.core.errors import EncoderError
from gmf.models.image_encoders.base import ImageFamily

#: Stages of the pyramid, as many as a ResNet has; fewer in a model of fewer layers.
NUM_STAGES = 4
#: Cells a side of the largest image on which a model that interpolates positions is tried.
_PROBE_CELLS = 16


class VisionTransformer(ImageFamily):
    """ViT and its kin: the patches' states after each quarter of the layers, laid out as a grid.

    What stands before the patches (class token, registers) is left out. The last map is the
    model's own output, normalised where the model does that. Where an image is not of the size of
    pretraining, the model interpolates the embeddings of positions.

    Attributes:
        interpolates_if_asked: Whether the forward must be told to interpolate positions.
    """

    interpolates_if_asked: ClassVar[bool] = True

    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return the size of a patch for every stage."""
        return (_side(config.patch_size),) * min(NUM_STAGES, config.num_hidden_layers)

    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the maps, all of one size."""
        config: Any = model.config
        height, width = (length // _side(config.patch_size) for length in views.shape[2:])
        is_other_size = any(length != _side(config.image_size) for length in views.shape[2:])
        ask = {"interpolate_pos_encoding": True} if self.interpolates_if_asked else {}
        output: Any = model(
            views,
            output_hidden_states=True,
            return_dict=True,
            **(ask if is_other_size else {}),
        )
        count = len(self.strides(config))
        states = [
            *(
                output.hidden_states[config.num_hidden_layers * stage // count]
                for stage in range(1, count)
            ),
            output.last_hidden_state,
        ]
        return tuple(
            state[:, state.shape[1] - height * width :].mT.unflatten(2, (height, width))
            for state in states
        )

    def probe_size(self, config: PreTrainedConfig) -> int:
        """Return the size of pretraining, or less where that is large."""
        return min(_side(config.image_size), _PROBE_CELLS * _side(config.patch_size))


class Vit(VisionTransformer):
    """ViT."""

    model_class: ClassVar[type[PreTrainedModel]] = ViTModel
    model_options: ClassVar[dict[str, Any]] = {"add_pooling_layer": False}


class Clip(VisionTransformer):
    """The image side of CLIP, also out of a folder that holds both sides."""

    model_class: ClassVar[type[PreTrainedModel]] = CLIPVisionModel


class Siglip(VisionTransformer):
    """The image side of SigLIP, also out of a folder that holds both sides; no class token."""

    model_class: ClassVar[type[PreTrainedModel]] = SiglipVisionModel


class Dinov2(VisionTransformer):
    """DINOv2."""

    model_class: ClassVar[type[PreTrainedModel]] = Dinov2Model
    interpolates_if_asked: ClassVar[bool] = False


class Dinov2Registers(VisionTransformer):
    """DINOv2 with register tokens."""

    model_class: ClassVar[type[PreTrainedModel]] = Dinov2WithRegistersModel
    interpolates_if_asked: ClassVar[bool] = False


def _side(size: int | Sequence[int]) -> int:
    """Return the side of a square that a configuration gives as one number or as two."""
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise EncoderError(f"image encoder: patches or images of {size} pixels, expected squares")
    return sides.pop()
