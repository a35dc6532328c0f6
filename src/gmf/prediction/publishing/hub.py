"""Trained models on the Hugging Face Hub."""

import re
from pathlib import Path

from gmf.core.errors import CheckpointError
from gmf.training.run_files import CONFIG

#: ``owner/name``.
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
#: What of a model is published and fetched: nothing that could hold code.
PATTERNS = ["*.json", "*.safetensors", "*.onnx", "*.txt", "*.model"]


def model_folder(name: str | Path, *, revision: str | None = None) -> Path:
    """Return the checkpoint folder of a model, fetched from the hub when it is no local one.

    Args:
        name: A run folder (its best checkpoint is taken), a checkpoint folder or a hub id.
        revision: Branch, tag or commit of a hub id.

    Raises:
        CheckpointError: If there is no such folder, the run has no complete checkpoint, or the hub
            does not give it.
    """
    folder = Path(name).expanduser()
    if (folder / CONFIG).is_file():
        from gmf.training.run_folder import checkpoint_of

        return checkpoint_of(folder)
    if folder.is_dir():
        return folder
    if folder.exists() or not HUB_ID.fullmatch(str(name)):
        raise CheckpointError(
            f"{name}: expected a run folder, a checkpoint folder or a hub id (owner/name)"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, HTTPError

    try:
        return Path(snapshot_download(str(name), revision=revision, allow_patterns=PATTERNS))
    except (HTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(
            f"{name}: no such folder here, and the hub did not give it "
            f"({first_line(error)}); check the name, and for a private model log "
            "in with `hf auth login`"
        ) from error


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
