"""Stage maps of a frozen image encoder: computed from pixels, in full or pooled, and cached."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from gmf.data.images import UnusableImageError
from gmf.vision.cache.codec import Codec
from gmf.vision.cache.tensor_codec import TensorCodec
from gmf.vision.cache.views import CachedViews
from gmf.vision.views import View, ViewContent, ViewSource, blank_picture, stack_rows

#: A frozen image encoder: pixels to one map a stage, ``(views, channels, height, width)`` each.
EncodeStages = Callable[[Float[Tensor, "views 3 height width"]], Sequence[Tensor]]
MapKind = Literal["maps", "pooled_maps"]
#: Cells a side that pooled maps keep.
POOLED_SIZE = 7


class EncodedViews:
    """Stage maps instead of pixels.

    Args:
        inner: Delivers pixels.
        encode: The frozen encoder, already in evaluation mode; it chooses device and precision.
        pooled_size: Average each map over a grid of at most this many cells a side; ``None`` keeps
            maps in full.
        batch_size: Views to encode at once.
    """

    def __init__(
        self,
        inner: ViewSource,
        *,
        encode: EncodeStages,
        pooled_size: int | None = None,
        batch_size: int = 32,
    ) -> None:
        self.inner, self.encode = inner, encode
        self.pooled_size, self.batch_size = pooled_size, batch_size

    def fetch(self, views: Sequence[View]) -> list[ViewContent | UnusableImageError]:
        """Return the stage maps of each view, on the CPU, or its fault."""
        outcomes = self.inner.fetch(views)
        usable = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Tensor)]
        for start in range(0, len(usable), self.batch_size):
            positions = usable[start : start + self.batch_size]
            pixels = [outcomes[n] for n in positions]
            stages = self._encode(stack_rows([p for p in pixels if isinstance(p, Tensor)]))
            for row, position in enumerate(positions):
                outcomes[position] = tuple(stage[row] for stage in stages)
        return outcomes

    @torch.no_grad()
    def _encode(self, pixels: Float[Tensor, "views 3 height width"]) -> list[Tensor]:
        stages = list(self.encode(pixels))
        if self.pooled_size is not None:
            stages = [pool_stage(stage, size=self.pooled_size) for stage in stages]
        return [stage.detach().cpu().contiguous() for stage in stages]


def pool_stage(
    stage: Float[Tensor, "views channels height width"], *, size: int
) -> Float[Tensor, "views channels pooled_height pooled_width"]:
    """Average a map over a grid of at most ``size`` cells a side, in the map's own precision."""
    height, width = stage.shape[-2:]
    return F.adaptive_avg_pool2d(stage, (min(size, height), min(size, width)))


def cached_maps(
    pixels: ViewSource,
    *,
    encode: EncodeStages,
    encoder_digest: str,
    preprocessing: str,
    kind: MapKind = "maps",
    root: Path | None = None,
) -> CachedViews:
    """Lay a cache of stage maps over a source of pixels.

    Args:
        pixels: Delivers pixels; often itself a pixel cache.
        encode: The frozen encoder.
        encoder_digest: Names everything that ``encode`` depends on: weights, stages, precision.
        preprocessing: Digest of the image processor.
        kind: ``maps`` are exact; ``pooled_maps`` are averaged over 7 x 7 cells before anything
            reads them, an approximation under that name.
        root: Folder of all caches; by default below ``GMF_HOME``.
    """
    pooled_size = POOLED_SIZE if kind == "pooled_maps" else None
    return CachedViews(
        EncodedViews(pixels, encode=encode, pooled_size=pooled_size),
        kind=kind,
        identity={
            "preprocessing": preprocessing,
            "encoder": encoder_digest,
            "pooled_size": str(pooled_size),
        },
        make_codec=_map_codec,
        root=root,
    )


def _map_codec(source: ViewSource) -> Codec:
    (outcome,) = source.fetch([View(blank_picture())])
    if isinstance(outcome, UnusableImageError):
        raise outcome
    return TensorCodec.of(outcome)
