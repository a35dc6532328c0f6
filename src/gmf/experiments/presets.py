"""Presets: the paper's settings by name, shipped as YAML."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from gmf.core.config import apply_overrides, parse_config, read_yaml
from gmf.core.errors import ConfigError
from gmf.training.config import RunConfig

_FOLDER = Path(str(files("gmf.experiments") / "preset_files"))


def preset_names() -> list[str]:
    """Return the names of all presets."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_run_config(name: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Return a checked configuration.

    Args:
        name: A preset or the path of a YAML file.
        overrides: ``key.sub=value``; ``model=NAME`` takes that model with its defaults.

    Raises:
        ConfigError: If there is no such preset or file, or an option is wrong.
    """
    path = _FOLDER / f"{name}.yaml"
    if name not in preset_names():
        path = Path(name)
        if not path.is_file():
            raise ConfigError(
                f"{name!r}: expected a YAML file or one of the presets {', '.join(preset_names())}"
            )
    return parse_config(RunConfig, apply_overrides(read_yaml(path), overrides), source=name)
