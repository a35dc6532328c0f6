"""A post as users give it, text and images in any usual form, to a sample."""

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from PIL import Image

from gmf.core.errors import DataError, ImageError
from gmf.core.types import ImageInput, Sample
from gmf.core.unicode import check_unicode
from gmf.data.decoding import upright_rgb
from gmf.data.images import RefusedImage
from gmf.reading.context import context_of
from gmf.reading.json_rows import IMAGE_KEYS_OF_OTHERS
from gmf.reading.paths import names_in
from gmf.reading.tokenize import check_length, check_words, tokenize

TEXT, TOKENS, ID, CONTEXT = "text", "tokens", "id", "context"
#: What is told of images beside a post that is a mapping.
OWN_IMAGES = (
    "a post that is a mapping, or a row of a table, holds its own images: give them under its key "
    "or column 'image', not beside it"
)
#: Keys of images in posts that are mappings.
IMAGE_KEYS = ("image", "images")


class ReadableBytes(Protocol):
    """A file that is open for reading bytes."""

    def read(self) -> bytes:
        """Return the rest."""
        ...


#: What is taken as one image: a file's path, encoded bytes, an open file, a PIL image, an array of
#: bytes ``(height, width)`` or ``(height, width, 1, 3 or 4)`` in RGB, or one of these with regions.
ImageLike = (
    str
    | PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | ReadableBytes
    | Image.Image
    | np.ndarray
    | ImageInput
)
#: The images of one post.
PostImages = ImageLike | Sequence[ImageLike] | None
#: A post: its text; its text and its images; or a mapping with ``text`` (or ``tokens``), perhaps
#: ``image`` or ``images``, ``context`` (texts by field) and ``id``.
Post = str | tuple[str, PostImages] | Mapping[str, Any]


def sample_of(
    text: object,
    images: PostImages = None,
    *,
    name: str = "",
    origin: str = "",
    context: tuple[tuple[str, str], ...] = (),
) -> Sample:
    """Return a post as a sample; files are not opened yet.

    Args:
        text: Raw text; may be empty.
        images: None, one or a list.
        name: Identifier of the post.
        origin: Where it came from, for messages.
        context: Text by field, as ``context_of`` returns it.

    Raises:
        DataError: If the text is no string, is too long (``gmf.reading.tokenize.MAX_TEXT``), or
            holds half a character (a lone surrogate).
        ImageError: If an image is no image.
    """
    if not isinstance(text, str):
        raise DataError(f"expected text, got {_shown(text)}", field=TEXT)
    try:
        check_unicode(text)
        tokens, offsets = tokenize(text)
    except ValueError as error:
        raise DataError(str(error), field=TEXT) from error
    return Sample(
        name,
        tokens,
        images=images_of(images),
        text=text,
        offsets=offsets,
        origin=origin,
        context=context,
    )


def sample_of_words(
    words: object,
    images: PostImages = None,
    *,
    name: str = "",
    origin: str = "",
    context: tuple[tuple[str, str], ...] = (),
) -> Sample:
    """Return a post of ready words as a sample; see ``sample_of``.

    Raises:
        DataError: If the words are no list of words.
    """
    words = words.tolist() if isinstance(words, np.ndarray) else words
    listed = cast(list[object], words) if isinstance(words, list | tuple) else [None]
    if not all(isinstance(word, str) and word for word in listed):
        raise DataError(f"expected a list of words, got {_shown(words)}", field=TOKENS)
    tokens = tuple(cast(list[str], listed))
    try:
        together = "".join(tokens)
        check_unicode(together)
        check_length(len(together))
    except ValueError as error:
        raise DataError(str(error), field=TOKENS) from error
    return Sample(name, tokens, images=images_of(images), origin=origin, context=context)


