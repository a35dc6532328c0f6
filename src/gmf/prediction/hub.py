"""Trained models on the Hugging Face Hub."""

import re
from pathlib import Path

from gmf.core.errors import CheckpointError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
#: What is fetched of a repository: nothing that could hold code.
_PATTERNS = ["*.json", "*.safetensors", "*.onnx", "*.txt", "*.model", "README.md"]


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
    if (folder / "config.yaml").is_file():
        from gmf.training.run_folder import checkpoint_of

        return checkpoint_of(folder)
    if folder.is_dir():
        return folder
    if folder.exists() or not _HUB_ID.fullmatch(str(name)):
        raise CheckpointError(
            f"{name}: expected a run folder, a checkpoint folder or a hub id (owner/name)"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(str(name), revision=revision, allow_patterns=_PATTERNS))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(
            f"{name}: no such folder here, and the hub did not give it "
            f"({str(error).strip().splitlines()[0]}); check the name, and for a private model log "
            "in with `hf auth login`"
        ) from error
