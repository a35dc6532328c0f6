"""Swin, a vision transformer that halves its maps."""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel, SwinModel

from gmf.models.image_encoders.base import ImageFamily


class Swin(ImageFamily):
    """Swin: its four blocks."""

    model_class: ClassVar[type[PreTrainedModel]] = SwinModel
    model_options: ClassVar[dict[str, Any]] = {"add_pooling_layer": False}

    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return the size of a patch, doubled from block to block."""
        return tuple(config.patch_size * 2**stage for stage in range(len(config.depths)))

    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the map of each block before the next one halves it; the last one normalised."""
        output: Any = model(
            views,
            output_hidden_states=True,
            output_hidden_states_before_downsampling=True,
            return_dict=True,
        )
        # The first is that of the patches, before any block.
        maps = output.reshaped_hidden_states[1:]
        last = output.last_hidden_state.mT.unflatten(2, maps[-1].shape[2:])
        return (*maps[:-1], last)
