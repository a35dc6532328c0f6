"""What a family of image encoders states about itself."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from gmf.models.kernels.folding import fold_batch_norm


class ImageFamily(ABC):
    """How the encoders of one ``model_type`` give a pyramid of feature maps.

    A family without state; one class in one file adds it:
    ``@IMAGE_FAMILIES.register("my_model_type") class MyFamily(ImageFamily): ...``.

    Attributes:
        model_class: The transformers class that computes the maps.
        model_options: Options with which the class is built.
    """

    model_class: ClassVar[type[PreTrainedModel]]
    model_options: ClassVar[dict[str, Any]] = {}

    @abstractmethod
    def strides(self, config: PreTrainedConfig) -> tuple[int, ...]:
        """Return the pixels that one cell of each stage stands for, finest stage first."""

    @abstractmethod
    def stages(
        self, model: PreTrainedModel, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the map of each stage, finest first.

        Args:
            model: The encoder.
            views: Prepared images, laid out as ``arrange`` returned them.
        """

    def prepare(self, model: PreTrainedModel, *, trainable: bool) -> None:  # noqa: B027
        """Change a model once after it was built, for speed; its maps stay what they are.

        Args:
            model: In evaluation mode.
            trainable: Whether it will be trained.
        """

    def arrange(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> Float[Tensor, "views 3 height width"]:
        """Return the views as the model reads them fastest in memory."""
        return views

    def probe_size(self, config: PreTrainedConfig) -> int:
        """Return the side in pixels of an image small enough to try the model on."""
        return 2 * max(self.strides(config))


class ConvolutionalFamily(ImageFamily):
    """Backbones of convolutions: they take any size, and are fastest with the channels last."""

    def prepare(self, model: PreTrainedModel, *, trainable: bool) -> None:
        """Fold batch normalisation, whose statistics never move when frozen; lay weights out."""
        if not trainable:
            fold_batch_norm(model)
        nn.Module.to(model, memory_format=torch.channels_last)  # pyright: ignore

    def arrange(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> Float[Tensor, "views 3 height width"]:
        """Return the views with the channels last in memory."""
        return views.contiguous(memory_format=torch.channels_last)
