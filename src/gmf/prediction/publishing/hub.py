"""The folder of a trained model: here, installed as a package, or on the Hugging Face Hub."""

import logging
import re
from pathlib import Path
from typing import cast

from gmf.core.config import near_hint
from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.installed import STARTER, installed_model, installed_models
from gmf.training.run_files import CONFIG

_logger = logging.getLogger("gmf")
#: ``owner/name``.
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
#: What a checkpoint, or an exported model, says of itself.
METAS = ("gmf.json", "export.json")
#: Beside a checkpoint whose confidences were calibrated.
CALIBRATION = "calibration.json"
#: What of a model is published and fetched: nothing that could hold code.
PATTERNS = ["*.json", "*.safetensors", "*.onnx", "*.onnx.data", "*.txt", "*.model"]


def model_folder(name: str | Path | None = None, *, revision: str | None = None) -> Path:
    """Return the folder of a model's files, fetched from the hub when it is no local one.

    The name of an installed model means that model, also where a folder of the same name lies: a
    warning says so. A ``Path``, or a name with a slash such as ``./starter``, never means one.

    Args:
        name: An installed model, a run folder (its best checkpoint is taken), a checkpoint folder
            or a hub id; ``None`` for the installed starter model, which a warning names.
        revision: Branch, tag or commit of a hub id.

    Raises:
        CheckpointError: If there is no such model, the run has no complete checkpoint, the
            installed one is damaged or for another version, or the hub does not give it.
        ConfigError: If a revision is given of what is no hub id.
    """
    folder = _folder_here(name)
    if folder is None:
        return _fetched(str(name), revision)
    if revision is not None:
        raise ConfigError(f"revision {revision!r}: {name or folder} is here, and no hub id")
    return folder


def _folder_here(name: str | Path | None) -> Path | None:
    """Return the folder of a model that is installed or lies here; ``None`` for a hub id."""
    if name is None:
        return _starter_folder()
    if not isinstance(cast(object, name), str | Path) or not str(name).strip():
        raise CheckpointError(
            f"{name!r}: expected the name of a model or its folder; None takes the starter model"
        )
    if isinstance(name, str) and (installed := installed_model(name)):
        if Path(name).exists():
            _logger.warning(
                "%s: the installed model of %s is taken, not what lies here under this name; write "
                "./%s for that",
                *(name, installed.title, name),
            )
        return installed.check()
    folder = Path(name).expanduser()
    if (folder / CONFIG).is_file():
        from gmf.training.run_folder import checkpoint_of

        return checkpoint_of(folder)
    if folder.is_dir():
        return folder
    if folder.exists() or not HUB_ID.fullmatch(str(name)):
        names = [model.name for model in installed_models()]
        there = f"; installed: {', '.join(names)}" if names else ""
        raise CheckpointError(
            f"{name}: expected a run folder, a checkpoint folder, an installed model or a hub id "
            f"(owner/name){near_hint(name, names) or there}"
        )
    return None


def is_model(name: str) -> bool:
    """Say whether a name means an installed model, or a folder here that holds a model or run."""
    if installed_model(name) is not None:
        return True
    return any((Path(name).expanduser() / file).is_file() for file in (CONFIG, *METAS))


def _starter_folder() -> Path:
    starter = installed_model(STARTER)
    if starter is None:
        raise CheckpointError(
            "no model is named, and the starter model, which is used then, is not installed: run "
            f"pip install ./{STARTER} in the folder of gmf's source, or pip install on its wheel, "
            f"gmf_{STARTER}-VERSION-py3-none-any.whl; or name a model: a run folder, an exported "
            "folder, an installed model or a hub id"
        )
    _logger.warning("no model is named: %s, the starter model, is used", starter.title)
    return starter.check()


def _fetched(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, HTTPError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=PATTERNS))
    except (HTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(
            f"{name}: no such folder here, and the hub did not give it "
            f"({first_line(error)}); check the name, and for a private model log "
            "in with `hf auth login`"
        ) from error


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
