"""The pixel cache: exact, and the default."""

from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from gmf.data.views import View, ViewSource
from gmf.vision.cache.codecs import Codec, PaletteCodec, TensorCodec
from gmf.vision.cache.identity import preprocessing_digest
from gmf.vision.cache.views import CachedViews
from gmf.vision.views import DirectViews

_PROBE_SIZE = 64


def cached_pixels(direct: DirectViews, *, root: Path | None = None) -> CachedViews:
    """Lay a cache of prepared pixels over files.

    Args:
        direct: Reads and prepares views.
        root: Folder of all caches; by default below ``GMF_HOME``.
    """
    return CachedViews(
        direct,
        kind="pixels",
        identity={"preprocessing": preprocessing_digest(direct.processor)},
        make_codec=pixel_codec,
        root=root,
    )


def pixel_codec(source: ViewSource) -> Codec:
    """Return the smallest codec that is exact for a source of pixels.

    Uniform images of all 256 greys show the real value of every byte value. If an image of
    random colours then consists of these values, one byte a value suffices.

    Raises:
        UnusableImageError: If the source cannot prepare a plain image.
    """
    greys = np.stack([_prepare(source, np.full((8, 8, 3), v, np.uint8)) for v in range(256)])
    noise = np.random.default_rng(0).integers(0, 256, (_PROBE_SIZE, _PROBE_SIZE, 3), np.uint8)
    probe = _prepare(source, noise)
    palette = torch.from_numpy(np.ascontiguousarray(greys[:, :, 0, 0].T))
    is_uniform = bool((greys == greys[:, :, :1, :1]).all())
    if is_uniform and bool((palette.diff(dim=1) > 0).all()) and palette.dtype == torch.float32:
        codec = PaletteCodec(palette, height=probe.shape[1], width=probe.shape[2])
        if codec.encode(probe) is not None:
            return codec
    return TensorCodec.of(probe)


def _prepare(source: ViewSource, pixels: np.ndarray) -> Float[np.ndarray, "3 height width"]:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="BMP")
    content = source.fetch([View(buffer.getvalue())]).content_of(0)
    if isinstance(content, tuple):
        raise TypeError("expected a source of pixels, got one of maps")
    return content
