import io

import numpy as np
import pytest
import torch
from PIL import Image

from gmf.core.errors import ImageError
from gmf.core.types import ImageInput, Region, Sample
from gmf.data.decoding import FORMATS
from gmf.data.image_report import ImageReport
from gmf.data.images import FaultKind, UnusableImageError
from gmf.data.view_pixels import prepare_views
from gmf.data.views import FetchedViews, View, blank_image, collate_views
from gmf.testing import synthetic_samples, tiny_image_processor
from gmf.vision.cache.identity import ContentKeys
from gmf.vision.views import DirectViews


def png(colour, size=(40, 40)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format="PNG")
    return buffer.getvalue()


def sample(*images, name="1"):
    return Sample(name, ("a",), images=images)


class CountingViews:
    def __init__(self):
        self.inner, self.asked = DirectViews(tiny_image_processor()), []

    def fetch(self, views):
        self.asked += views
        return self.inner.fetch(views)


def build(samples, *, missing_image="mask", max_regions=3, source=None, report=None):
    return collate_views(
        samples,
        source=source or DirectViews(tiny_image_processor()),
        max_regions=max_regions,
        missing_image=missing_image,
        report=report if report is not None else ImageReport(),
    )


def test_whole_image_then_its_first_regions(tmp_path):
    boxes = tuple(Region((0, 0, x, 10)) for x in (10, 20, 30, 40))
    fields = build([sample(ImageInput(png("red"), boxes)), sample(name="2")], max_regions=2)
    assert fields.content.shape == (3, 3, 32, 32)
    assert fields.content.dtype == np.float32
    assert fields.view_index.tolist() == [[0, 1, 2], [-1, -1, -1]]
    assert fields.view_is_region.tolist() == [[False, True, True], [False] * 3]


def test_region_shows_its_box(tmp_path):
    item = synthetic_samples(tmp_path, count=1)[0]
    fields = build([item])
    reference = DirectViews(tiny_image_processor()).fetch([View(png("red"))]).content_of(0)
    assert np.allclose(fields.content[1], reference, atol=0.05)
    assert not np.allclose(fields.content[0], reference, atol=0.5)


def test_each_distinct_view_is_fetched_once_and_shared():
    source, picture = CountingViews(), png("red")
    fields = build(
        [sample(ImageInput(picture)), sample(ImageInput(picture), name="2")], source=source
    )
    assert len(source.asked) == 1
    assert fields.view_index.tolist() == [[0], [0]]


def test_mask_leaves_faulty_images_out_and_counts_them(tmp_path):
    report = ImageReport()
    crop = tmp_path / "crop.png"
    crop.write_bytes(png("blue"))
    fields = build(
        [
            sample(ImageInput(tmp_path / "no.jpg", (Region((0, 0, 5, 5)), Region(crop=crop)))),
            sample(ImageInput(b"junk"), name="2"),
            sample(ImageInput(png("red"), (Region((90, 90, 95, 95)),)), name="3"),
        ],
        report=report,
    )
    assert fields.view_index.tolist() == [[-1, 0], [-1, -1], [1, -1]]
    assert report.images == {"absent": 1, "not an image": 1, "read": 1}
    assert report.regions == {"absent": 1, "read": 1, "empty region": 1}
    assert "no.jpg: absent" in report.summary()
    assert report.examples


def test_blank_stands_in_for_missing_and_for_none(tmp_path):
    report = ImageReport()
    samples = [
        sample(ImageInput(tmp_path / "no.jpg", (Region((0, 0, 5, 5)),))),
        sample(name="2"),
        sample(ImageInput(png("red")), name="3"),
    ]
    fields = build(samples, missing_image="blank", report=report)
    build(samples, missing_image="blank", report=report)
    assert fields.view_index.tolist() == [[0], [0], [1]]
    assert fields.view_is_blank.tolist() == [[True], [True], [False]]
    white = DirectViews(tiny_image_processor()).fetch([View(png("white"))]).content_of(0)
    assert np.array_equal(fields.content[0], white)
    assert report.blanks == 2
    assert report.images == {"absent": 1, "read": 1}


def test_a_blank_that_is_used_first_comes_first():
    samples = [sample(), sample(ImageInput(png("red")), name="2"), sample(ImageInput(b"junk"))]
    fields = build(samples, missing_image="blank")
    assert fields.view_index.tolist() == [[0], [1], [0]]
    views = DirectViews(tiny_image_processor()).fetch([View(png("white")), View(png("red"))])
    assert np.array_equal(fields.content, views.content)
    assert len(set(fields.view_keys.tolist())) == 2


