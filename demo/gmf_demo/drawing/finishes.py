"""Finishes: what happens to the whole image after its shapes were drawn."""

from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Finish = Callable[[Image.Image, Random], Image.Image]
Pixels = NDArray[np.float32]


def _pixels(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.float32)


def _image(pixels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _noise(rng: Random, height: int, width: int) -> Pixels:
    generator = np.random.default_rng(rng.getrandbits(32))
    return generator.standard_normal((height, width, 1), dtype=np.float32)


def _coarse_noise(rng: Random, image: Image.Image, cells: int) -> Pixels:
    """Return smooth noise in about [-1, 1], one value a pixel."""
    generator = np.random.default_rng(rng.getrandbits(32))
    small = Image.fromarray(generator.integers(0, 255, (cells, cells), dtype=np.uint8))
    large = small.resize(image.size, Image.Resampling.BICUBIC)
    return np.asarray(large, dtype=np.float32)[..., None] / 127.5 - 1


def clean(image: Image.Image, rng: Random) -> Image.Image:
    """Leave the image as it is."""
    del rng
    return image


def grain(image: Image.Image, rng: Random) -> Image.Image:
    """Add film grain."""
    return _image(_pixels(image) + rng.uniform(6, 14) * _noise(rng, image.height, image.width))


def paper(image: Image.Image, rng: Random) -> Image.Image:
    """Add the tooth of drawing paper."""
    texture = 5 * _noise(rng, image.height, image.width) + 8 * _coarse_noise(rng, image, 24)
    return _image(_pixels(image) + texture)


def wax(image: Image.Image, rng: Random) -> Image.Image:
    """Let paper show through, as under a crayon."""
    pixels = _pixels(image)
    holes = _noise(rng, image.height, image.width) + 0.5 * _coarse_noise(rng, image, 60) > 1.0
    return _image(np.where(holes, 0.35 * pixels + 0.65 * 246, pixels))


def watercolour(image: Image.Image, rng: Random) -> Image.Image:
    """Blur edges and let the pigment pool."""
    pixels = _pixels(image.filter(ImageFilter.GaussianBlur(1.1)))
    pooled = pixels * (1 + 0.16 * _coarse_noise(rng, image, 9))
    washed = 0.9 * pooled + 0.1 * 250
    return _image(washed + 3 * _noise(rng, image.height, image.width))


def photo(image: Image.Image, rng: Random) -> Image.Image:
    """Light from one side, soft focus, darker corners and sensor noise."""
    pixels = _pixels(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 1.2))))
    light = 1 + 0.22 * _coarse_noise(rng, image, 3)
    lit = pixels * light * _vignette(image, 0.3)
    return _image(lit + 9 * _noise(rng, image.height, image.width))


def old_photo(image: Image.Image, rng: Random) -> Image.Image:
    """Blur, strong dark corners, grain, and a pale border."""
    pixels = _pixels(image.filter(ImageFilter.GaussianBlur(1.0))) * _vignette(image, 0.45)
    faded = 0.85 * pixels + 24 + 7 * _noise(rng, image.height, image.width)
    rim = round(0.03 * image.width)
    faded[:rim], faded[-rim:], faded[:, :rim], faded[:, -rim:] = 235, 235, 235, 235
    return _image(faded)


def _vignette(image: Image.Image, strength: float) -> Pixels:
    y = np.linspace(-1, 1, image.height, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, image.width, dtype=np.float32)[None, :, None]
    return (1 - strength / 2 * (x * x + y * y)).astype(np.float32)


def halftone(image: Image.Image, rng: Random) -> Image.Image:
    """Print in dots whose size follows the darkness."""
    cell = rng.choice((4, 5))
    pixels = _pixels(image)
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    u, v = (x + y) * 0.7071, (x - y) * 0.7071
    screen = (np.cos(u * 2 * np.pi / cell) + np.cos(v * 2 * np.pi / cell))[..., None]
    return _image(pixels + 26 * screen)


def blocks(image: Image.Image, rng: Random) -> Image.Image:
    """Reduce to large square pixels of few colours."""
    side = rng.randint(72, 88)
    small = image.resize((side, side), Image.Resampling.BOX).quantize(rng.choice((24, 32)))
    return small.convert("RGB").resize(image.size, Image.Resampling.NEAREST)


def mosaic(image: Image.Image, rng: Random) -> Image.Image:
    """Lay the image in small tiles with joints."""
    cell = rng.choice((5, 6))
    columns, rows = -(-image.width // cell), -(-image.height // cell)
    small = image.resize((columns, rows), Image.Resampling.BOX)
    tiles = _pixels(small).repeat(cell, axis=0).repeat(cell, axis=1)[: image.height, : image.width]
    tint = _noise(rng, rows, columns).repeat(cell, axis=0).repeat(cell, axis=1)
    tiles = tiles + 9 * tint[: image.height, : image.width]
    tiles[::cell] = 0.6 * tiles[::cell] + 0.4 * 190
    tiles[:, ::cell] = 0.6 * tiles[:, ::cell] + 0.4 * 190
    return _image(tiles)


def posterised(image: Image.Image, rng: Random) -> Image.Image:
    """Reduce to few flat colours."""
    return image.quantize(rng.choice((8, 10))).convert("RGB")


def oil(image: Image.Image, rng: Random) -> Image.Image:
    """Paint over with a broad brush."""
    brushed = image.reduce(2).filter(ImageFilter.ModeFilter(3)).resize(image.size)
    return _image(_pixels(brushed) + 9 * _coarse_noise(rng, image, 40))


def cut(image: Image.Image, rng: Random) -> Image.Image:
    """Print in two colours, as from a cut block."""
    grey = _pixels(image.convert("L").filter(ImageFilter.GaussianBlur(0.8)))[..., None]
    lines = 34 * np.sin(np.arange(image.height, dtype=np.float32) * 2 * np.pi / 6)[:, None, None]
    light = (grey + lines) > rng.uniform(85, 110)
    ink, sheet = np.array([34, 30, 40], np.float32), np.array([240, 230, 208], np.float32)
    return _image(np.where(light, sheet, ink)).filter(ImageFilter.SMOOTH)


def screen_lines(image: Image.Image, rng: Random) -> Image.Image:
    """Show the scan lines of an old screen."""
    pixels = _pixels(image.filter(ImageFilter.GaussianBlur(0.7)))
    pixels[::3] *= rng.uniform(0.75, 0.88)
    return _image(pixels * 1.06)


def embroidery(image: Image.Image, rng: Random) -> Image.Image:
    """Stitch the image in slanting threads."""
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    thread = (
        np.sin((x + 0.6 * y) * 2 * np.pi / 5)[..., None] * np.sign(np.sin(y * np.pi / 7))[..., None]
    )
    return _image(_pixels(image) + 24 * thread + 5 * _noise(rng, image.height, image.width))
