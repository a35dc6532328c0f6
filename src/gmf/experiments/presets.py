"""Presets: settings by name; those of a data set are shipped as YAML, those of a model its own."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from gmf.core.config import apply_overrides, near_hint, parse_config, read_yaml
from gmf.core.errors import ConfigError
from gmf.models.registry import models
from gmf.training.config import RunConfig

_FOLDER = Path(str(files("gmf.experiments") / "preset_files"))
#: Data sets that have a preset: the recommended recipe of GMF on them.
DATASETS = ("twitter2015", "twitter2017")
#: In a preset's name: the setting of the model's publication; ``paper`` is that of GMF.
PUBLISHED, PAPER = "published", "paper"


def preset_names() -> list[str]:
    """Return the names of all presets for a data set; without its name they are Twitter-2015's."""
    owners = [*models, *(f"{model}.{PUBLISHED}" for model in models), PAPER]
    names = [f"{owner}.{dataset}" for owner in owners for dataset in DATASETS]
    return sorted([*(path.stem for path in _FOLDER.glob("*.yaml")), *names])


def load_run_config(name: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Return a checked configuration.

    Args:
        name: A preset or the path of a YAML file. ``MODEL.DATASET`` is the preset of the data set
            with the model's defaults, and over it what the model's class states as ``presets``;
            ``MODEL.published.DATASET`` has what it states as ``published`` over that, and
            ``paper.DATASET`` is that of GMF.
        overrides: ``key.sub=value``; ``model=NAME`` takes that model with its defaults.

    Raises:
        ConfigError: If there is no such preset or file, or an option is wrong.
    """
    return parse_config(RunConfig, apply_overrides(_options(name), overrides), source=name)


def published_model(name: str) -> str | None:
    """Return the model of a preset that holds the setting of its publication; else ``None``."""
    parsed = _parsed(name)
    return parsed[0] if parsed and parsed[1] else None


def published_preset(name: str) -> str | None:
    """Return the preset of the publication beside one of ours; ``None`` where there is none."""
    parsed = _parsed(f"gmf.{name}" if name in DATASETS else name)
    if parsed is None or parsed[1] or models.get(parsed[0]).published is None:
        return None
    model, _, dataset = parsed
    return f"{PAPER if model == 'gmf' else f'{model}.{PUBLISHED}'}.{dataset}"


def _parsed(name: str) -> tuple[str, bool, str] | None:
    """Return model, whether its publication is meant, and data set of a preset's name."""
    owner, _, dataset = name.rpartition(".")
    if dataset not in DATASETS:
        owner, dataset = name, DATASETS[0]
    model = "gmf" if owner == PAPER else owner.removesuffix(f".{PUBLISHED}")
    return (model, model != owner, dataset) if model in models else None


def _options(name: str) -> dict[str, Any]:
    path = _FOLDER / f"{name}.yaml"
    if path.is_file():
        return read_yaml(path)
    if Path(name).is_file():
        return read_yaml(Path(name))
    parsed = _parsed(name)
    if parsed is None:
        shipped = sorted(path.stem for path in _FOLDER.glob("*.yaml"))
        raise ConfigError(
            f"{name!r}: expected a YAML file, one of the presets {', '.join(shipped)}, "
            f"{PAPER}.DATASET, MODEL.DATASET or MODEL.{PUBLISHED}.DATASET with a model of "
            f"{', '.join(models)} and a data set of {', '.join(DATASETS)}"
            f"{near_hint(name, [*preset_names(), *models])}"
        )
    return _model_options(*parsed)


def _model_options(model: str, published: bool, dataset: str) -> dict[str, Any]:
    options, kind = read_yaml(_FOLDER / f"{dataset}.yaml"), models.get(model)
    if options["model"]["name"] != model:
        options["model"] = model
    options = _laid_over(options, {**kind.presets.get("*", {}), **kind.presets.get(dataset, {})})
    if published and kind.published is not None:
        # Nobody computed in bf16 then; unasked, it would be a departure of ours.
        settings = {"training.precision": "fp32", **kind.published.settings}
        options = _laid_over(options, settings)
    return options


def _laid_over(options: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    return apply_overrides(options, [f"{key}={json.dumps(settings[key])}" for key in settings])
