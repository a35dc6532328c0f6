"""Tensors as they are."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gmf.vision.cache.codec import checked
from gmf.vision.views import ViewContent

_ALIGNMENT = 64


class TensorCodec:
    """One tensor or several, as they are.

    Args:
        shapes: Shape of each.
        dtypes: Type of each.
        is_single: Whether the content is one tensor rather than a tuple.
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
        is_single = isinstance(content, Tensor)
        tensors = [content] if is_single else list(content)
        shapes = [tuple(tensor.shape) for tensor in tensors]
        return cls(shapes, dtypes=[tensor.dtype for tensor in tensors], is_single=is_single)

    @property
    def record_bytes(self) -> int:
        """Size of every record: each tensor begins at a multiple of 64 bytes."""
        return sum(_aligned(size) for size in self._sizes)

    def encode(self, content: ViewContent) -> bytes:
        """Return the bytes of the tensors, one after the other."""
        parts: list[bytes] = []
        for tensor, size in zip(
            checked(content, self.shapes, self.dtypes), self._sizes, strict=True
        ):
            raw = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
            parts += [raw.numpy().tobytes(), bytes(_aligned(size) - size)]
        return b"".join(parts)

    def decode(self, records: Sequence[bytes | memoryview]) -> list[ViewContent]:
        """Return the tensors of each view."""
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
        return list(blocks[0]) if self.is_single else list(zip(*blocks, strict=True))

    def describe(self) -> dict[str, object]:
        """Return name, shapes and types."""
        return {
            "codec": "tensor" if self.is_single else "tensors",
            "shapes": [list(shape) for shape in self.shapes],
            "dtypes": [str(dtype) for dtype in self.dtypes],
        }


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
