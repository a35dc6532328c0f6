"""Stage maps of a frozen image encoder: computed from pixels, in full or pooled, and cached."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from gmf.data.views import FetchedViews, View, ViewSource, blank_image
from gmf.vision.cache.codecs import Codec, TensorCodec
from gmf.vision.cache.views import CachedViews

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

    def fetch(self, views: Sequence[View]) -> FetchedViews:
        """Return the stage maps of each view, on the CPU, or its fault."""
        fetched = self.inner.fetch(views)
        if fetched.content is None:
            return fetched
        if isinstance(fetched.content, tuple):
            raise TypeError("expected a source of pixels, got one of maps")
        parts = [
            self._encode(pixels)
            for pixels in torch.from_numpy(fetched.content).split(self.batch_size)
        ]
        stages = parts[0] if len(parts) == 1 else map(torch.cat, zip(*parts, strict=True))
        return replace(fetched, content=tuple(stages))

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
    return TensorCodec.of(source.fetch([View(blank_image())]).content_of(0))
