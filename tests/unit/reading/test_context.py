"""The context of posts: in their rows, in a file beside them, for the post or for its images."""

import json

import pytest

from gmf.core.errors import DataError
from gmf.core.types import Sample
from gmf.reading.context import context_of
from gmf.reading.context_file import check_fields, read_context
from gmf.reading.jsonl import read_jsonl
from gmf.reading.reader import ReadOptions
from gmf.reading.readers import read_split


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
        ({"caption": 3}, r"context\.caption: expected text, got int"),
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
