"""The fields of one row to a post: text or tokens, images by path or as bytes, an identifier."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from gmf.core.config import describe_faults
from gmf.core.errors import GmfError
from gmf.core.plain import from_plain
from gmf.core.types import ImageInput, Sample
from gmf.data.json_rows import ImageRow, image_of_row
from gmf.data.paths import inside
from gmf.data.tables import unknown_columns
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.prediction.user_input import sample_of

#: Columns that hold images when none are named.
IMAGE_COLUMNS = ("image", "images")
TOKENS = "tokens"


def row_of_fields(
    fields: Mapping[str, Any],
    *,
    number: int,
    origin: str,
    options: InputOptions,
    root: Path,
    default_id: str,
) -> Row:
    """Return the row of named fields; what is wrong with them becomes its error.

    Args:
        fields: ``text`` or ``tokens``, and perhaps images and an identifier; others are ignored.
        number: Row number, from 1.
        origin: Place, for messages.
        options: Names of the fields.
        root: Folder of the images.
        default_id: Identifier of a row without one.
    """
    name = default_id
    try:
        name = _id_of(fields.get(options.id), default_id)
        images = tuple(
            image
            for column in (IMAGE_COLUMNS if options.images is None else options.images)
            for image in _images_of(fields.get(column), root)
        )
        return Row(number, name, origin, _sample_of(fields, images, name, origin, options))
    except (ValueError, GmfError) as error:
        return Row(number, name, origin, error=str(error))


def check_columns(options: InputOptions, header: Sequence[str], *, path: Path) -> None:
    """Refuse a column that was asked for and is not there.

    Args:
        options: Names of the columns.
        header: Names that there are.
        path: The input, for messages.

    Raises:
        ConfigError: Names the option, the columns that there are and a near name.
    """
    has_words = options.text == "text" and TOKENS in header
    unknown_columns(
        {
            "--text-column": () if has_words else (options.text,),
            "--image-column": options.images or (),
            "--id-column": () if options.id == "id" else (options.id,),
        },
        header,
        path=path,
    )


def safe_path(root: Path, name: str) -> Path:
    """Return ``root / name`` when it stays below ``root``, symbolic links followed.

    Raises:
        ValueError: If the name or a link leaves the folder, or the name is a URL.
    """
    if "://" in name or name.startswith("data:"):
        raise ValueError(f"{name[:60]!r}: no URL is fetched; download the image and name the file")
    path = inside(root, name)
    # os.path, for Path.resolve raises a RuntimeError on a loop of links before Python 3.13.
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise ValueError(
            f"path {name!r} leaves {root} through a symbolic link; name the folder that the "
            "images are in as the image root"
        )
    return path


def _id_of(value: object, default: str) -> str:
    if value is None or value == "":
        return default
    if isinstance(value, str):
        value.encode()
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"identifier: expected text or a whole number, got {type(value).__name__}")


def _sample_of(
    fields: Mapping[str, Any],
    images: tuple[ImageInput, ...],
    name: str,
    origin: str,
    options: InputOptions,
) -> Sample:
    text, tokens = fields.get(options.text), fields.get(TOKENS)
    if text is not None:
        if not isinstance(text, str):
            raise ValueError(f"{options.text}: expected text, got {type(text).__name__}")
        return sample_of(text, images, name=name, origin=origin)
    if tokens is None:
        raise ValueError(f"no text: expected {options.text!r} or {TOKENS!r}")
    if not isinstance(tokens, list) or not all(
        isinstance(token, str) and token for token in cast(list[object], tokens)
    ):
        raise ValueError(f"{TOKENS}: expected a list of words")
    words = tuple(cast(list[str], tokens))
    "".join(words).encode()
    return Sample(name, words, None, images, origin=origin)


def _images_of(value: object, root: Path) -> Iterable[ImageInput]:
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        return tuple(
            image for item in cast(list[object], value) for image in _images_of(item, root)
        )
    if isinstance(value, bytes):
        return (ImageInput(value),)
    if isinstance(value, str):
        return (ImageInput(safe_path(root, value)),)
    if not isinstance(value, dict):
        raise ValueError(f"image: expected a path or bytes, got {type(value).__name__}")
    named = cast(dict[str, Any], value)
    if "bytes" in named:
        return _images_of(named["bytes"] or named.get("path"), root)
    return (_image_with_regions(named, root),)


def _image_with_regions(named: dict[str, Any], root: Path) -> ImageInput:
    try:
        row = from_plain(ImageRow, named)
    except ValidationError as error:
        raise ValueError(f"image: {describe_faults(error)}") from error
    for name in (row.path, *(region.crop for region in row.regions)):
        if name is not None:
            safe_path(root, name)
    return image_of_row(row, root)
