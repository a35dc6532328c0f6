"""The context of a post by field: what others say of it or of its images."""

import re
from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import BeforeValidator, WithJsonSchema

from gmf.core.unicode import check_unicode

_NAME = re.compile(r"[A-Za-z_][\w-]{0,99}\Z")


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
                f"context: field {name!r:.60}: expected a letter, then up to 99 letters, digits, "
                "- or _"
            )
        if text is not None and not isinstance(text, str):
            raise ValueError(f"context.{name}: expected text, got {type(text).__name__}")
        if text and text.strip():
            check_unicode(text, name=f"context.{name}")
            fields.append((name, text))
    return tuple(fields)


def _of_field(value: object) -> dict[str, str]:
    """Return the context of a row, where errors name its field anyway."""
    try:
        return dict(context_of(value))
    except ValueError as error:
        raise ValueError(str(error).removeprefix("context").lstrip(".: ")) from error


#: In options of a row: ``{}`` for no context.
Context = Annotated[
    dict[str, str],
    BeforeValidator(_of_field),
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "propertyNames": {"pattern": r"^[A-Za-z_][\w-]{0,99}$"},
            "additionalProperties": {"type": ["string", "null"]},
        }
    ),
]
