"""Objects as plain values for JSON, and back."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel

ModelType = TypeVar("ModelType", bound=BaseModel)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: objects as dicts by field, sequences and arrays as lists.

    Args:
        value: Plain values, paths, dataclasses, arrays, and objects with a ``to_dict`` of their
            own, inside each other.
    """
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast(list[Any], value)]
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value) if isinstance(value, Path) else value


def from_plain(kind: type[ModelType], values: Mapping[str, Any]) -> ModelType:
    """Return the object of values as JSON has them: lists stand for tuples, text for paths.

    Raises:
        ValidationError: If they are not those of such an object.
    """
    return kind.model_validate_json(json.dumps(values))
