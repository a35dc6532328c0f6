"""Names of tags as Hugging Face's datasets keep them: in features, as JSON or as objects."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import DataError
from gmf.core.tags import TagSet

#: Column of the tags, the usual name first.
TAG_COLUMNS = ("ner_tags", "tags", "labels", "fine_ner_tags")


def tag_names(types: Sequence[str], scheme: str) -> tuple[str, ...]:
    """Return all tags of a scheme, in the order of their numbers."""
    prefixes = {"BIOES": "BIES", "BILOU": "BILU", "IO": "I"}.get(scheme, "BI")
    if prefixes == "BI" and types:
        return TagSet(tuple(types)).names
    return ("O", *(f"{prefix}-{name}" for name in types for prefix in prefixes))


def names_beside(path: Path) -> tuple[str, ...] | None:
    """Return the names of the tags in ``dataset_info.json`` beside a file, if there is one.

    Raises:
        DataError: If it cannot be read.
    """
    file = path.parent / "dataset_info.json"
    if not file.is_file():
        return None
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot be read as JSON ({error})", path=file) from error
    return class_names(content.get("features")) if isinstance(content, dict) else None


def features_of(content: bytes) -> object:
    """Return the features in the metadata of a Parquet schema; ``None`` without."""
    try:
        return json.loads(content)["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def class_names(features: object) -> tuple[str, ...] | None:
    """Return the names of the tags in features, as JSON or as objects."""
    if not hasattr(features, "get"):
        return None
    for column in TAG_COLUMNS:
        feature: Any = cast(dict[str, Any], features).get(column)
        inner = feature.get("feature") if isinstance(feature, dict) else None
        inner = inner or getattr(feature, "feature", None) or feature
        names: Any = (
            inner.get("names") if isinstance(inner, dict) else getattr(inner, "names", None)
        )
        if isinstance(names, dict):  # datasets of before 2.0 wrote {"0": "O", ...}.
            names = [names[key] for key in sorted(names, key=int)]
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(cast(list[str], names))
    return None


def row_schema(tag: Any) -> Any:
    """Return the Parquet schema of a row whose tags have a type of pyarrow."""
    import pyarrow

    text = pyarrow.string()
    fields = [("id", text), ("tokens", pyarrow.list_(text)), ("ner_tags", pyarrow.list_(tag))]
    return pyarrow.schema(fields)


def schema_metadata(names: Sequence[str]) -> bytes:
    """Return the features of a row as metadata of a Parquet schema."""

    def several(feature: dict[str, Any]) -> dict[str, Any]:
        return {"feature": feature, "_type": "Sequence"}

    text = {"dtype": "string", "_type": "Value"}
    tags = several({"names": list(names), "_type": "ClassLabel"})
    features = {"id": text, "tokens": several(text), "ner_tags": tags}
    return json.dumps({"info": {"features": features}}).encode()
