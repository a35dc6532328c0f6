"""Images that browsers show are read as they show them; what is missing of one is told."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from gmf.core.types import ImageInput, Sample
from gmf.data.decoding import _HAS, missing_decoder, open_header
from gmf.data.image_report import ImageReport
from gmf.data.images import (
    DecodedImage,
    RefusedImage,
    UnusableImageError,
    name_of,
    open_image,
    substitution_of,
)
from gmf.data.views import View, collate_views
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.testing import tiny_image_processor
from gmf.vision.cache.pixels import cached_pixels
from gmf.vision.views import DirectViews

SIZE = 64


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def photo():
    """Something with detail: red above, blue below, both with a pattern."""
    y, x = np.mgrid[:SIZE, :SIZE]
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    pixels[..., 0] = np.where(y < SIZE // 2, 220, 20)
    pixels[..., 1] = (x * 7 + y * 3) % 32
    pixels[..., 2] = np.where(y < SIZE // 2, 20, 220)
    return Image.fromarray(pixels)


def pixels_of(content):
    return np.asarray(open_image(content)).astype(int)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.9, 0.7])
def test_of_a_file_without_its_end_the_beginning_is_read_and_the_rest_told(kind, share):
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "GIF": {"interlace": False}}
    content = encoded(photo(), kind, **options.get(kind, {}))
    cut = content[: int(len(content) * share)]
    whole, part = open_image(content), open_image(cut)
    assert substitution_of(whole) == ""
    assert substitution_of(part).startswith("only a part of it could be decoded (")
    assert part.size == whole.size
    top = slice(SIZE * 3 // 4, None) if kind == "BMP" else slice(0, SIZE // 4)
    np.testing.assert_array_equal(np.asarray(whole)[top], np.asarray(part)[top])


@pytest.mark.parametrize("lost", [1, 2, 20])
def test_a_jpeg_without_its_end_mark_is_read(lost):
    content = encoded(photo(), "JPEG", quality=95)
    assert (np.abs(pixels_of(content[:-lost]) - pixels_of(content))[: SIZE // 2] == 0).all()


def test_a_file_with_nothing_but_its_header_is_broken():
    for kind, pixels in (("JPEG", b"\xff\xda"), ("PNG", b"IDAT"), ("BMP", b"")):
        content = encoded(photo(), kind)
        start = content.find(pixels) if pixels else 54
        with pytest.raises(UnusableImageError, match=r"broken|not an image"):
            open_image(content[:start])


def test_threads_do_not_let_damaged_files_of_others_pass_untold():
    content = encoded(photo(), "JPEG", quality=95)
    cut = content[: len(content) * 2 // 3]
    with ThreadPoolExecutor(8) as pool:
        told = list(
            pool.map(lambda n: substitution_of(open_image(cut if n % 2 else content)), range(200))
        )
    assert all(bool(text) == bool(n % 2) for n, text in enumerate(told))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    "metadata",
    [
        png_chunk(
            b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * (PngImagePlugin.MAX_TEXT_CHUNK + 1))
        ),
        png_chunk(b"tEXt", b"parameters\0" + b"a" * (PngImagePlugin.MAX_TEXT_MEMORY + 1)),
        png_chunk(b"iCCP", b"p\0\0" + zlib.compress(b"a" * (PngImagePlugin.MAX_TEXT_CHUNK + 1))),
        png_chunk(b"tEXt", b"a\0b")[:-4] + b"\0\0\0\0",
    ],
    ids=["zTXt", "tEXt", "iCCP", "wrong sum"],
)
def test_metadata_never_costs_the_pixels(metadata):
    content = encoded(photo(), "PNG")
    full = content[:33] + metadata + content[33:]
    np.testing.assert_array_equal(pixels_of(full), np.asarray(photo()))
    assert substitution_of(open_image(full)) == ""


def test_cmyk_of_adobe_and_palettes_and_first_frames():
    magenta = Image.new("CMYK", (16, 16), (0, 255, 0, 0))
    assert abs(pixels_of(encoded(magenta, "JPEG", quality=100))[8, 8] - [255, 0, 255]).max() < 3
    assert abs(pixels_of(encoded(magenta, "TIFF"))[8, 8] - [255, 0, 255]).max() < 3
    palette = photo().quantize(8)
    palette.info["transparency"] = 0
    shown = pixels_of(encoded(palette, "PNG", transparency=0))
    assert (shown[np.asarray(palette) == 0] == 255).all()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert pixels_of(content)[0, 0].tolist() == [255, 0, 0]
    pair = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    opened = open_image(pair)
    assert opened.format == "JPEG"
    assert np.abs(np.asarray(opened)[4, 4].astype(int) - [254, 0, 0]).max() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_is_turned_upright(kind, orientation):
    """As browsers do: the marked corner ends where EXIF says that the upper left belongs."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (64, 32), "black")
    image.paste("white", (0, 0, 16, 16))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    shown = pixels_of(encoded(image, kind, exif=exif, **options))[..., 0]
    assert shown.shape == ((32, 64) if orientation < 5 else (64, 32))
    row, column = ((0, 0), (0, -1), (-1, -1), (-1, 0))[(orientation - 1) % 4]
    assert shown[row, column] > 250
    assert sorted(shown[[0, 0, -1, -1], [0, -1, 0, -1]] > 250) == [False, False, False, True]


