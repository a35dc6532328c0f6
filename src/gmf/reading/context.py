"""The context of a post by field: what others say of it or of its images."""

import re
from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import BeforeValidator, WithJsonSchema

_NAME = re.compile(r"[A-Za-z_][\w-]*\Z")


def context_of(value: object) -> tuple[tuple[str, str], ...]:
    """Return a context by field, as a sample has it; fields without content are left out.

    Args:
        value: Name of each field to its text; ``None`` for no context.

    Raises:
        ValueError: If it is no mapping of names to texts.
    """
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise ValueError(
            f"context: expected texts by field such as {{'caption': 'a dog'}}, got {value!r:.60}"
        )
    fields: list[tuple[str, str]] = []
    for name, text in cast(Mapping[object, object], value).items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise ValueError(
                f"context: field {name!r}: expected a letter, then letters, digits, - or _"
            )
        if text is not None and not isinstance(text, str):
            raise ValueError(f"context.{name}: expected text, got {type(text).__name__}")
        if text and text.strip():
            text.encode()  # Half of a surrogate pair is no text.
            fields.append((name, text))
    return tuple(fields)


#: In options of a row: ``{}`` for no context.
Context = Annotated[
    dict[str, str],
    BeforeValidator(lambda value: dict(context_of(value))),
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "propertyNames": {"pattern": r"^[A-Za-z_][\w-]*$"},
            "additionalProperties": {"type": ["string", "null"]},
        }
    ),
]
