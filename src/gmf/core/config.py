"""Strict configuration: YAML and dotted overrides to frozen objects; faults end it before work."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from gmf.core.errors import ConfigError, reason_of


class _Loader(yaml.SafeLoader):
    """Reads numbers as YAML 1.2 does, and refuses a key that stands twice.

    YAML 1.1 takes ``2e-4`` for text, ``010`` for 8, ``1:30`` for 90 and ``2017-01-02`` for a day.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key.value!r} stands twice; keep one", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_OF_YAML_1_1 = ("int", "float", "timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag.rpartition(":")[2] not in _OF_YAML_1_1]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"[-+]?((\d+\.\d*|\.\d+)([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.(inf|Inf|INF))$"
        r"|\.(nan|NaN|NAN)$"
    ),
    list("-+.0123456789"),
)

#: With what text begins that is not as it stands.
_QUOTES = tuple("'\"|>&!*")
ConfigType = TypeVar("ConfigType", bound="Config")


class Config(BaseModel):
    """Base of all options: frozen, strictly typed, unknown keys fail."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, allow_inf_nan=False
    )

    @classmethod
    def options_at(cls, key: str, value: object) -> "type[Config] | None":  # noqa: ARG003
        """Return the class of the options at a key, for messages; ``None`` for a plain value.

        Args:
            key: A field's name.
            value: What was given there.
        """
        field = cls.model_fields.get(key)
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        return next((k for k in kinds if isinstance(k, type) and issubclass(k, Config)), None)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: If the file is absent, is not YAML or is no mapping.
    """
    try:
        content: object = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML: {reason_of(error)}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a mapping of options, got {type(content).__name__}")
    return cast(dict[str, Any], content)


def apply_overrides(options: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return options with ``key.sub=value`` overrides laid over them; values are read as YAML.

    A plain name that gets an option becomes a mapping: ``model=bert model.dropout=0.2``. Text with
    a ``#`` is no comment.

    Raises:
        ConfigError: If an override has no ``=``, its value is not YAML, or it is an option of what
            can have none.
    """
    merged = dict(options.items())
    for override in overrides:
        dotted, equals, raw = override.partition("=")
        if not equals or not dotted:
            raise ConfigError(f"override {override!r}: expected key=value, e.g. training.epochs=5")
        try:
            value = yaml.load(raw, Loader=_Loader)
        except (yaml.YAMLError, RecursionError) as error:
            reason = reason_of(error)
            raise ConfigError(
                f"override {override[:200]!r}: value is not YAML: {reason}"
            ) from error
        if isinstance(value, str) and raw.strip()[:1] not in _QUOTES:
            value = raw.strip()
        *parents, last = dotted.split(".")
        target = merged
        for parent in parents:
            child = target.get(parent)
            if not isinstance(child, str | dict | None):
                raise ConfigError(
                    f"override {override!r}: {parent} is {child!r}, which has no options"
                )
            values = {"name": child} if isinstance(child, str) else {}
            target[parent] = dict(child) if isinstance(child, dict) else values
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
        faults = describe_faults(error, kind=kind, options=options)
        raise ConfigError(f"{source}: {faults}") from error


def describe_faults(
    error: ValidationError,
    *,
    kind: type[Config] | None = None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return one line a fault: dotted key, what was expected, what came.

    Args:
        error: The faults.
        kind: Class of the options; with it unknown keys get a near name.
        options: The options as given.
    """
    lines: dict[str, str] = {}
    for fault in error.errors(include_url=False):
        # Of a choice between literals pydantic names each branch.
        where = [str(part) for part in fault["loc"] if not str(part).startswith("literal[")]
        key, message = ".".join(where), fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message += _near_name(kind, options, fault["loc"])
        elif fault["type"] == "literal_error":
            message += near_hint(fault["input"], re.findall("'([^']*)'", message))
        if fault["type"] not in ("extra_forbidden", "missing") and where:
            message += f" (got {fault['input']!r})"
        if fault["type"] in ("path_type", "string_type") and isinstance(
            fault["input"], int | float
        ):
            message += f"; for text write quotes in quotes: {key}='\"{fault['input']}\"'"
        lines[key] = f"{lines[key]}; or: {message}" if key in lines else message
    shown = [f"{key}: {message}" if key else message for key, message in lines.items()]
    return ("" if len(shown) == 1 else f"{len(shown)} faults\n  ") + "\n  ".join(shown)


def near_hint(word: object, names: Iterable[str]) -> str:
    """Return the end of a message that names the nearest of some names; empty if none is near."""
    near = near_names(str(word), list(names))
    return f"; did you mean {near[0]!r}?" if near else ""


def near_names(word: str, names: Sequence[str]) -> list[str]:
    """Return names that a word may mean, best first.

    Those spelled much like it, else those of its letters (``lr``: ``learning_rate``), else those
    that hold it.
    """
    initials = {name: "".join(part[:1] for part in re.split("[_.-]", name)) for name in names}
    return (
        get_close_matches(word, names)
        or [name for name in names if len(word) > 1 and initials[name] == word]
        or [name for name in names if len(word) > 2 and word in name]
    )


def _near_name(kind: type[Config] | None, options: object, location: tuple[int | str, ...]) -> str:
    *parents, key = map(str, location)
    for parent in parents:
        if parent.isdecimal():  # A member of a list, whose options are of one class.
            continue
        options = options.get(parent) if isinstance(options, Mapping) else None
        kind = None if kind is None else kind.options_at(parent, options)
    names = [] if kind is None else list(kind.model_fields)
    listed = f"; expected one of {', '.join(names)}" if names else ""
    return near_hint(key, names) or listed
