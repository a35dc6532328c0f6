"""Posts that show whether an exported model does what its checkpoint does."""

from io import BytesIO

import numpy as np
from PIL import Image

from gmf.core.types import ImageInput, Region, Sample
from gmf.reading.tokenize import tokenize

_TEXTS = (
    "RT @ann_lee: Rocky is ready for #snow season in Oslo https://t.co/x1",
    "Sarah's",
    "el niño 東京 😀👍🏽 — “Acme” vs. the Red-Cross & more",
    "World Cup 2018: 3.5 million fans!!!",
    "no image here , just Helsinki",
    "the same image as in the first post",
)


def probe_posts() -> list[Sample]:
    """Return posts of unlike length and script: with one image, several, a region, or none."""
    wide, tall, small = (
        _noise(seed, *size) for seed, size in enumerate(((90, 60), (50, 130), (40, 40)))
    )
    region = Region(box=(5.0, 5.0, 50.0, 40.0))
    images = (
        (ImageInput(wide),),
        (ImageInput(wide, (region,)), ImageInput(tall)),
        (ImageInput(small),),
        (ImageInput(tall),),
        (),
        (ImageInput(wide),),
    )
    posts: list[Sample] = []
    for number, (text, listed) in enumerate(zip(_TEXTS, images, strict=True)):
        tokens, offsets = tokenize(text)
        posts.append(Sample(str(number), tokens, images=listed, text=text, offsets=offsets))
    return posts


def _noise(seed: int, width: int, height: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
