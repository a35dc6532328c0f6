"""The context of posts: in their rows, in a file beside them, for the post or for its images."""

import json
from pathlib import Path

import pytest

from gmf.core.errors import DataError
from gmf.core.types import Sample
from gmf.reading.context import context_of
from gmf.reading.context_file import check_fields, read_context
from gmf.reading.image_tasks import collect_images
from gmf.reading.jsonl import read_jsonl
from gmf.reading.reader import ReadOptions
from gmf.reading.readers import read_split
from gmf.testing import synthetic_samples


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_of_own_data_have_a_context(tmp_path):
    row = {"tokens": ["Oslo"], "context": {"caption": "a fjord", "ocr": None, "alt": " "}}
    (sample, bare) = read_jsonl(written(tmp_path / "a.jsonl", row, {"text": "Oslo"}))
    assert sample.context == (("caption", "a fjord"),)
    assert bare.context == ()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("a fjord", "expected texts by field"),
        ({"caption": 3}, r"caption: expected text, got int"),
        ({"a caption": "x"}, "field 'a caption': expected a letter"),
        ({"": "x"}, "expected a letter"),
        ({3: "x"}, "field 3"),
    ],
)
def test_what_is_no_context_is_refused(value, error, tmp_path):
    with pytest.raises(ValueError, match=error):
        context_of(value)
    if isinstance(value, str) or 3 not in value:
        path = written(tmp_path / "a.jsonl", {"text": "Oslo"}, {"text": "Oslo", "context": value})
        with pytest.raises(DataError, match=f"a.jsonl:2.*{error}"):
            read_jsonl(path)


def test_a_file_beside_the_data_has_that_of_posts_and_of_images(tmp_path):
    for split in ("train", "dev"):
        (tmp_path / f"{split}.txt").write_text("IMGID:1\nOslo\tB-LOC\n\nIMGID:2\nAnn\tB-PER\n")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").write_bytes(b"")
    rows = (
        {"image": "1.jpg", "context": {"caption": "a fjord", "ocr": "OSLO"}},
        {"id": "1", "context": {"ocr": "Oslo 2024", "knowledge": "a city"}},
        {"id": "2", "context": {"caption": "a woman"}},
        {"id": "2", "context": {"ocr": "A. Lee"}},
    )
    written(tmp_path / "context.jsonl", *rows)
    first, second = read_split(tmp_path, "train")
    assert dict(first.context) == {"caption": "a fjord", "ocr": "Oslo 2024", "knowledge": "a city"}
    assert dict(second.context) == {"caption": "a woman", "ocr": "A. Lee"}
    other = written(tmp_path / "other.jsonl", {"id": "2", "context": {"alt": "x"}})
    first, second = read_split(tmp_path, "train", options=ReadOptions(context=other))
    assert (first.context, second.context) == ((), (("alt", "x"),))
    with pytest.raises(DataError, match="No such file"):
        read_split(tmp_path, "train", options=ReadOptions(context=tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"context": {"caption": "x"}}, "expected either id or image"),
        ({"id": "1", "image": "1.jpg", "context": {}}, "expected either id or image"),
        ({"id": "1"}, "context"),
        ({"id": "1", "context": {"caption": "y"}}, "field 'caption' of '1' stands twice"),
        ({"id": "1", "caption": "x"}, "a line has id, image, digest, source, context"),
    ],
)
def test_wrong_lines_of_the_file_are_named(row, error, tmp_path):
    good = {"id": "1", "context": {"caption": "x"}}
    path = written(tmp_path / "context.jsonl", good, row)
    with pytest.raises(DataError, match=rf"context.jsonl:2.*{error}"):
        read_context(path)
    faults = []
    assert read_context(path, on_fault=faults.append).posts["1"] == {"caption": "x"}
    assert len(faults) == 1


def test_fields_that_are_asked_for_are_counted():
    samples = [Sample("1", ("a",), context=(("caption", "x"),)), Sample("2", ("a",))]
    assert check_fields(samples, (), what="train") == []
    (note,) = check_fields(samples, ("caption",), what="train")
    assert note == "train: 1 of 2 samples have context 'caption'"
    with pytest.raises(DataError, match=r"train: no sample has the context field 'ocr'.*caption"):
        check_fields(samples, ("ocr",), what="train")


LAYOUTS = {
    "own data, images in a folder": ("data", "data/images", '"images": ["33.jpg"]'),
    "own data, images named with their folder": (
        "data",
        "data/images",
        '"images": ["images/33.jpg"]',
    ),
    "own data, images beside the data": ("data", "data_images", '"images": ["33.jpg"]'),
    "texts in a folder beside the images": ("data/txt", "data/images", '"images": ["33.jpg"]'),
}


@pytest.mark.parametrize("is_relative", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_have_one_name_wherever_they_lie(tmp_path, monkeypatch, layout, is_relative):
    monkeypatch.chdir(tmp_path)
    home, images, named = LAYOUTS[layout]
    for folder in (home, images):
        Path(folder).mkdir(parents=True, exist_ok=True)
    synthetic_samples(Path(images), count=1)
    next(Path(images).iterdir()).rename(Path(images) / "33.jpg")
    row = f'{{"tokens": ["a"], "tags": ["O"], {named}}}\n'
    (Path(home) / "train.jsonl").write_text(row)
    data = Path("data") if is_relative else tmp_path / "data"
    (task,) = collect_images(data)
    for name in (task.name, "33.jpg"):
        line = {"image": name, "context": {"caption": "a fjord"}}
        (data / "context.jsonl").write_text(json.dumps(line) + "\n")
        regions = {"image": name, "regions": [{"box": [0, 0, 2, 2]}]}
        (data / "regions.jsonl").write_text(json.dumps(regions) + "\n")
        (sample,) = read_split(data, "train")
        assert sample.context == (("caption", "a fjord"),)
        assert len(sample.images[0].regions) == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "1", "context": {"caption": "a", "caption": "b"}}',
        '{"id": "2", "id": "3", "context": {"caption": "a"}}',
    ],
)
def test_a_key_that_stands_twice_in_a_line_is_refused(tmp_path, line):
    (tmp_path / "context.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match="twice"):
        read_context(tmp_path / "context.jsonl")
