"""gmf: multimodal named entity recognition."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmf.prediction.pipeline import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """Import the pipeline when it is first asked for: ``import gmf`` itself stays instant."""
    if name == "load":
        from gmf.prediction.pipeline import load

        return load
    raise AttributeError(f"module 'gmf' has no attribute {name!r}")
