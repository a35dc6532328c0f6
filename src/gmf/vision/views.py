"""Views prepared straight from their files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gmf.core.errors import ImageError
from gmf.data.images import MAX_PIXELS
from gmf.data.view_pixels import prepare_views
from gmf.data.views import FetchedViews, View


class DirectViews:
    """Read and prepare views straight from their files; nothing is kept.

    Args:
        processor: The encoder's own Hugging Face image processor (PIL backend).
        max_pixels: Limit on width times height of an image.
    """

    def __init__(
        self, processor: Callable[..., Mapping[str, Any]], *, max_pixels: int = MAX_PIXELS
    ) -> None:
        self.processor, self.max_pixels = processor, max_pixels

    def fetch(self, views: Sequence[View]) -> FetchedViews:
        """Return prepared pixels ``(3, height, width)`` of each view, or its fault."""
        return prepare_views(
            views,
            prepare=self._prepare,
            max_pixels=self.max_pixels,
            threads=torch.get_num_threads(),
        )

    def _prepare(self, images: list[Image.Image]) -> Float[np.ndarray, "images 3 height width"]:
        pixels = self.processor(images=images, return_tensors="pt")["pixel_values"]
        if not isinstance(pixels, Tensor) or pixels.ndim != 4 or pixels.shape[1] != 3:
            raise ImageError(
                "the image processor must give pixel_values of shape (images, 3, height, width), "
                f"got {getattr(pixels, 'shape', type(pixels).__name__)}"
            )
        return pixels.to(torch.float32).numpy()
