"""gmf: multimodal named entity recognition in social-media posts, from text and images together.

The names below are the public ones; ``docs/public-names.md`` says what else may be imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gmf.core.version import __version__

if TYPE_CHECKING:
    from gmf.api import (
        TrainedRun,
        evaluate,
        predict_files,
        read_samples,
        score,
        train,
    )
    from gmf.core.types import ImageInput, Region, Sample
    from gmf.prediction.documents import Document, Entity
    from gmf.prediction.pipeline import Pipeline, load

__all__ = [
    "Document",
    "Entity",
    "ImageInput",
    "Pipeline",
    "Region",
    "Sample",
    "TrainedRun",
    "__version__",
    "evaluate",
    "load",
    "predict_files",
    "read_samples",
    "score",
    "train",
]

#: Where each name is defined. It is imported when first asked for: ``import gmf`` is instant.
_HOMES = {
    "Document": "gmf.prediction.documents",
    "Entity": "gmf.prediction.documents",
    "ImageInput": "gmf.core.types",
    "Pipeline": "gmf.prediction.pipeline",
    "Region": "gmf.core.types",
    "Sample": "gmf.core.types",
    "TrainedRun": "gmf.api",
    "evaluate": "gmf.api",
    "load": "gmf.prediction.pipeline",
    "predict_files": "gmf.api",
    "read_samples": "gmf.api",
    "score": "gmf.api",
    "train": "gmf.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gmf' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
