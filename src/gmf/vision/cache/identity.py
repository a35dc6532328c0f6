"""What a cache and each of its records depend on, as digests."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import PIL
import transformers

from gmf.data.images import read_source
from gmf.data.view_pixels import MAX_ASPECT_RATIO
from gmf.data.views import View

#: Raise it when opening or cropping images changes what comes out.
IMAGE_VERSION = 3


def preprocessing_digest(processor: object) -> str:
    """Return the digest of an image processor: class, settings and the libraries that compute.

    Args:
        processor: A Hugging Face image processor.
    """
    settings = cast(Any, processor).to_dict() if hasattr(processor, "to_dict") else vars(processor)
    return digest_of(
        {
            "processor": f"{type(processor).__module__}.{type(processor).__qualname__}",
            "settings": settings,
            "pillow": PIL.__version__,
            "transformers": transformers.__version__,
            "picture_version": IMAGE_VERSION,
            "max_aspect_ratio": MAX_ASPECT_RATIO,
        }
    )


def digest_of(value: Mapping[str, object]) -> str:
    """Return the sha256 of a mapping in a canonical JSON form."""
    text = json.dumps(value, sort_keys=True, default=repr, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class ContentKeys:
    """Digests of the encoded bytes and the box of views; each file is read once.

    Equal images share a key wherever they lie. A file counts as unchanged while size, time of
    change and inode stay the same.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], Any]] = {}

    def key_of(self, view: View) -> bytes:
        """Return the 32-byte key of a view's encoded image and box.

        Raises:
            UnusableImageError: If the file is absent or cannot be read.
        """
        digest = self._digest_of(view.source).copy()
        digest.update(repr(view.box).encode())
        return digest.digest()

    def _digest_of(self, source: Path | bytes) -> Any:
        if isinstance(source, bytes):
            return hashlib.sha256(source)
        try:
            status = source.stat()
        except (OSError, ValueError):
            # Reading fails likewise and says why.
            return hashlib.sha256(read_source(source))
        state = (status.st_size, status.st_mtime_ns, status.st_ino)
        cached = self._known.get(source)
        if cached is None or cached[0] != state:
            cached = (state, hashlib.sha256(read_source(source)))
            self._known[source] = cached
        return cached[1]
