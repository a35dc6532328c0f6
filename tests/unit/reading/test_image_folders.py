"""Images of data sets as the field distributes them, and hints to a file that is meant."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from gmf.checks.examine import examine_folder
from gmf.checks.statistics import split_statistics
from gmf.checks.validation import validate_folder
from gmf.core.errors import DataError
from gmf.data.images import UnusableImageError, open_image
from gmf.evaluation.pairs import pair_of_tags
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions, Shard
from gmf.reading.image_folders import ImageFolder, image_folder_of
from gmf.reading.paths import inside
from gmf.reading.reader import ReadOptions
from gmf.reading.readers import read_file, read_split
from gmf.reading.trainable import absent_images

ENDINGS = [".jpg", ".JPG", ".jpeg", ".JPEG", ".png", ".webp", ".Gif", ".bmp"]
TEXT = "IMGID:33\nAnn\tB-PER\n\nIMGID:17_06_1\nOslo\tB-LOC\n"


def data_set(folder):
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (folder / f"{split}.txt").write_text(TEXT)
    return folder


def draw(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4)).save(path, format="PNG")
    return path


def sources(folder, **options):
    samples = read_split(folder, "train", options=ReadOptions(**options))
    return [image.source for sample in samples for image in sample.images]


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("twitter2015", "twitter2015/images"),
        ("twitter2015", "twitter2015_images"),
        ("twitter2015", "twitter2015/twitter2015_images"),
        ("twitter2017", "twitter2017_image"),
        ("Twitter10000_v2.0/txt", "Twitter10000_v2.0/images"),
        ("Dataset/text", "Dataset/images"),
    ],
)
def test_folders_as_distributed(tmp_path, text, images):
    folder = data_set(tmp_path / text)
    first, second = draw(tmp_path / images / "33.jpg"), draw(tmp_path / images / "17_06_1.PNG")
    assert sources(folder) == [first, second]
    notes = []
    read_split(folder, "train", on_note=notes.append)
    assert any(str(tmp_path / images) in note for note in notes) != images.endswith("15/images")
    assert not [f for f in validate_folder(folder) if f.kind == "absent-image"]
    assert "absent-image" not in {f.kind for f in examine_folder(folder).findings}
    source = open_source(folder / "train.txt", options=InputOptions())
    rows = [row for shard in source.shards(9) for row in source.read(shard)]
    assert [image.source for row in rows for image in row.sample.images] == [first, second]


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_ending_of_images_is_taken(tmp_path, ending):
    folder = data_set(tmp_path / "set")
    assert sources(folder)[0] == folder / "images" / "33.jpg"
    path = draw(folder / "images" / f"33{ending}")
    draw(folder / "images" / "33_aux.png")
    assert sources(folder)[0] == path


def test_the_usual_name_goes_before_others_and_a_stated_folder_before_usual_ones(tmp_path):
    folder = data_set(tmp_path / "set")
    draw(folder / "images" / "33.png")
    usual = draw(folder / "images" / "33.jpg")
    assert sources(folder)[0] == usual
    stated = draw(tmp_path / "elsewhere" / "33.png")
    assert sources(folder, images=tmp_path / "elsewhere")[0] == stated
    with pytest.raises(DataError, match="no such folder of images"):
        sources(folder, images=tmp_path / "absent")


@pytest.mark.parametrize("there", ["33.jpg", "33.JPG", "33.png"])
def test_an_identifier_with_an_ending_means_any_ending(tmp_path, there):
    folder = data_set(tmp_path / "data")
    for split, name in (("train", "33.JPG"), ("dev", "34"), ("test", "sub\\35")):
        (folder / f"{split}.txt").write_text(f"IMGID:{name}\nAnn\tB-PER\n")
    draw(folder / "images" / there)
    draw(folder / "images" / "sub" / "35.jpg")
    (folder / "dev.txt").rename(folder / "validation.txt")
    assert read_split(folder, "train")[0].images[0].source == folder / "images" / there
    assert read_split(folder, "dev")[0].id == "34"
    (absent, near) = [f for f in validate_folder(folder) if f.kind == "absent-image"]
    assert absent.message.endswith("34.jpg")
    assert near.message.endswith("did you mean 'sub/35.jpg'?")


def test_several_images_of_one_sample_and_folders_of_splits(tmp_path):
    for name in ("7_1.jpg", "7_0.png", "7_10.jpg", "8-1.jpg", "17_06_1.jpg", "7_x.jpg"):
        draw(tmp_path / name)
    draw(tmp_path / "train" / "9.jpg")
    folder = ImageFolder(tmp_path, split="train", ids={"7", "17_06", "17_06_1"})
    names = [[path.name for path in folder.images_of(name)] for name in ("7", "8", "17_06")]
    assert names == [["7_0.png", "7_1.jpg", "7_10.jpg"], ["8-1.jpg"], ["17_06.jpg"]]
    assert folder.images_of("9") == (tmp_path / "train" / "9.jpg",)
    assert folder.images_of("8-1.jpg") == (tmp_path / "8-1.jpg",)
    with pytest.raises(ValueError, match="leaves its folder"):
        folder.images_of("../7")


def test_names_in_another_unicode_form_are_the_same(tmp_path):
    decomposed = draw(tmp_path / unicodedata.normalize("NFD", "café.jpg"))
    assert ImageFolder(tmp_path).images_of("café") == (decomposed,)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("up.jpg", "up.JPG"),
        ("a%20b.jpg", "a b.jpg"),
        ("sub\\a.jpg", "sub/a.jpg"),
        ("x.jpg", "x.png"),
        ("café.jpg", unicodedata.normalize("NFD", "café.jpg")),
    ],
)
def test_a_near_name_is_told(tmp_path, name, there):
    draw(tmp_path / there)
    with pytest.raises(UnusableImageError, match="no such file; did you mean") as fault:
        open_image(tmp_path / name)
    assert repr(there) in str(fault.value)


def test_nothing_is_told_of_files_outside_or_of_nothing_near(tmp_path):
    draw(tmp_path / "secret.jpg")
    (tmp_path / "in").mkdir()
    for name in ("other.jpg", "%2e%2e/secret.jpg", "nan"):
        with pytest.raises(UnusableImageError, match=r"no such file$"):
            open_image(tmp_path / "in" / name)


def test_an_absolute_path_below_the_folder_is_inside(tmp_path):
    assert inside(tmp_path, str(tmp_path / "a" / "b.jpg")) == tmp_path / "a" / "b.jpg"
    for name in (str(tmp_path), str(tmp_path.parent / "x.jpg"), f"{tmp_path}/../x.jpg"):
        with pytest.raises(ValueError, match="leaves its folder"):
            inside(tmp_path, name)
    with pytest.raises(ValueError, match="NUL character"):
        inside(tmp_path, "a\0.jpg")


def test_the_folder_without_any_is_the_usual_one(tmp_path):
    assert image_folder_of(tmp_path) == tmp_path / "images"
    assert image_folder_of(Path("set")) == Path("set/images")


def test_names_that_no_file_system_has_are_absent_everywhere(tmp_path):
    row = {"text": "a", "images": ["x" * 300 + ".jpg"], "entities": []}
    (tmp_path / "train.jsonl").write_text(json.dumps(row))
    samples = read_file(tmp_path / "train.jsonl")
    assert absent_images(samples).startswith("only 0 of 1 images are there")
    assert split_statistics(samples).images_present == 0
    assert not pair_of_tags(replace(samples[0], tags=("O",)), ["O"]).has_image
    assert examine_folder(tmp_path).facts["images"] == {"named": 1, "present": 0}
    assert any("image" in f.kind for f in validate_folder(tmp_path, only=["train"]))
    (row,) = open_source(tmp_path / "train.jsonl", options=InputOptions()).read(Shard(0, 1, 1))
    assert row.sample.images == samples[0].images


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.jpg?w=1",
        "http://example.org/a.jpg",
        "s3://bucket/a.jpg",
        "data:image/png;base64," + "iVBORw0KGgo/" * 40,
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "txt"])
def test_urls_are_told_as_urls_and_counted_apart(tmp_path, url, kind):
    row = {"text": "a", "images": [url, "a.jpg"], "entities": []}
    content = json.dumps(row) if kind == "jsonl" else f"IMGID:{url}\na\tO\n\nIMGID:a\na\tO\n"
    (tmp_path / f"train.{kind}").write_text(content)
    warnings = {f.kind: f for f in validate_folder(tmp_path, only=["train"])}
    assert set(warnings) == {"url-image", "absent-image"}
    assert {f.severity for f in warnings.values()} == {"warning"}
    assert f"1 of 2 images are URLs, the first is {url[:150]}" in warnings["url-image"].message
    assert "no URL is fetched; download" in warnings["url-image"].message
    assert warnings["absent-image"].count == 1
    found = {f.kind: f.count for f in examine_folder(tmp_path).findings if "image" in f.kind}
    assert found == {"url-image": 1, "absent-image": 1}
    told = absent_images(read_split(tmp_path, "train"))
    assert "only 0 of 2 images are there, 1 are URLs, such as " in told


def test_a_folder_named_like_a_url_is_one(tmp_path):
    draw(tmp_path / "s3:" / "a.jpg")
    assert open_image(inside(tmp_path, "s3:/a.jpg")).size
