"""What turns views into records of bytes and back, without loss."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from gmf.core.errors import CacheError
from gmf.vision.views import ViewContent


class Codec(Protocol):
    """Turns a view's content into a record of fixed size and back."""

    @property
    def record_bytes(self) -> int:
        """Size of every record."""
        ...

    def encode(self, content: ViewContent) -> bytes | None:
        """Return the record, or ``None`` when it could not give back exactly this content.

        Raises:
            CacheError: If shape or type are not those of the cache.
        """
        ...

    def decode(self, records: Sequence[bytes | memoryview]) -> list[ViewContent]:
        """Return the contents of records, in their order; side by side in one block of memory."""
        ...

    def describe(self) -> dict[str, object]:
        """Return what `codec_of` needs to build the codec again, as JSON values."""
        ...


def checked(
    content: ViewContent, shapes: list[tuple[int, ...]], dtypes: list[torch.dtype]
) -> list[Tensor]:
    """Return a content's tensors if their shapes and types are those of the cache.

    Raises:
        CacheError: If they are not.
    """
    tensors = [content] if isinstance(content, Tensor) else list(content)
    found = [(tuple(tensor.shape), tensor.dtype) for tensor in tensors]
    expected = list(zip(shapes, dtypes, strict=True))
    if found != expected:
        raise CacheError(
            f"expected views of {expected} as in the cache, got {found}; the digest of encoder or "
            "preprocessing must change whenever these do"
        )
    return tensors
