"""A post as users give it, text and images in any usual form, to a sample."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from gmf.core.errors import DataError, ImageError
from gmf.core.types import ImageInput, Sample
from gmf.data.images import upright_rgb
from gmf.data.tokenize import tokenize

#: What is taken as one image: a file, encoded bytes, an opened picture, or one with regions.
ImageLike = str | Path | bytes | Image.Image | ImageInput
#: The images of one post.
PostImages = ImageLike | Sequence[ImageLike] | None
#: A post: its text, or its text and its images.
Post = str | tuple[str, PostImages]


def sample_of(text: str, images: PostImages = None, *, name: str = "", origin: str = "") -> Sample:
    """Return a post as a sample; files are not opened yet.

    Args:
        text: Raw text; may be empty.
        images: None, one or a list.
        name: Identifier of the post.
        origin: Where it came from, for messages.

    Raises:
        DataError: If the text holds half a character (a lone surrogate).
        ImageError: If an image is no image, or names a URL: none is ever fetched.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"character {error.start} is half of a surrogate pair: expected Unicode text; decode "
            "the source with the right encoding",
            field="text",
        ) from error
    listed = () if images is None else images if isinstance(images, list | tuple) else (images,)
    tokens, offsets = tokenize(text)
    return Sample(
        name,
        tokens,
        images=tuple(map(_image, listed)),
        text=text,
        offsets=offsets,
        origin=origin,
    )


def _image(image: object) -> ImageInput:
    if isinstance(image, ImageInput):
        return image
    if isinstance(image, Image.Image):
        # BMP keeps every pixel and is only a copy; PNG would spend most of its time on packing.
        buffer = BytesIO()
        try:
            upright_rgb(image).save(buffer, format="BMP")
        except (OSError, SyntaxError, ValueError) as error:
            raise ImageError(f"the PIL image cannot be read: {error}") from error
        return ImageInput(buffer.getvalue())
    if isinstance(image, bytes | bytearray | memoryview):
        return ImageInput(bytes(image))
    if isinstance(image, str) and image.lower().startswith(("http:", "https:", "ftp:", "data:")):
        raise ImageError(f"{image[:60]!r}: no URL is fetched; pass a path or the image's bytes")
    if isinstance(image, str | Path):
        return ImageInput(Path(image))
    raise ImageError(
        f"expected a path, bytes, a PIL image or an ImageInput, got {type(image).__name__}"
    )