def sample_of_post(post: object, *, origin: str = "") -> Sample:
    """Return a post in any of the forms of ``Post`` as a sample.

    Args:
        post: The post.
        origin: Where it came from, for messages.

    Raises:
        DataError: If it has none of the forms.
        ImageError: If an image is no image.
    """
    if isinstance(post, Mapping):
        fields = cast(Mapping[str, Any], post)
        if isinstance(fields.get(TEXT), list | np.ndarray) and TOKENS not in fields:
            check_words(fields[TEXT])
            fields = {**fields, TOKENS: fields[TEXT], TEXT: None}
        images = [image for key in IMAGE_KEYS for image in images_of(fields.get(key))]
        images += [_unread(key) for key in fields if is_unread_key(key) and _has_any(fields[key])]
        name = fields.get(ID)
        try:
            context = context_of(None if is_missing(fields.get(CONTEXT)) else fields[CONTEXT])
        except ValueError as error:
            raise DataError(str(error), field=CONTEXT) from error
        named: dict[str, Any] = {
            "name": "" if is_missing(name) else str(name),
            "origin": origin,
            "context": context,
        }
        if is_missing(fields.get(TEXT)) and TOKENS in fields:
            return sample_of_words(fields[TOKENS], images, **named)
        if TEXT not in fields:
            keys = ", ".join(map(repr, fields)) or "none"
            raise DataError(f"no text: expected the key {TEXT!r} or {TOKENS!r}, got {keys}")
        return sample_of(fields[TEXT], images, **named)
    if isinstance(post, tuple):
        parts = cast(tuple[Any, ...], post)
        if len(parts) != 2:
            raise DataError(f"expected a pair of text and images, got {len(parts)} values")
        if isinstance(parts[0], Mapping):
            raise DataError(OWN_IMAGES)
        return sample_of(parts[0], parts[1], origin=origin)
    return sample_of(post, origin=origin)


def is_unread_key(key: object) -> bool:
    """Return whether others have images under such a key, and here none is read from it."""
    names = (*IMAGE_KEYS_OF_OTHERS, *IMAGE_KEYS)
    return isinstance(key, str) and key not in IMAGE_KEYS and key.lower() in names


def is_missing(value: object) -> bool:
    """Return whether a value is none: ``None``, NaN, or what pandas has for them."""
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def images_of(images: object) -> tuple[ImageInput, ...]:
    """Return the images of a post.

    Raises:
        ImageError: If one is no image.
    """
    if is_missing(images):
        return ()
    if isinstance(images, np.ndarray) and images.dtype == np.object_:
        images = images.tolist()  # What pandas makes of a list.
    listed = cast(Sequence[object], images if isinstance(images, list | tuple) else (images,))
    cells = (names_in(item) if isinstance(item, str) else [item] for item in listed)
    return tuple(_image(i) for cell in cells for i in cell if not is_missing(i))


def _unread(key: str) -> ImageInput:
    return ImageInput(RefusedImage(key, "is not read as images; name it 'image' or 'images'"))


def _has_any(value: object) -> bool:
    return not (is_missing(value) or (isinstance(value, str | bytes | Sequence) and not value))


def _image(image: object) -> ImageInput:
    if isinstance(image, ImageInput):
        return image
    if isinstance(image, Mapping):  # As Hugging Face's data sets hold images.
        named = cast(Mapping[str, Any], image)
        image = named.get("bytes") or named.get("path")
    if isinstance(image, np.ndarray):
        image = _from_array(image)
    if isinstance(image, Image.Image):
        # BMP keeps every pixel and is only a copy; PNG would spend most of its time on packing.
        buffer = BytesIO()
        try:
            upright_rgb(image).save(buffer, format="BMP")
        except (OSError, SyntaxError, ValueError) as error:
            raise ImageError(f"the PIL image cannot be read: {error}") from error
        return ImageInput(buffer.getvalue())
    if isinstance(image, bytes):
        return ImageInput(image)
    if isinstance(image, bytearray | memoryview):
        return ImageInput(bytes(image))
    if isinstance(image, str | PathLike):
        name = str(image)
        return ImageInput(RefusedImage.of_url(name) or Path(name))
    if hasattr(image, "read"):
        return ImageInput(_from_file(image))
    raise ImageError(
        "expected a path, bytes, an open file, a PIL image, an array or an ImageInput, got "
        f"{type(image).__name__}"
    )


def _from_file(file: Any) -> bytes:
    try:
        content: object = file.read()
    except (OSError, ValueError) as error:
        raise ImageError(f"the open file cannot be read: {error}") from error
    if not isinstance(content, bytes):
        raise ImageError("the open file gives text: open it for bytes, with mode 'rb'")
    if not content and _is_at_its_end(file):
        raise ImageError("the open file is at its end: rewind it with seek(0)")
    return content


def _is_at_its_end(file: Any) -> bool:
    try:
        return file.tell() > 0
    except (AttributeError, OSError, ValueError):
        return False


def _from_array(pixels: np.ndarray) -> Image.Image:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ImageError(
            "expected an array of uint8 of 0 to 255, its shape (height, width) or (height, width, "
            f"channels) with 1, 3 or 4 channels; got {pixels.dtype} of shape {pixels.shape}"
        )
    if not pixels.size:
        raise ImageError(f"the array holds no pixel: its shape is {pixels.shape}")
    flat = pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels
    return Image.fromarray(np.ascontiguousarray(flat))


def _shown(value: object) -> str:
    if is_missing(value):
        return "None" if value is None else "a missing value (NaN)"
    return type(value).__name__
