"""What turns views into records of bytes and back, without loss."""

import base64
import math
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gmf.core.errors import CacheError
from gmf.data.views import ViewContent

_ALIGNMENT = 64
_DTYPES = {
    str(dtype): dtype for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64)
}


class Codec(Protocol):
    """Turns the content of one view into a record of fixed size, and records into a block."""

    @property
    def record_bytes(self) -> int:
        """Size of every record."""
        ...

    def encode(self, content: ViewContent) -> bytes | None:
        """Return the record, or ``None`` when it could not give back exactly this content.

        Args:
            content: What one view holds, without the axis of rows.

        Raises:
            CacheError: If shape or type are not those of the cache.
        """
        ...

    def decode(self, records: Sequence[bytes | memoryview]) -> ViewContent:
        """Return the contents of records as one block, a row each, in their order."""
        ...

    def describe(self) -> dict[str, object]:
        """Return what `codec_of` needs to build the codec again, as JSON values."""
        ...


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
        (pixels,) = _checked(content, [self._shape], [torch.float32])
        channels = pixels.flatten(1).contiguous()
        first, last = self.palette[:, :1], self.palette[:, -1:]
        # Real values are evenly spaced but for rounding; where that is not so, the check fails.
        codes = ((channels - first) * (255 / (last - first))).round_().clamp_(0, 255)
        codes = codes.to(torch.uint8)
        is_exact = torch.equal(self._values(codes[None])[0], channels)
        return codes.numpy().tobytes() if is_exact else None

    def decode(
        self, records: Sequence[bytes | memoryview]
    ) -> Float[np.ndarray, "views channels height width"]:
        """Return the pixels of views."""
        channels, height, width = self._shape
        codes = torch.empty((len(records), channels, height * width), dtype=torch.uint8)
        for row, record in zip(codes.flatten(1).numpy(), records, strict=True):
            row[:] = np.frombuffer(record, dtype=np.uint8)
        return self._values(codes).unflatten(2, (height, width)).numpy()

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


class TensorCodec:
    """Pixels or stage maps as they are.

    Args:
        shapes: Shape of each tensor of a view.
        dtypes: Type of each.
        is_single: Whether the content is pixels rather than a tuple of maps.
    """

    def __init__(
        self, shapes: list[tuple[int, ...]], *, dtypes: list[torch.dtype], is_single: bool
    ) -> None:
        self.shapes, self.dtypes, self.is_single = shapes, dtypes, is_single
        self._sizes = [
            math.prod(shape) * dtype.itemsize for shape, dtype in zip(shapes, dtypes, strict=True)
        ]

    @classmethod
    def of(cls, content: ViewContent) -> "TensorCodec":
        """Return the codec for contents of the shapes and types of this one."""
        tensors = _tensors_of(content)
        return cls(
            [tuple(tensor.shape) for tensor in tensors],
            dtypes=[tensor.dtype for tensor in tensors],
            is_single=not isinstance(content, tuple),
        )

    @property
    def record_bytes(self) -> int:
        """Size of every record: each tensor begins at a multiple of 64 bytes."""
        return sum(_aligned(size) for size in self._sizes)

    def encode(self, content: ViewContent) -> bytes:
        """Return the bytes of the tensors, one after the other."""
        parts: list[bytes] = []
        tensors = _checked(content, self.shapes, self.dtypes)
        for tensor, size in zip(tensors, self._sizes, strict=True):
            raw = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
            parts += [raw.numpy().tobytes(), bytes(_aligned(size) - size)]
        return b"".join(parts)

    def decode(self, records: Sequence[bytes | memoryview]) -> ViewContent:
        """Return the tensors of views."""
        blocks: list[Tensor] = []
        start = 0
        for shape, dtype, size in zip(self.shapes, self.dtypes, self._sizes, strict=True):
            block = torch.empty((len(records), *shape), dtype=dtype)
            for row, record in zip(
                block.flatten(1).view(torch.uint8).numpy(), records, strict=True
            ):
                row[:] = np.frombuffer(record, dtype=np.uint8, count=size, offset=start)
            blocks.append(block)
            start += _aligned(size)
        return blocks[0].numpy() if self.is_single else tuple(blocks)

    def describe(self) -> dict[str, object]:
        """Return name, shapes and types."""
        return {
            "codec": "tensor" if self.is_single else "tensors",
            "shapes": [list(shape) for shape in self.shapes],
            "dtypes": [str(dtype) for dtype in self.dtypes],
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


def _tensors_of(content: ViewContent) -> list[Tensor]:
    return list(content) if isinstance(content, tuple) else [torch.from_numpy(content)]


def _checked(
    content: ViewContent, shapes: list[tuple[int, ...]], dtypes: list[torch.dtype]
) -> list[Tensor]:
    """Return a content's tensors if their shapes and types are those of the cache."""
    tensors = _tensors_of(content)
    actual = [(tuple(tensor.shape), tensor.dtype) for tensor in tensors]
    expected = list(zip(shapes, dtypes, strict=True))
    if actual != expected:
        raise CacheError(
            f"expected views of {expected} as in the cache, got {actual}; the digest of encoder or "
            "preprocessing must change whenever these do"
        )
    return tensors


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
