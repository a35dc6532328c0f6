"""Image files to upright RGB: by content, within a pixel limit, faults named by kind."""

import math
import re
import stat
import struct
import zlib
from enum import StrEnum
from pathlib import Path
from typing import Self

from PIL import Image, UnidentifiedImageError

from gmf.core.errors import ImageError
from gmf.data.decoding import FORMATS, SUBSTITUTION, decode, missing_decoder
from gmf.reading.image_folders import IMAGE_SUFFIXES, image_folder_of
from gmf.reading.near_files import NO_URL, is_there, near_name, url_in

#: ``(x1, y1, x2, y2)`` in pixels of an upright image.
Box = tuple[float, float, float, float]
#: Refuse larger images before they are decoded: width times height.
MAX_PIXELS = 50_000_000
#: Refuse larger files before they are read.
MAX_BYTES = 1 << 29
#: First bytes, in small letters, of what is often found under the names of images.
_NO_IMAGES = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself: run git lfs pull"),
    (b"/annex/objects/", "a pointer of git-annex, not the file itself: run git annex get"),
    (b"<!doctype html", "a web page, which servers send where there is no image"),
    (b"<html", "a web page, which servers send where there is no image"),
    (b"<?xml", "XML or an SVG drawing: convert it to PNG"),
    (b"<svg", "an SVG drawing: convert it to PNG"),
    (b"%pdf", "a PDF file: convert its page to PNG"),
    (b"\x1f\x8b", "a file compressed with gzip: unpack it"),
)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


class FaultKind(StrEnum):
    """Why an image cannot be used."""

    ABSENT = "absent"
    NOT_AN_IMAGE = "not an image"
    BROKEN = "broken"
    TOO_LARGE = "too large"
    EMPTY_REGION = "empty region"
    REFUSED = "refused"


class UnusableImageError(ImageError):
    """An image cannot be used.

    Args:
        name: The file, or ``<N bytes>``.
        kind: Why.
        detail: What was found.
    """

    def __init__(self, name: str, *, kind: FaultKind, detail: str) -> None:
        self.name, self.kind, self.detail = name, kind, detail
        super().__init__(f"{name}: {kind.value}: {detail}")


class DecodedImage(bytes):
    """Encoded bytes that carry the image they were decoded to, so that it is decoded once.

    It is its bytes to whoever takes bytes: equal images are equal, and have one key in a cache.
    Nobody may change ``image``.
    """

    image: Image.Image

    @classmethod
    def of(cls, content: bytes, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Decode an image.

        Raises:
            UnusableImageError: See ``open_image``.
        """
        decoded = cls(content)
        decoded.image = open_image(content, max_pixels=max_pixels)
        return decoded


class RefusedImage(bytes):
    """The name of an image that is not opened, in the place of its bytes.

    Args:
        name: As it was given.
        reason: Why it is not opened.
    """

    fault: UnusableImageError

    def __new__(cls, name: str, reason: str) -> Self:
        """Keep the name and the reason."""
        refused = super().__new__(cls, name.encode(errors="replace"))
        refused.fault = UnusableImageError(name[:200], kind=FaultKind.REFUSED, detail=reason)
        return refused

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.fault.name, self.fault.detail)

    @classmethod
    def of_url(cls, name: str) -> Self | None:
        """Return the refusal of a URL; ``None`` for any other name."""
        if "://" not in name and not name.lower().startswith(("data:", "http:", "https:")):
            return None
        return cls(name, NO_URL)


def name_of(source: Path | bytes) -> str:
    """Return a source's name for messages."""
    if isinstance(source, RefusedImage):
        return source.fault.name
    return str(source) if isinstance(source, Path) else f"<{len(source)} bytes>"


def read_source(source: Path | bytes) -> bytes:
    """Return the encoded bytes of an image.

    Raises:
        UnusableImageError: If the file is absent, cannot be read, is too large or is not to be
            opened.
    """
    if isinstance(source, RefusedImage):
        raise source.fault
    if isinstance(source, bytes):
        return source
    try:
        # Reading a pipe waits for whoever writes it, and reading a device may never end.
        status = source.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise OSError("it is a pipe or a device")
        if status.st_size > MAX_BYTES:
            detail = f"a file of {status.st_size} bytes, the limit is {MAX_BYTES}"
            raise UnusableImageError(str(source), kind=FaultKind.TOO_LARGE, detail=detail)
        return source.read_bytes()
    except (OSError, ValueError) as error:
        if url := url_in(source):
            raise RefusedImage(url, NO_URL).fault from error
        is_absent = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise UnusableImageError(
            str(source),
            kind=FaultKind.ABSENT if is_absent else FaultKind.BROKEN,
            detail=_absent(source) if is_absent else f"cannot be read ({error})",
        ) from error


def _absent(path: Path) -> str:
    if path.is_symlink():
        target = path.readlink().as_posix()
        get = ": run git annex get" if "annex/objects" in target else ""
        return f"no such file; it is a link to {target}, which is not there{get}"
    near = near_name(path, suffixes=IMAGE_SUFFIXES)
    first, *others = re.split("[,;|]", str(path))
    if others and is_there(Path(first)):
        return "no such file; it names several: give them as a list"
    if is_there((folder := image_folder_of(path.parent)) / path.name):
        return f"no such file; {folder} has one: is that the folder of images?"
    return f"no such file; did you mean {near!r}?" if near else "no such file"


def open_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode an image to RGB.

    The format is told by content, never by name; the image is as browsers show it, see
    ``gmf.data.decoding``. What stands in for a part that is missing, ``substitution_of`` tells.

    Args:
        source: File or encoded bytes (JPEG, PNG, GIF, WebP, BMP, TIFF, AVIF, HEIC).
        max_pixels: Limit on width times height, checked on the header before decoding.

    Raises:
        UnusableImageError: If the file is absent, refused, no image, broken or too large.
    """
    if isinstance(source, DecodedImage) and math.prod(source.image.size) <= max_pixels:
        return source.image
    name = name_of(source)
    content = read_source(source)
    try:
        return decode(content, max_pixels=max_pixels)
    except UnidentifiedImageError as error:
        detail = missing_decoder(content) or f"expected {', '.join(FORMATS)}"
        head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        told = next((what for mark, what in _NO_IMAGES if head.startswith(mark)), detail)
        detail = told if content else "empty file"
        raise UnusableImageError(name, kind=FaultKind.NOT_AN_IMAGE, detail=detail) from error
    except _TOO_LARGE as error:
        raise UnusableImageError(name, kind=FaultKind.TOO_LARGE, detail=str(error)) from error
    except _BROKEN as error:
        raise UnusableImageError(
            name, kind=FaultKind.BROKEN, detail=str(error) or repr(error)
        ) from error


def substitution_of(image: Image.Image) -> str:
    """Return what stands in for a part of an opened image; empty when all of it was decoded."""
    return str(image.info.get(SUBSTITUTION, ""))


def crop_box(image: Image.Image, box: Box, *, name: str) -> Image.Image:
    """Cut a box out of an upright image.

    Args:
        image: The image.
        box: ``(x1, y1, x2, y2)`` in pixels from the upper left corner; clipped to the image and
            widened to whole pixels.
        name: The image's name, for messages.

    Raises:
        UnusableImageError: If nothing of the box lies inside the image.
    """
    width, height = image.size
    if all(map(math.isfinite, box)):
        left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
        right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
        if left < right and top < bottom:
            return image.crop((left, top, right, bottom))
    raise UnusableImageError(
        name,
        kind=FaultKind.EMPTY_REGION,
        detail=f"box {box} has no area inside the image of {width} x {height} pixels",
    )
