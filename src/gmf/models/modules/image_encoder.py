"""Pretrained image encoders as a pyramid of feature maps (GMF, Sect. 3.3.2)."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel

from gmf.core.device import ComputedPrecision
from gmf.core.errors import EncoderError
from gmf.data.batch import Batch
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.models.image_encoders import IMAGE_FAMILIES, image_family
from gmf.models.kernels.microbatch import fast_by_view
from gmf.models.modules.normalisation import share_statistics
from gmf.models.processes import has_peers
from gmf.models.runtime import computing_in


class ImageEncoder(nn.Module):
    """An image model that returns the map of each stage; frozen unless told otherwise.

    Args:
        model: The image model.
        trainable: Whether its weights train; if not it stays in evaluation mode. Weights that no
            map depends on (poolers, mask tokens) never train.

    Attributes:
        strides: Pixels that a cell of each stage stands for, finest stage first. Vision
            transformers have stages of one stride.
        stage_channels: Width of each stage.

    Raises:
        EncoderError: If the family is not known, or its maps are not those that it states.
    """

    def __init__(self, model: PreTrainedModel, *, trainable: bool = False) -> None:
        super().__init__()
        self.config: PreTrainedConfig = model.config
        self.family = image_family(self.config.model_type)
        self.strides = self.family.strides(self.config)
        # In training mode the probe below would enter the statistics of batch normalisation.
        model.eval()
        self.family.prepare(model, trainable=trainable)
        self.model, self.trainable = model, trainable
        model.requires_grad_(trainable)
        self._norms = share_statistics(model) if trainable else []
        self.stage_channels = self._probe()
        self.train(self.training)

    @classmethod
    def load(cls, name: str, *, trainable: bool = False) -> "ImageEncoder":
        """Load pretrained weights: a packaged name, a local folder or a hub id.

        Raises:
            EncoderError: If it cannot be found or fetched, or is of an unknown family.
        """
        source = resolve_encoder(name)
        try:
            family = image_family(AutoConfig.from_pretrained(source).model_type)
            model = family.model_class.from_pretrained(
                source, dtype=torch.float32, **family.model_options
            )
        except (OSError, ValueError) as error:
            raise hub_error(name, error) from error
        return cls(model, trainable=trainable)

    @classmethod
    def from_config(cls, options: Mapping[str, Any], *, trainable: bool = False) -> "ImageEncoder":
        """Build an encoder with random weights from its saved configuration."""
        values = dict(options)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        family = image_family(config.model_type)
        return cls(family.model_class(config, **family.model_options), trainable=trainable)

    def train(self, mode: bool = True) -> "ImageEncoder":
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        self.model.train(mode and self.trainable)
        return self

    def forward(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the map of each stage, finest first; a frozen backbone records no gradients.

        Outside of training it computes in fp32 whatever surrounds it, but for ``encode``: in bf16
        its maps move confidences by more than rounding of all else does.
        """
        if self.training or not torch.is_autocast_enabled(views.device.type):
            return self._forward(views)
        with computing_in("fp32", views.device):
            return self._forward(views)

    def _forward(
        self, views: Float[Tensor, "views 3 height width"]
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        if self.trainable:
            return self.run(views)
        with torch.no_grad():
            return fast_by_view(self.run, views)

    def encode(
        self,
        views: Float[Tensor, "views 3 height width"],
        *,
        precision: ComputedPrecision = "fp32",
    ) -> tuple[Float[Tensor, "views _ _ _"], ...]:
        """Return the maps of views that lie on the CPU, computed where the encoder is.

        Args:
            views: Prepared images.
            precision: What is computed in, whatever the caller computes in.
        """
        device = next(self.model.parameters()).device
        with computing_in(precision, device):
            return self._forward(views.to(device))

    def maps_of(self, batch: Batch) -> tuple[Float[Tensor, "views _ _ _"], ...] | None:
        """Return the maps of a batch's views, cached or computed; ``None`` without images.

        Cached maps may be bf16; where no autocast would convert them, this does. In a training step
        of several processes, a batch without images has maps of no views, since others wait for its
        part in the statistics.
        """
        for norm in self._norms:
            norm.view_weights = batch.view_weights
        if batch.stage_maps is None:
            if batch.views is not None:
                return self(batch.views)
            if not (self.training and has_peers()):
                return None
            size = self.family.probe_size(self.config)
            return self(next(self.model.parameters()).new_zeros(0, 3, size, size))
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
        return self.family.stages(self.model, self.family.arrange(views))

    def _probe(self) -> tuple[int, ...]:
        """Run the model on an empty image and return the width of each stage."""
        size = self.family.probe_size(self.config)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        kind = self.config.model_type
        with IMAGE_FAMILIES.named_in_errors(kind), torch.set_grad_enabled(self.trainable):
            maps: Any = self.run(next(self.model.parameters()).new_zeros(1, 3, size, size))
            if not isinstance(maps, tuple) or not maps:
                raise TypeError(f"stages: expected a tuple of maps, got {type(maps).__name__}")
        sides = [tuple(stage.shape[2:]) for stage in maps]
        if sides != [(size // stride, size // stride) for stride in self.strides]:
            raise EncoderError(
                f"image encoder of type {self.config.model_type!r}: states the strides "
                f"{self.strides}, but maps of {size} pixels a side have {sides} cells"
            )
        if parameters:
            total = torch.stack([stage.sum() for stage in maps]).sum()
            gradients = torch.autograd.grad(total, parameters, allow_unused=True)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.requires_grad_(gradient is not None)  # pyright: ignore
        return tuple(stage.shape[1] for stage in maps)