def test_rows_of_a_block_are_those_of_the_views_without_fault():
    fault = UnusableImageError("1", kind=FaultKind.ABSENT, detail="no file")
    block = np.arange(2)
    found = FetchedViews.of(block, faults={1: fault}, count=3)
    assert found.rows.tolist() == [0, -1, 1]
    assert [found.content_of(position) for position in (0, 2)] == [0, 1]
    with pytest.raises(UnusableImageError):
        found.content_of(1)
    assert FetchedViews.of(None, faults={0: fault}, count=1).rows.tolist() == [-1]


def test_no_image_gives_no_slots():
    fields = build([sample(), sample(ImageInput(b"junk"), name="2")])
    assert fields.content is None
    assert fields.view_index.shape == (2, 0)


@pytest.mark.parametrize("is_wide", [True, False])
def test_of_a_thin_picture_the_middle_is_shown(is_wide):
    """Eight times its short side at most: of 20 by 1 the pixels 6 to 13."""
    pixels = np.arange(20, dtype=np.uint8).reshape((1, 20) if is_wide else (20, 1))
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(pixels[..., None], 3, axis=-1)).save(buffer, format="PNG")
    seen = []

    def prepare(images):
        seen.extend(np.asarray(image)[..., 0].flatten().tolist() for image in images)
        return np.zeros((len(images), 3, 1, 1))

    prepare_views([View(buffer.getvalue())], prepare=prepare, max_pixels=100)
    assert seen == [list(range(6, 14))]


def test_the_blank_stand_in_is_a_white_square_of_224_pixels():
    blank = Image.open(io.BytesIO(blank_image()))
    assert (blank.size, blank.getextrema()) == ((224, 224), ((255, 255),) * 3)


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (1, 4000), (4000, 2), (2, 3)])
def test_tiny_and_thin_pictures(size):
    fields = build([sample(ImageInput(png("red", size)))])
    assert fields.content.shape == (1, 3, 32, 32)
    assert np.allclose(fields.content[0, 0], fields.content[0, 0, 0, 0])


def test_stage_maps_of_a_cache_take_the_place_of_pixels():
    class Maps:
        def fetch(self, views):
            maps = (torch.ones(len(views), 2, 4, 4), torch.ones(len(views), 3, 2, 2))
            return FetchedViews.of(maps, faults={}, count=len(views))

    fields = build([sample(ImageInput(png("red"))), sample(ImageInput(png("blue")))], source=Maps())
    assert [stage.shape for stage in fields.content] == [(2, 2, 4, 4), (2, 3, 2, 2)]


def test_processor_of_changing_size_is_refused():
    def careless(images, return_tensors):
        return {"pixel_values": torch.zeros(len(images), 3, images[0].height, 8)}

    samples = [sample(ImageInput(png("red", (8, n)))) for n in (8, 9)]
    with pytest.raises(ImageError, match="views of different sizes"):
        build(samples, source=DirectViews(careless))
    with pytest.raises(ImageError, match="must give pixel_values of shape"):
        build(samples, source=DirectViews(lambda **_: {"pixel_values": torch.zeros(3, 8, 8)}))


def test_content_key_follows_content_not_name(tmp_path):
    content_key = ContentKeys().key_of
    left, right = tmp_path / "a.png", tmp_path / "b.jpg"
    left.write_bytes(png("red")), right.write_bytes(png("red"))
    assert content_key(View(left)) == content_key(View(right)) == content_key(View(png("red")))
    assert content_key(View(left)) != content_key(View(left, (0, 0, 5, 5)))
    assert content_key(View(left)) != content_key(View(png("blue")))


def test_reports_of_processes_add_up():
    left, right = ImageReport(), ImageReport()
    build([sample(ImageInput(b"junk"))], report=left, missing_image="blank")
    build([sample(ImageInput(png("red")))], report=right)
    left.merge(right)
    assert left.to_dict() == {
        "images": {"not an image": 1, "read": 1},
        "regions": {},
        "blank_stand_ins": 1,
        "examples": {
            "not an image": [f"<{len(b'junk')} bytes>: not an image: expected {', '.join(FORMATS)}"]
        },
    }


@pytest.mark.parametrize("size", [(1000, 10), (10, 1000)])
def test_extremely_long_pictures_are_cut_to_their_middle(size):
    seen = []

    def recording(images, return_tensors):
        seen.extend(images)
        return tiny_image_processor()(images=images, return_tensors=return_tensors)

    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2 - 5, size[1] // 2 - 5, size[0] // 2 + 5, size[1] // 2 + 5))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    build([sample(ImageInput(buffer.getvalue()))], source=DirectViews(recording))
    assert sorted(seen[0].size) == [10, 80]
    middle = (seen[0].width // 2, seen[0].height // 2)
    assert seen[0].getpixel(middle) == (0, 0, 255)
