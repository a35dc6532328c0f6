import json

import pytest
from fixtures.dataset import clean_dataset, draw_image

from gmf.checks.examine import examine_folder

ROW = {
    "token": ["Acme", "opens", "in", "Oslo"],
    "h": {"name": "Acme", "pos": [0, 1]},
    "t": {"name": "Oslo", "pos": [3, 4]},
    "img_id": "7.jpg",
    "relation": "/org/loc/in",
}


@pytest.fixture
def relations(tmp_path):
    folder = tmp_path / "relations"
    (folder / "images" / "valid").mkdir(parents=True)
    for number, split in enumerate(("train", "valid", "test")):
        (folder / f"{split}.txt").write_text(f"{ROW | {'img_id': f'{number}.jpg'}}\n")
    draw_image(folder / "images" / "0.jpg", "red")
    draw_image(folder / "images" / "valid" / "1.jpg", "blue")
    draw_image(folder / "images" / "2.jpg", "green")
    return folder


def kinds(report):
    return {finding.kind: finding.count for finding in report.findings}


def test_relation_files(relations):
    report = examine_folder(relations)
    assert report.findings == []
    assert report.facts["train.txt"] == {
        "instances": 1,
        "images": 1,
        "relations": 1,
        "without_relation": 0,
    }


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"img_id": 0}, "id-not-text"),
        ({"h": {"name": "acme", "pos": [0, 1]}}, "name-not-in-tokens"),
        ({"token": ["Acme", "\ufe0f", "in", "Oslo"]}, "invisible-token"),
    ],
)
def test_relation_defects(relations, change, kind):
    (relations / "train.txt").write_text(f"{ROW | {'img_id': '0.jpg'} | change}\n")
    assert kinds(examine_folder(relations)) == {kind: 1}


def test_relation_lines_that_are_no_rows(relations):
    good = ROW | {"img_id": "0.jpg"}
    lines = [str(good), "{'token': __import__('os')}", "[" * 2000, str(good | {"token": [1]})]
    (relations / "train.txt").write_text("\n".join(lines) + "\n")
    found = examine_folder(relations).findings
    assert [(f.kind, f.places) for f in found] == [("format", ("2", "3", "4"))]


def outputs(tmp_path, content):
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "toy_pre_output.txt").write_text(content)
    return folder


BLOCK = "b1.jpg\nRocky sleeps on my new grey carpet today\nO O O O O O O O\nB-PER O O O O O O O\n\n"


def test_outputs_of_a_system(tmp_path):
    against = [clean_dataset(tmp_path / "set")]
    report = examine_folder(outputs(tmp_path, BLOCK * 2), against=against)
    assert report.findings == []
    assert report.facts["toy_pre_output.txt"] == {
        "tweets": 2,
        "gold_lenient": 2,
        "gold_strict": 2,
    }


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (" today", " today!  ", "cut-tweet"),
        ("O O O O O O O O", "O O O O O O O X", "service-tag"),
        ("B-PER O O O", "B-PER O O B-LOC", "gold-differs"),
        ("\n\n", "\nmore\n", "format"),
    ],
)
def test_output_defects(tmp_path, old, new, kind):
    folder = outputs(tmp_path, BLOCK.replace(old, new, 1) + BLOCK)
    report = examine_folder(folder, against=[clean_dataset(tmp_path / "set")])
    assert kinds(report) == {kind: 1}


def test_linking_samples(tmp_path):
    row = {"id": "1", "sentence": "Ann sings", "mentions": ["Ann"], "answer": ["Q1"]}
    path = tmp_path / "sample.json"
    path.write_text(json.dumps({"1": row}))
    assert examine_folder(tmp_path).findings == []
    path.write_text(json.dumps({"1": row | {"mentions": "Bob"}, "2": row}))
    assert kinds(examine_folder(tmp_path)) == {"mention-not-in-text": 1, "id-mismatch": 1}
    path.write_text("[1]")
    assert kinds(examine_folder(tmp_path)) == {"format": 1}


def test_rows_without_identifier_share_none(tmp_path):
    for name in ("set", "other"):
        (tmp_path / name).mkdir()
        row = {"tokens": [name, "opens", "tomorrow"], "tags": ["B-ORG", "O", "O"]}
        for split in ("train", "test"):
            row["tokens"][1] = split
            (tmp_path / name / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    report = examine_folder(tmp_path / "set", against=[tmp_path / "other"])
    assert report.findings == []
    assert report.facts["shared with other"]["test"] == {"train": 0, "test": 0}


def test_json_of_annotations_is_told_how_to_be_brought(tmp_path):
    (tmp_path / "train.json").write_text('[{"text": "Ann", "entities": []}]')
    (finding,) = examine_folder(tmp_path).findings
    assert finding.message == (
        "expected sentence, mentions and answer by identifier; annotations of texts are brought "
        "into a data set by `gmf data convert train.json train.jsonl`"
    )
