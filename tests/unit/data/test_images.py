import io
import os

import numpy as np
import pytest
from PIL import Image

from gmf.data.images import FaultKind, UnusableImageError, crop_box, open_image


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def two_halves(mode="RGB", size=(40, 20), left="red", right="blue"):
    image = Image.new(mode, size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def is_near(pixel, colour):
    return all(abs(a - b) < 12 for a, b in zip(pixel, colour, strict=True))


def test_opens_by_content(tmp_path):
    path = tmp_path / "33.jpg"
    path.write_bytes(encoded(two_halves()))
    image = open_image(path)
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (40, 20), (255, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_formats(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    image = open_image(encoded(two_halves(), kind, **options))
    assert is_near(image.getpixel((4, 4)), (255, 0, 0))
    assert is_near(image.getpixel((36, 4)), (0, 0, 255))


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = open_image(encoded(two_halves(), "JPEG", exif=exif))
    assert image.size == (20, 40)
    assert is_near(image.getpixel((10, 3)), (255, 0, 0))
    assert is_near(image.getpixel((10, 36)), (0, 0, 255))


def test_transparency_is_laid_over_white():
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert open_image(encoded(image)).getpixel((0, 0)) == (255, 255, 255)
    grey = Image.new("LA", (4, 4), (0, 0))
    assert open_image(encoded(grey)).getpixel((0, 0)) == (255, 255, 255)
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30] + [0] * 765)
    assert open_image(encoded(palette, transparency=0)).getpixel((0, 0)) == (255, 255, 255)
    assert open_image(encoded(palette)).getpixel((0, 0)) == (10, 20, 30)
    rgb = Image.new("RGB", (4, 4), (1, 2, 3))
    assert open_image(encoded(rgb, transparency=(1, 2, 3))).getpixel((0, 0)) == (255, 255, 255)
    assert open_image(encoded(rgb, transparency=(9, 9, 9))).getpixel((0, 0)) == (1, 2, 3)


def test_cmyk_grey_and_one_bit():
    assert is_near(
        open_image(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")).getpixel((0, 0)),
        (254, 0, 0),
    )
    assert open_image(encoded(Image.new("L", (4, 4), 77))).getpixel((0, 0)) == (77, 77, 77)
    assert open_image(encoded(Image.new("1", (4, 4), 1))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled(kind):
    image = Image.fromarray(np.full((4, 4), 128 * 257, dtype=np.uint16))
    assert open_image(encoded(image, kind)).getpixel((0, 0)) == (128, 128, 128)


def test_real_numbers_are_scaled_by_their_range():
    image = Image.fromarray(np.array([[0.25, 0.75]], dtype=np.float32))
    opened = open_image(encoded(image, "TIFF"))
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    animation = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(animation).getpixel((0, 0)) == (255, 0, 0)


def test_faults_are_named_by_kind(tmp_path):
    whole = encoded(two_halves(size=(200, 200)), "WEBP", lossless=True)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    damaged = bytearray(encoded(noise))
    damaged[41:90] = bytes(49)  # From the first byte of the pixels on.
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "c.jpg").write_bytes(encoded(noise))
    broken = tmp_path / "broken.webp"
    broken.write_bytes(whole[: len(whole) // 2])
    cases = [
        (tmp_path / "none.jpg", FaultKind.ABSENT, r"none\.jpg: absent: no such file"),
        (tmp_path / "broken.webp;b.jpg", FaultKind.ABSENT, "it names several: give them as a list"),
        (tmp_path / "c.jpg", FaultKind.ABSENT, "images has one: is that the folder of images?"),
        (broken, FaultKind.BROKEN, r"broken\.webp: broken: "),
        (bytes(damaged), FaultKind.BROKEN, "bytes>: broken: "),
        (tmp_path, FaultKind.BROKEN, "cannot be read"),
        (b"", FaultKind.NOT_AN_IMAGE, "empty file"),
        (b"not found", FaultKind.NOT_AN_IMAGE, "not an image: expected JPEG, PNG"),
        (b"\n<HTML>not found</html>", FaultKind.NOT_AN_IMAGE, "not an image: a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", FaultKind.NOT_AN_IMAGE, "git lfs pull"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FaultKind.NOT_AN_IMAGE, "SVG drawing"),
        (pipe, FaultKind.BROKEN, "it is a pipe"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", FaultKind.NOT_AN_IMAGE, "expected"),
    ]
    for source, kind, message in cases:
        with pytest.raises(UnusableImageError, match=message) as caught:
            open_image(source)
        assert caught.value.kind is kind


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(200 * 2**30)
    with pytest.raises(UnusableImageError, match=r"a.jpg: too large: a file of 214748364800 bytes"):
        open_image(tmp_path / "a.jpg")


def test_pixel_limit_is_checked_before_decoding():
    content = encoded(Image.new("RGB", (100, 100)))
    with pytest.raises(UnusableImageError, match="too large: 100 x 100 pixels, the limit is 9999"):
        open_image(content[:60], max_pixels=9999)
    assert open_image(content, max_pixels=10_000).size == (100, 100)


@pytest.mark.filterwarnings("ignore:.*(EXIF|Truncated|Tag).*:UserWarning")
def test_every_prefix_of_a_file_is_a_picture_or_a_named_fault():
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        content = encoded(two_halves(), kind)
        for end in range(0, len(content), 7):
            try:
                open_image(content[:end])
            except UnusableImageError:
                continue


def test_box_is_clipped_and_widened_to_pixels():
    image = two_halves()
    assert crop_box(image, (-5, -5, 10.2, 10), name="x").size == (11, 10)
    assert crop_box(image, (30, 0, 99, 99), name="x").size == (10, 20)
    assert crop_box(image, (20, 0, 21, 1), name="x").getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize(
    "box", [(40, 0, 50, 5), (5, 5, 5, 9), (9, 5, 2, 9), (-9, 0, 0, 5), (0, 0, float("nan"), 1)]
)
def test_box_without_area_is_a_fault(box):
    with pytest.raises(UnusableImageError, match=r"x\.png: empty region: box .*40 x 20 pixels"):
        crop_box(two_halves(), box, name="x.png")
