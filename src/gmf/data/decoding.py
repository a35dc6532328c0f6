"""Encoded images to upright RGB as browsers show them: by content, tolerant, colours in sRGB."""

import importlib.util
import struct
import threading
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError, features

from gmf.reading.image_folders import IMAGE_SUFFIXES

#: Decoders that not every installation has, and what brings them.
_OPTIONAL = {"AVIF": "Pillow 11.3 or later", "HEIF": "pip install 'gmf[heif]'"}
_HAS = {"AVIF": features.check("avif"), "HEIF": importlib.util.find_spec("pillow_heif") is not None}
#: Decoders in use. Others (EPS, PSD, ...) are no formats of posts and widen the attack surface.
FORMATS = tuple(f for f in dict.fromkeys(IMAGE_SUFFIXES.values()) if _HAS.get(f, True))
#: Key of ``Image.info``: what stands in for a part of the image that could not be decoded.
SUBSTITUTION = "gmf_substitution"

_METADATA = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_FTYP = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIF", b"heix": "HEIF", b"mif1": "HEIF"}

if _HAS["HEIF"]:
    from pillow_heif import register_heif_opener  # pyright: ignore

    register_heif_opener()


class _ByThread(threading.local):
    """Pillow's switch for damaged files, set for one thread at a time.

    Pillow asks a global for its truth. Two threads that switched it in turn would let each other's
    damaged images pass without a word.
    """

    is_on = bool(ImageFile.LOAD_TRUNCATED_IMAGES)

    def __bool__(self) -> bool:
        return self.is_on


_TOLERANCE = _ByThread()
ImageFile.LOAD_TRUNCATED_IMAGES = _TOLERANCE  # pyright: ignore[reportAttributeAccessIssue]


def open_header(content: bytes) -> Image.Image:
    """Return an image of which only the header was read, whatever its size.

    ``Image.open`` has a limit of its own, which would stand in for that of the caller, and warns on
    standard error of images below it.

    Raises:
        UnidentifiedImageError: If it has none of ``FORMATS``.
    """
    for name in FORMATS:
        if name not in Image.OPEN:
            Image.init()
        factory, accepts = Image.OPEN[name]
        # It is a text, for a warning, where a library is missing.
        if accepts is None or accepts(content[:16]) is True:
            try:
                return factory(BytesIO(content), "")
            except (SyntaxError, IndexError, TypeError, struct.error):
                continue
    raise UnidentifiedImageError(f"its content is none of {', '.join(FORMATS)}")


def missing_decoder(content: bytes) -> str:
    """Return what would read an image of a format that this installation lacks; empty if none."""
    kind = _FTYP.get(content[8:12], "") if content[4:8] == b"ftyp" else ""
    return "" if _HAS.get(kind, True) else f"{kind} images need {_OPTIONAL[kind]}"


def decode(content: bytes, *, max_pixels: int) -> Image.Image:
    """Return encoded bytes as an upright RGB image.

    Of an image whose end is missing or damaged it is what could be decoded, and
    ``info[SUBSTITUTION]`` tells so.

    Args:
        content: The encoded image.
        max_pixels: Limit on width times height, checked before pixels are decoded.

    Raises:
        DecompressionBombError: If it is larger.
        UnidentifiedImageError: If it has none of ``FORMATS``.
        OSError: Or others of Pillow's errors, if nothing can be decoded.
    """
    try:
        return _decode(content, max_pixels)
    except _DAMAGED as error:
        first = error
    bare = _without_metadata(content)
    if bare != content:
        try:
            return _decode(bare, max_pixels)
        except _DAMAGED:
            pass
    _TOLERANCE.is_on = True
    try:
        image = _decode(bare, max_pixels)
    except _DAMAGED as error:
        raise first from error
    finally:
        _TOLERANCE.is_on = False
    colours = image.getextrema()
    if all(isinstance(band, tuple) and band[0] == band[1] for band in colours):
        raise first  # Nothing but what stands in for the rest.
    image.info[SUBSTITUTION] = f"only a part of it could be decoded ({first})"
    return image


_DAMAGED = (OSError, SyntaxError, EOFError, ValueError)


def upright_rgb(image: Image.Image) -> Image.Image:
    """Return an opened image upright, in RGB, its colours in sRGB, transparency over white.

    An animation gives its first frame, 16 bits are scaled to 8.

    Raises:
        OSError: Or others of Pillow's errors, if the content that is still unread is broken.
    """
    image.load()
    return _to_rgb(_upright(image))


def _decode(content: bytes, max_pixels: int) -> Image.Image:
    with open_header(content) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise Image.DecompressionBombError(
                f"{width} x {height} pixels, the limit is {max_pixels}"
            )
        upright = upright_rgb(image)
        upright.format = "JPEG" if image.format == "MPO" else image.format
        return upright


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Unreadable EXIF says nothing about the image itself.
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode == "RGB" and not image.has_transparency_data:
        return _in_srgb(image.copy(), profile)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.mode == "CMYK":
        return _in_srgb(image, profile).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return _in_srgb(Image.alpha_composite(paper, layered).convert("RGB"), profile)
    return _in_srgb(image.convert("RGB"), profile)


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Return an image with its colours in sRGB; as it is when its profile cannot be applied."""
    if not isinstance(profile, bytes) or not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        target = ImageCms.createProfile("sRGB")
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        converted = ImageCms.profileToProfile(
            image, source, target, renderingIntent=intent, outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image  # Browsers show it without: the profile may be damaged, or of grey.
    return image if converted is None else converted


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit whole numbers, and real numbers by their own range, to 0..255."""
    numbers = np.nan_to_num(values.astype(np.float64))
    if values.dtype.kind == "f":
        low, high = float(numbers.min()), float(numbers.max())
        scaled = (numbers - low) * (255 / (high - low)) if high > low else numbers * 0
    else:
        scaled = numbers / 257
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _without_metadata(content: bytes) -> bytes:
    """Return a PNG without texts and colour profile, which Pillow limits in size; others as is."""
    if not content.startswith(_PNG_MAGIC):
        return content
    kept, position = [_PNG_MAGIC], len(_PNG_MAGIC)
    while position + 8 <= len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4])
        if content[position + 4 : position + 8] not in _METADATA:
            kept.append(content[position:end])
        position = end
    return b"".join(kept)
