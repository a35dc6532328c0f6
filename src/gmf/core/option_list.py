"""What a class of options takes: every key with its type, range, default and meaning."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gmf.core.config import Config

_BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}", "min_length": "length ≥ {}"}


@dataclass(frozen=True, slots=True)
class Option:
    """One key.

    Args:
        key: Dotted.
        type: Type and range.
        default: As YAML writes it; ``required`` when there is none.
        meaning: From the docstring of its class.
    """

    key: str
    type: str
    default: str
    meaning: str


def options_of(kind: type[Config], *, prefix: str = "") -> Iterator[Option]:
    """Yield every key of a class of options, those of inner classes in their place.

    Args:
        kind: The class.
        prefix: Stands before each key.
    """
    meanings = _arguments(kind)
    for name, field in kind.model_fields.items():
        inner = inner_options(field)
        if inner is not None:
            yield from options_of(inner, prefix=f"{prefix}{name}.")
        else:
            yield Option(f"{prefix}{name}", _type(field), _default(field), meanings.get(name, ""))


def inner_options(field: FieldInfo) -> type[Config] | None:
    """Return the class of options that a field holds, if it has keys of its own."""
    if get_origin(field.annotation) is tuple:
        return None  # Its members have; they are given as one value.
    kinds = [field.annotation, *get_args(field.annotation)]
    inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Config)]
    return inner[0] if inner and inner[0].model_fields else None


def _arguments(kind: type[BaseModel]) -> dict[str, str]:
    """Return the meaning of each field, from the docstrings of the class and its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("Args:\n")[2].split("\n\n")[0]
        for name, meaning in re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", text, re.MULTILINE):
            meanings[name] = " ".join(meaning.split()).replace("``", "`")
    return meanings


def _type(field: FieldInfo) -> str:
    name = inspect.formatannotation(field.annotation).replace("typing.", "")
    name = re.sub(r"\bLiteral\[([^\]]*)\]", lambda match: match[1].replace("'", ""), name)
    name = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", name).replace(" | None", " or null")
    name = re.sub(r"\bAnnotated\[(\w+), \w+\((\w+)=([^)]*)\)\]", _bounded, name)
    bounds = [
        text.format(getattr(rule, key))
        for rule in field.metadata
        for key, text in _BOUNDS.items()
        if getattr(rule, key, None) is not None
    ]
    return ", ".join([name, *bounds])


def _bounded(annotated: re.Match[str]) -> str:
    kind, rule, bound = annotated.groups()
    return f"{kind} {_BOUNDS[rule].format(bound)}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
