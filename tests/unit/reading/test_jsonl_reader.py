import json

import pytest

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.core.types import Entity, Region
from gmf.reading.json_rows import SCHEMA_PATH
from gmf.reading.jsonl import read_jsonl, sample_schema
from gmf.reading.regions_file import read_regions


def written(tmp_path, *rows):
    path = tmp_path / "train.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_shipped_schema_is_that_of_the_row_model():
    assert json.loads(SCHEMA_PATH.read_text(encoding="utf-8")) == sample_schema()


def test_text_with_entities(tmp_path):
    text = "Ann-Lee's in #Oslo"
    row = {
        "text": text,
        "entities": [
            {"char_start": 0, "char_end": 3, "type": "PER"},
            {"char_start": 14, "char_end": 18, "type": "OTHER"},
        ],
    }
    (sample,) = read_jsonl(written(tmp_path, row))
    assert sample.tokens == ("Ann", "-", "Lee", "'s", "in", "#", "Oslo")
    assert entities_of(sample.tags) == [Entity(0, 1, "PER"), Entity(6, 7, "MISC")]
    assert [text[a:b] for a, b in sample.offsets] == list(sample.tokens)
    assert sample.id == "train-1"


def test_entities_of_old_files_are_read(tmp_path):
    old = {"text": "Ann sings", "entities": [{"start": 0, "end": 3, "type": "PER"}]}
    new = {"text": "Ann sings", "entities": [{"char_start": 0, "char_end": 3, "type": "PER"}]}
    first, second = read_jsonl(written(tmp_path, old, new))
    assert first.tags == second.tags == ("B-PER", "O")


def test_tokens_with_tags_and_images(tmp_path):
    row = {
        "id": "7",
        "tokens": ["Oslo", "\u00a0"],
        "tags": ["B-LOC", "O"],
        "images": [
            {"path": "a/1.jpg", "regions": [{"box": [0, 0, 5.5, 4]}, {"crop": "c/2.png"}]},
            {"path": "2.jpg"},
        ],
    }
    (sample,) = read_jsonl(written(tmp_path, row))
    assert sample.tokens == ("Oslo", "\u00a0")
    assert [image.source for image in sample.images] == [tmp_path / "a/1.jpg", tmp_path / "2.jpg"]
    assert sample.images[0].regions == (
        Region((0, 0, 5.5, 4)),
        Region(crop=tmp_path / "c/2.png"),
    )


def test_unlabelled_and_empty_labels_differ(tmp_path):
    first, second = read_jsonl(
        written(tmp_path, {"text": "a b"}, "", {"text": "a b", "entities": []})
    )
    assert first.tags is None
    assert second.tags == ("O", "O")
    assert second.id == "train-3"


BAD = [
    ("{", r"train\.jsonl:1: Invalid JSON"),
    ({"text": "a", "entitys": []}, r"train\.jsonl:1, field 'entitys': Extra inputs"),
    ({"id": 7.5, "text": "a"}, r"field 'id': Input should be a valid string \(got 7\.5\)"),
    ({"id": True, "text": "a"}, r"field 'id': Input should be a valid string \(got True\)"),
    ({"text": "a", "tokens": ["a"]}, "expected either text or tokens"),
    ({}, "expected either text or tokens"),
    ({"tokens": []}, "field 'tokens'"),
    ({"tokens": ["a"], "tags": ["O", "O"]}, "expected 1 tags, got 2"),
    ({"tokens": ["a"], "tags": ["PER"]}, "field 'tags': tag 'PER': expected O, B-TYPE"),
    ({"text": "a", "tags": ["O"]}, "tags go with tokens"),
    ({"tokens": ["a"], "entities": []}, "entities go with text"),
    ({"text": "  "}, "field 'text': expected text with at least one visible"),
    (
        {"text": "ab", "entities": [{"char_start": 1, "char_end": 3, "type": "PER"}]},
        "length of the text",
    ),
    (
        {"text": "ab", "entities": [{"char_start": 1, "char_end": 1, "type": "PER"}]},
        "char_start < char_end",
    ),
    (
        {"text": "ab", "entities": [{"start": 0, "char_end": 1, "type": "PER"}]},
        r"field 'entities\.0': expected char_start and char_end, got start or end beside them",
    ),
    ({"text": "a b", "entities": [{"char_start": 0, "char_end": 2, "type": "PER"}]}, "white space"),
    (
        {
            "text": "abc",
            "entities": [
                {"char_start": 0, "char_end": 2, "type": "PER"},
                {"char_start": 1, "char_end": 3, "type": "LOC"},
            ],
        },
        "overlaps another entity",
    ),
    ({"text": "a", "images": [{"path": "../x.jpg"}]}, "field 'images': path .* leaves its folder"),
    ({"text": "a", "images": [{"path": "/etc/x.jpg"}]}, "leaves its folder"),
    ({"text": "a", "images": [{"path": "C:\\x.jpg"}]}, "leaves its folder"),
    ({"text": "a", "images": [{"path": "x", "regions": [{}]}]}, "expected either box or crop"),
    (
        {"text": "a", "images": [{"path": "x", "regions": [{"crop": "../../y"}]}]},
        "leaves its folder",
    ),
    (
        '{"text": "a", "images": [{"path": "x", "regions": [{"box": [0, 0, NaN, 1]}]}]}',
        r"field 'images\.0\.regions\.0\.box\.2'",
    ),
]


@pytest.mark.parametrize(("row", "message"), BAD)
def test_bad_rows_are_located(tmp_path, row, message):
    with pytest.raises(DataError, match=message) as caught:
        read_jsonl(written(tmp_path, row))
    assert caught.value.line == 1


def test_faults_can_be_collected(tmp_path):
    faults = []
    samples = read_jsonl(
        written(tmp_path, {"text": "a"}, "{", {"text": "b"}), on_fault=faults.append
    )
    assert [s.tokens for s in samples] == [("a",), ("b",)]
    assert [fault.line for fault in faults] == [2]


def test_image_listed_twice_in_regions(tmp_path):
    row = {"image": "1.jpg", "regions": []}
    with pytest.raises(DataError, match=r"jsonl:2, field 'image': image '1\.jpg' is listed twice"):
        read_regions(written(tmp_path, row, row))
