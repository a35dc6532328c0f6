"""The image processor of an image encoder, the same on every machine."""

from pathlib import Path
from typing import Any

from transformers import AutoImageProcessor


def load_image_processor(source: str | Path, **options: Any) -> Any:
    """Load an image processor that resizes by Pillow.

    Where torchvision is installed transformers would take it instead, whose pixels differ: what a
    model reads, and the key of a cache, would hang on a package that gmf does not need.

    Args:
        source: Folder or hub id of an image encoder.
        options: Passed on.

    Raises:
        OSError: If it cannot be found or fetched.
        ValueError: If it is no image processor that transformers knows.
    """
    return AutoImageProcessor.from_pretrained(
        source, backend="pil", trust_remote_code=False, **options
    )
