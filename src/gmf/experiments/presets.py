"""Presets: settings by name; those of a data set are shipped as YAML, those of a model its own."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from gmf.core.config import apply_overrides, parse_config, read_yaml
from gmf.core.errors import ConfigError
from gmf.models.registry import models
from gmf.training.config import RunConfig

_FOLDER = Path(str(files("gmf.experiments") / "preset_files"))
#: Data sets that have a preset; it holds the paper's settings of GMF on them.
DATASETS = ("twitter2015", "twitter2017")


def preset_names() -> list[str]:
    """Return the names of all presets: files, and ``MODEL.DATASET`` of every model."""
    names = [f"{model}.{dataset}" for model in models for dataset in DATASETS]
    return sorted([*(path.stem for path in _FOLDER.glob("*.yaml")), *names])


def load_run_config(name: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Return a checked configuration.

    Args:
        name: A preset or the path of a YAML file. ``MODEL.DATASET`` is the preset of the data set
            with the model's defaults, and over it what the model's class states as ``presets``.
        overrides: ``key.sub=value``; ``model=NAME`` takes that model with its defaults.

    Raises:
        ConfigError: If there is no such preset or file, or an option is wrong.
    """
    return parse_config(RunConfig, apply_overrides(_options(name), overrides), source=name)


def _options(name: str) -> dict[str, Any]:
    path = _FOLDER / f"{name}.yaml"
    if path.is_file():
        return read_yaml(path)
    model, _, dataset = name.rpartition(".")
    if model in models and dataset in DATASETS:
        return _model_options(model, dataset)
    if not Path(name).is_file():
        raise ConfigError(
            f"{name!r}: expected a YAML file or one of the presets {', '.join(preset_names())}"
        )
    return read_yaml(Path(name))


def _model_options(model: str, dataset: str) -> dict[str, Any]:
    options, own = read_yaml(_FOLDER / f"{dataset}.yaml"), models.get(model).presets
    settings = {**own.get("*", {}), **own.get(dataset, {})}
    if options["model"]["name"] != model:
        options["model"] = model
    return apply_overrides(options, [f"{key}={json.dumps(settings[key])}" for key in settings])
