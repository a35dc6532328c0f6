"""The settings file of a suite: which overrides the runs of which variants get."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from gmf.core.config import read_yaml
from gmf.core.errors import ConfigError
from gmf.experiments.suite.variants import all_variants, known_variants

#: Keys that the suite itself decides.
FIXED = ("seed", "data.folder", "model", "model.name")


def read_settings(path: Path) -> dict[str, list[str]]:
    """Read a YAML mapping of patterns on names of variants to lists of ``key=value``.

    Raises:
        ConfigError: If the file is not of this form, a pattern names no variant, or a key is one
            that the suite decides.
    """
    settings: dict[str, list[str]] = {}
    for pattern, overrides in cast(dict[Any, Any], read_yaml(path)).items():
        if not any(fnmatchcase(variant.name, str(pattern)) for variant in all_variants()):
            raise ConfigError(f"{path}: {pattern!r}: no such variant; expected {known_variants()}")
        if not isinstance(overrides, list) or not all(
            isinstance(item, str) and "=" in item for item in cast(list[Any], overrides)
        ):
            raise ConfigError(
                f"{path}: {pattern!r}: expected a list of key=value, for example "
                f"[training.batch_size=16], got {overrides!r}"
            )
        settings[str(pattern)] = cast(list[str], overrides)
        for override in settings[str(pattern)]:
            key = override.partition("=")[0]
            if key in FIXED:
                raise ConfigError(f"{path}: {pattern!r}: {key} is what the suite itself decides")
    return settings
