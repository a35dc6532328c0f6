"""What a cache's contents depend on, as digests: change one and another cache is used."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

import PIL
import transformers

from gmf.vision.views import MAX_ASPECT_RATIO

#: Raise it when opening or cropping pictures changes what comes out.
PICTURE_VERSION = 1


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
            "picture_version": PICTURE_VERSION,
            "max_aspect_ratio": MAX_ASPECT_RATIO,
        }
    )


def digest_of(value: Mapping[str, object]) -> str:
    """Return the sha256 of a mapping in a canonical JSON form."""
    text = json.dumps(value, sort_keys=True, default=repr, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
