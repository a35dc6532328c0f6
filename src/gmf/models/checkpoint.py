"""A checkpoint folder: weights, configuration, tags, tokenizer and image processor in one place."""

import json
import math
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoTokenizer

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import write_text
from gmf.core.plain import from_plain
from gmf.core.registry import load_inherited_code
from gmf.core.tags import TagSet
from gmf.data.config import DataConfig
from gmf.encoders.image_processors import load_image_processor
from gmf.encoders.writing import writing
from gmf.models.base import ModelParts
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.registry import built_model, model_options, models
from gmf.models.tagger import Tagger

FORMAT = 2
META, WEIGHTS = "gmf.json", "model.safetensors"
#: Written beside a checkpoint when training is over.
CALIBRATION = "calibration.json"
TOKENIZER, PROCESSOR = "tokenizer", "image_processor"


def save_tagger(tagger: Tagger, folder: Path) -> None:
    """Write all that prediction needs into a folder; weights as safetensors.

    Raises:
        CheckpointError: If the options do not name a registered model, so that none could load it.
    """
    model = tagger.model
    if model.options.name not in models:
        raise CheckpointError(
            f"{type(model).__name__}: its options name no registered model "
            f"({model.options.name!r}); make them with gmf.models.registry.model_options"
        )
    folder.mkdir(parents=True, exist_ok=True)
    encoders = {
        "text": getattr(getattr(model, "text_encoder", None), "config", None),
        "image": getattr(getattr(model, "image_encoder", None), "config", None),
    }
    meta = {
        "format": FORMAT,
        "model": model.options.model_dump(mode="json"),
        "types": model.tags.types,
        "encoders": {kind: c.to_dict() for kind, c in encoders.items() if c is not None},
        "data": tagger.data.model_dump(mode="json"),
        "assets": model.assets,
        "provenance": tagger.provenance,
    }
    save_weights(model, folder / WEIGHTS)
    if tagger.tokenizer is not None:
        tagger.tokenizer.save_pretrained(folder / TOKENIZER)
    if tagger.image_processor is not None:
        tagger.image_processor.save_pretrained(folder / PROCESSOR)
    text = json.dumps(meta, indent=2, ensure_ascii=False)
    write_text(folder / META, text + "\n")


def save_weights(model: nn.Module, path: Path) -> None:
    """Write all weights and buffers as safetensors, whatever memory they share.

    Raises:
        CheckpointError: If the file cannot be written.
    """
    weights = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    # On a card an LSTM's weights lie in one storage, which safetensors takes for tied weights.
    storages = set[int]()
    for name, value in weights.items():
        if (storage := value.untyped_storage().data_ptr()) in storages:
            weights[name] = value.clone()
        storages.add(storage)
    with writing(path, raises=CheckpointError):
        save_file(weights, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what ``save_weights`` wrote into a model on any device.

    Raises:
        RuntimeError: If names or shapes differ.
        SafetensorError: If the file is damaged.
    """
    model.load_state_dict(load_file(path))


def load_tagger(folder: Path) -> Tagger:
    """Read a checkpoint written by ``save_tagger``, in evaluation mode on the CPU.

    Raises:
        CheckpointError: If the folder is no checkpoint, is incomplete or of another format.
        ConfigError: If a file of ``GMF_CODE`` that may bring its model is absent or fails.
    """
    meta = _read_meta(folder)
    _check_known(meta, folder)
    try:
        options = model_options(meta["model"]["name"], meta["model"])
        parts = ModelParts(
            tags=TagSet(tuple(meta["types"])),
            text_encoder=lambda: TextEncoder.from_config(meta["encoders"]["text"]),
            image_encoder=lambda **o: ImageEncoder.from_config(meta["encoders"]["image"], **o),
            assets=meta["assets"],
        )
        model = built_model(options, parts, path=folder)
        load_weights(model, folder / WEIGHTS)
        _check_folders(meta, folder)
        tokenizer = (
            AutoTokenizer.from_pretrained(folder / TOKENIZER, trust_remote_code=False)
            if (folder / TOKENIZER).is_dir()
            else None
        )
        processor = (
            load_image_processor(folder / PROCESSOR) if (folder / PROCESSOR).is_dir() else None
        )
        data = from_plain(DataConfig, meta["data"])
    except (KeyError, RuntimeError, OSError, SafetensorError, ConfigError, ValueError) as error:
        raise CheckpointError(
            f"{folder}: the checkpoint is incomplete or damaged: {error}"
        ) from error
    provenance = meta["provenance"]
    if calibration := _calibration(folder) or provenance.get("calibration"):
        provenance["calibration"] = calibration
        model.head.crf.temperature = float(calibration["temperature"])
    return Tagger(model.eval(), tokenizer, processor, data, provenance)


def _check_folders(meta: dict[str, Any], folder: Path) -> None:
    """Refuse a copy without the folders that its encoders are read with."""
    for kind, name in (("text", TOKENIZER), ("image", PROCESSOR)):
        if kind in meta["encoders"] and not (folder / name).is_dir():
            raise ValueError(f"{name}/ is absent; copy the folder with all that is in it")


def _calibration(folder: Path) -> dict[str, Any]:
    path = folder / CALIBRATION
    if not path.exists():
        return {}
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not 0 < float(values["temperature"]) < math.inf:
            raise ValueError(f"temperature {values['temperature']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: expected a temperature above 0 ({error}); delete it for confidences as "
            "trained"
        ) from error
    return values


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{folder}: expected a checkpoint with {META} and {WEIGHTS} ({error})"
        ) from error
    if not isinstance(meta, dict) or cast(dict[str, Any], meta).get("format") != FORMAT:
        raise CheckpointError(
            f"{folder / META}: expected format {FORMAT} of this version of gmf; train again"
        )
    return cast(dict[str, Any], meta)


def _check_known(meta: dict[str, Any], folder: Path) -> None:
    """Refuse a checkpoint of a model that is not here, before anything else is read.

    Raises:
        ConfigError: If a file of ``GMF_CODE``, which is read for such a model, is absent or fails.
    """
    name = meta.get("model", {}).get("name")
    if name is not None and name not in models:
        load_inherited_code()
    if name is None or name in models:
        return
    origin = meta.get("provenance", {}).get(
        "model_origin", "a package or file that it does not name"
    )
    raise CheckpointError(
        f"{folder}: its model {name!r} comes from {origin}, which is not loaded; install the "
        "package, or name the file with --code FILE (in Python: gmf.core.registry.load_code; for "
        "processes that others start: GMF_CODE=FILE)"
    )
