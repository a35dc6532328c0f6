"""The codec that a cache was written with."""

import base64
from typing import cast

import numpy as np
import torch

from gmf.core.errors import CacheError
from gmf.vision.cache.palette_codec import PaletteCodec
from gmf.vision.cache.tensor_codec import TensorCodec

_DTYPES = {
    str(dtype): dtype for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64)
}


def codec_of(description: dict[str, object]) -> PaletteCodec | TensorCodec:
    """Build a codec from what its ``describe`` returned.

    Raises:
        CacheError: If the description is not one.
    """
    try:
        kind = description["codec"]
        if kind == "palette":
            channels, height, width = cast(list[int], description["shape"])
            table = base64.b64decode(cast(str, description["palette"]), validate=True)
            values = np.frombuffer(table, dtype=np.float32).reshape(channels, 256).copy()
            return PaletteCodec(torch.from_numpy(values), height=height, width=width)
        shapes = [tuple(shape) for shape in cast(list[list[int]], description["shapes"])]
        dtypes = [_DTYPES[name] for name in cast(list[str], description["dtypes"])]
        return TensorCodec(
            shapes, dtypes=dtypes, is_single={"tensor": True, "tensors": False}[str(kind)]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CacheError(f"the cache's description is damaged ({error!r}); clear it") from error
