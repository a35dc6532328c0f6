"""The fields of one row to a post: text or tokens, images by path or as bytes, an identifier."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from gmf.core.config import describe_faults
from gmf.core.errors import GmfError
from gmf.core.plain import from_plain
from gmf.core.types import ImageInput, Sample
from gmf.core.unicode import check_unicode
from gmf.data.images import RefusedImage
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.prediction.user_input import sample_of
from gmf.reading.context import context_of
from gmf.reading.image_folders import image_beside
from gmf.reading.json_rows import IMAGE_KEYS_OF_OTHERS, ImageRow, region_of_row
from gmf.reading.paths import inside, names_in
from gmf.reading.tables import unknown_columns
from gmf.reading.tokenize import check_words

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
        origin: File and line, for messages.
        options: Names of the fields.
        root: Folder of the images.
        default_id: Identifier of a row without one.
    """
    name = default_id
    columns = {column: value_at(fields, column) for column in options.keep}
    try:
        name = _id_of(value_at(fields, options.id), default_id)
        images = tuple(
            image
            for column in (IMAGE_COLUMNS if options.images is None else options.images)
            for image in _images_of(value_at(fields, column), root, options.image_root is None)
        )
        if not images and options.images is None:
            images = _unread_images(fields)
        sample = replace(
            _sample_of(fields, images, name, origin, options), context=_context(fields, options)
        )
        return Row(number, name, origin, sample, columns=columns)
    except (ValueError, GmfError) as error:
        return Row(number, name, origin, error=str(error), columns=columns)


def _unread_images(fields: Mapping[str, Any]) -> tuple[ImageInput, ...]:
    """Return an image that is not read for each field that others have images in."""
    names = [
        name
        for name, value in fields.items()
        if value
        and name not in IMAGE_COLUMNS
        and name.lower() in (*IMAGE_KEYS_OF_OTHERS, *IMAGE_COLUMNS)
    ]
    reason = "is not read as images; add --image-column {}, or name it 'images'"
    return tuple(ImageInput(RefusedImage(name, reason.format(name))) for name in names)


def value_at(fields: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field; ``user.name`` is that of ``name`` in the mapping ``user``.

    In a list of mappings it is the list of their values. What is not there is ``None``.
    """
    if name in fields:
        return fields[name]
    first, _, rest = name.partition(".")
    value = fields.get(first) if rest else None
    if isinstance(value, list):
        items = cast(list[object], value)
        return [value_at(cast(dict[str, Any], i), rest) for i in items if isinstance(i, dict)]
    return value_at(cast(dict[str, Any], value), rest) if isinstance(value, dict) else None


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
    wanted = {
        "--text-column": () if has_words else (options.text,),
        "--image-column": options.images or (),
        "--id-column": () if options.id == "id" else (options.id,),
        "--context-column": options.context,
        "--keep-columns": options.keep,
    }
    # Whether a nested column has such a field, only its values tell.
    absent: dict[str, Sequence[str]] = {
        option: [n for n in names if n not in header and n.partition(".")[0] not in header]
        for option, names in wanted.items()
    }
    unknown_columns(absent, header, path=path)


def image_at(root: Path, name: str, *, beside: bool = False) -> ImageInput:
    """Return the image of a name; one that is not to be opened becomes a note of its document.

    Args:
        root: The folder that it lies in.
        name: Its path.
        beside: Whether it may lie in a usual place beside that folder, too.
    """
    refused = RefusedImage.of_url(name)
    if refused is None and not isinstance(root, Path):  # pyright: ignore[reportUnnecessaryIsInstance]
        reason = "images beside a remote input are not fetched; name their folder as image root"
        refused = RefusedImage(name, reason)
    if refused is None:
        try:
            return ImageInput(image_beside(root, name) if beside else inside(root, name))
        except ValueError as error:
            refused = RefusedImage(name, str(error))
    return ImageInput(refused)


def _id_of(value: object, default: str) -> str:
    if value is None or value == "":
        return default
    if isinstance(value, str):
        check_unicode(value, name="identifier")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"identifier: expected text or a whole number, got {_kind_of(value)}")


def _kind_of(value: object) -> str:
    columns = "; a table by columns: save it by rows (in pandas orient='records')"
    return type(value).__name__ + (columns if isinstance(value, dict) else "")


def _sample_of(
    fields: Mapping[str, Any],
    images: tuple[ImageInput, ...],
    name: str,
    origin: str,
    options: InputOptions,
) -> Sample:
    text, tokens = value_at(fields, options.text), fields.get(TOKENS)
    if isinstance(text, list) and (tokens is None or options.text == TOKENS):  # As in MNER-MI.
        text, tokens = None, cast(list[object], text)
        if options.text != TOKENS:
            check_words(tokens)
    if text is not None:
        if not isinstance(text, str):
            raise ValueError(f"{options.text}: expected text, got {_kind_of(text)}")
        return sample_of(text, images, name=name, origin=origin)
    if tokens is None:
        raise ValueError(f"no text: expected {options.text!r} or {TOKENS!r}")
    if not isinstance(tokens, list) or not all(
        isinstance(token, str) and token for token in cast(list[object], tokens)
    ):
        raise ValueError(f"{TOKENS}: expected a list of words")
    words = tuple(cast(list[str], tokens))
    check_unicode("".join(words), name=TOKENS)
    return Sample(name, words, None, images, origin=origin)


def _context(fields: Mapping[str, Any], options: InputOptions) -> tuple[tuple[str, str], ...]:
    """Return the context of a row; a column of that name that is no mapping is another's.

    A column that was asked for stands before a field of that mapping, unless it is empty.
    """
    own = fields.get("context")
    if isinstance(own, list) and all(isinstance(item, tuple) for item in cast(list[object], own)):
        own = dict(cast(list[tuple[str, Any]], own))  # A map of Parquet.
    named = {column.rpartition(".")[2]: value_at(fields, column) for column in options.context}
    given = {name: text for name, text in named.items() if text not in (None, "")}
    return context_of({**(cast(dict[str, Any], own) if isinstance(own, dict) else {}), **given})


def _images_of(value: object, root: Path, beside: bool) -> Iterable[ImageInput]:
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(
            image for item in cast(list[object], value) for image in _images_of(item, root, beside)
        )
    if isinstance(value, bytes):
        return (ImageInput(value),)
    if isinstance(value, str):
        return tuple(image_at(root, name, beside=beside) for name in names_in(value))
    if not isinstance(value, dict):
        raise ValueError(f"image: expected a path or bytes, got {type(value).__name__}")
    mapping = cast(dict[str, Any], value)
    if "bytes" in mapping:
        return _images_of(mapping["bytes"] or mapping.get("path"), root, beside)
    if "url" in mapping and "path" not in mapping:
        return _images_of(mapping["url"], root, beside)
    return (_image_with_regions(mapping, root, beside),)


def _image_with_regions(mapping: dict[str, Any], root: Path, beside: bool) -> ImageInput:
    try:
        row = from_plain(ImageRow, mapping)
    except ValidationError as error:
        raise ValueError(f"image: {describe_faults(error)}") from error
    whole = image_at(root, row.path, beside=beside)
    if isinstance(whole.source, RefusedImage):
        return whole
    return replace(whole, regions=tuple(region_of_row(region, root) for region in row.regions))
