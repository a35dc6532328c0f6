"""Pixels as one byte a value."""

import base64
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gmf.vision.cache.codec import checked
from gmf.vision.views import ViewContent


class PaletteCodec:
    """Pixels as one byte a value, with a table of the real values of each channel.

    An image processor maps each of the 256 byte values of a channel to one real value. Storing the
    byte instead of the real value takes a quarter of the space and loses nothing.

    Args:
        palette: Real value of each byte value, rising evenly.
        height: Height of a view in pixels.
        width: Width of a view in pixels.
    """

    def __init__(self, palette: Float[Tensor, "channels 256"], *, height: int, width: int) -> None:
        self.palette, self.height, self.width = palette.contiguous(), height, width
        # Processors state mean and deviation in a few decimals, so the ends of the table tell them.
        # Where computing with them gives the table bit for bit, it is faster than looking up.
        low, high = palette[:, :1].double(), palette[:, -1:].double()
        deviation = (1 / (high - low)).round(decimals=6)
        self._mean = (-low * deviation).round(decimals=6).float()
        self._deviation = deviation.float()
        levels = torch.arange(256, dtype=torch.uint8).expand(palette.shape)
        self._is_computed = torch.equal(self._normalise(levels), self.palette)

    @property
    def record_bytes(self) -> int:
        """Size of every record."""
        return self.palette.shape[0] * self.height * self.width

    def encode(self, content: ViewContent) -> bytes | None:
        """Return one byte a value, or ``None`` when a value is not in the table."""
        (pixels,) = checked(content, [self._shape], [torch.float32])
        channels = pixels.flatten(1).contiguous()
        first, last = self.palette[:, :1], self.palette[:, -1:]
        # Real values are evenly spaced but for rounding; where that is not so, the check fails.
        codes = ((channels - first) * (255 / (last - first))).round_().clamp_(0, 255)
        codes = codes.to(torch.uint8)
        is_exact = torch.equal(self._values(codes[None])[0], channels)
        return codes.numpy().tobytes() if is_exact else None

    def decode(self, records: Sequence[bytes | memoryview]) -> list[ViewContent]:
        """Return the pixels of each view, ``(channels, height, width)``."""
        channels, height, width = self._shape
        codes = torch.empty((len(records), channels, height * width), dtype=torch.uint8)
        for row, record in zip(codes.flatten(1).numpy(), records, strict=True):
            row[:] = np.frombuffer(record, dtype=np.uint8)
        return list(self._values(codes).unflatten(2, (height, width)))

    def describe(self) -> dict[str, object]:
        """Return name, size and table."""
        table = base64.b64encode(self.palette.numpy().tobytes()).decode("ascii")
        return {"codec": "palette", "shape": list(self._shape), "palette": table}

    def _values(self, codes: UInt8[Tensor, "views channels pixels"]) -> Tensor:
        if self._is_computed:
            return self._normalise(codes)
        values = torch.empty(codes.shape)
        for channel, table in enumerate(self.palette.numpy()):
            for view, out in zip(codes.numpy(), values.numpy(), strict=True):
                # "clip" spares a copy that a check would need; a byte is never outside.
                np.take(table, view[channel], out=out[channel], mode="clip")
        return values

    def _normalise(self, codes: UInt8[Tensor, "*views channels pixels"]) -> Tensor:
        return codes.to(torch.float32).div_(255).sub_(self._mean).div_(self._deviation)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.palette.shape[0], self.height, self.width
