"""Strict configuration: YAML and dotted overrides to frozen objects; faults end it before work."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from gmf.core.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Reads ``2e-4`` as a number, as YAML 1.2 does; YAML 1.1 takes it for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)

ConfigType = TypeVar("ConfigType", bound="Config")


class Config(BaseModel):
    """Base of all options: frozen, strictly typed, unknown keys fail."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: If the file is absent, is not YAML or is no mapping.
    """
    try:
        content: object = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a mapping of options, got {type(content).__name__}")
    return cast(dict[str, Any], content)


def apply_overrides(options: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return options with ``key.sub=value`` overrides laid over them; values are read as YAML.

    A plain name that gets an option becomes a mapping: ``model=bert model.dropout=0.2``.

    Raises:
        ConfigError: If an override has no ``=`` or its value is not YAML.
    """
    merged = dict(options.items())
    for override in overrides:
        dotted, equals, raw = override.partition("=")
        if not equals or not dotted:
            raise ConfigError(f"override {override!r}: expected key=value, e.g. training.epochs=5")
        try:
            value = yaml.load(raw, Loader=_Loader)
        except yaml.YAMLError as error:
            raise ConfigError(f"override {override!r}: value is not YAML: {error}") from error
        *parents, last = dotted.split(".")
        target = merged
        for parent in parents:
            child = target.get(parent)
            named = {"name": child} if isinstance(child, str) else {}
            target[parent] = dict(child) if isinstance(child, dict) else named
            target = target[parent]
        target[last] = value
    return merged


def parse_config(
    kind: type[ConfigType], options: Mapping[str, Any], *, source: str = "configuration"
) -> ConfigType:
    """Check options and return them as a frozen object.

    Args:
        kind: Which options.
        options: Nested mapping, as from YAML.
        source: Name of the file or preset, for messages.

    Raises:
        ConfigError: Names every unknown key, wrong type and impossible value at once.
    """
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe_faults(error)}") from error


def describe_faults(error: ValidationError) -> str:
    """Return one line a fault: dotted key, what was expected, what came."""
    lines = [
        f"{'.'.join(str(part) for part in fault['loc']) or '(top level)'}: {fault['msg']}"
        + ("" if fault["type"] in ("missing", "extra_forbidden") else f" (got {fault['input']!r})")
        for fault in error.errors(include_url=False)
    ]
    return ("" if len(lines) == 1 else f"{len(lines)} faults\n  ") + "\n  ".join(lines)