def test_colours_of_another_profile_are_shown_in_srgb():
    """A profile whose red and blue are exchanged shows blue where the numbers say red."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = bytearray(srgb)
    red, blue = swapped.find(b"rXYZ"), swapped.find(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    name = swapped.find("sRGB".encode("utf-16-be"))
    swapped[name : name + 8] = "swap".encode("utf-16-be")
    image = Image.new("RGB", (8, 8), (255, 0, 0))
    plain = encoded(image, "PNG", icc_profile=srgb)
    assert pixels_of(plain)[0, 0].tolist() == [255, 0, 0]
    for kind in ("PNG", "TIFF"):
        shown = pixels_of(encoded(image, kind, icc_profile=bytes(swapped)))[0, 0]
        assert np.abs(shown - [0, 0, 255]).max() < 12
    for unusable in (b"no profile", lab):
        assert pixels_of(encoded(image, "PNG", icc_profile=unusable))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_is_read():
    shown = pixels_of(encoded(photo(), "AVIF", quality=95))
    assert np.abs(shown - np.asarray(photo())).mean() < 8


def test_heic_is_read_where_its_decoder_is_and_named_where_not(monkeypatch):
    pytest.importorskip("pillow_heif")
    content = encoded(photo(), "HEIF", quality=95)
    assert np.abs(pixels_of(content) - np.asarray(photo())).mean() < 8
    monkeypatch.setitem(_HAS, "HEIF", False)
    assert missing_decoder(content) == "HEIF images need pip install 'gmf[heif]'"
    assert missing_decoder(b"<html>") == ""
    assert IMAGE_SUFFIXES[".heic"] == "HEIF"


def test_what_stands_in_is_counted_each_time_and_never_cached(tmp_path):
    content = encoded(photo(), "JPEG", quality=95)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(content[: len(content) * 2 // 3])
    source = cached_pixels(DirectViews(tiny_image_processor()), root=tmp_path / "cache")
    samples = [Sample("1", ("a",), images=(ImageInput(cut), ImageInput(content)))]
    for _ in range(2):
        report = ImageReport()
        fields = collate_views(
            samples, source=source, max_regions=0, missing_image="mask", report=report
        )
        assert report.images == {"read in part": 1, "read": 1}
        assert f"{cut}: only a part of it could be decoded" in report.examples["read in part"][0]
        assert [bool(o.substitution) for o in fields.slot_origins[0]] == [True, False]
        assert fields.view_index.tolist() == [[0, 1]]
        assert report.training_warning() == ""
    assert source.counts.stored == 1
    decoded = DecodedImage.of(cut.read_bytes())
    assert DirectViews(tiny_image_processor()).fetch([View(decoded)]).substitutions


def test_a_refused_image_is_never_opened_and_keeps_its_name():
    refused = RefusedImage("https://example.org/a.png", "no URL is fetched")
    assert name_of(refused) == "https://example.org/a.png"
    with pytest.raises(UnusableImageError, match=r"https://example.org/a.png: refused: no URL"):
        open_image(refused)
    assert RefusedImage.of_url("a/b.png") is None
    assert RefusedImage.of_url("HTTPS:/a.png") is not None


@pytest.mark.parametrize("side", [10_000, 20_000])
def test_the_limit_of_a_huge_image_is_ours_and_nothing_is_warned_of(side, recwarn):
    """Pillow warns from 89 million pixels on, and from 179 million on tells a limit of its own."""

    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
    with pytest.raises(UnusableImageError) as caught:
        DecodedImage.of(content, max_pixels=25_000_000)
    assert caught.value.detail == f"{side} x {side} pixels, the limit is 25000000"
    assert not recwarn.list
    with open_header(content) as image:
        assert image.size == (side, side)
