"""Folders as the field distributes them, from whichever of their folders they are named."""

import json

import pytest
from fixtures.dataset import draw_image

from gmf.checks.examine import examine_folder
from gmf.checks.repair import repair_folder
from gmf.checks.validation import validate_folder
from gmf.core.errors import DataError
from gmf.reading.reader import ReadOptions
from gmf.reading.readers import read_split, splits_of
from gmf.reading.trainable import types_apart_by_case

POSTS = "IMGID:1\nAnn\tB-PER\nin\tO\nOslo\tB-LOC\n"
VOC = (
    "<annotation><size><width>32</width><height>24</height><depth>3</depth></size><object>"
    "<name>Ann</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    "</object></annotation>"
)


def lay(root, *files):
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jpg":
            path.write_bytes(b"")
        else:
            path.write_text(VOC if path.suffix == ".xml" else POSTS)
    return root


@pytest.mark.parametrize("named", ["", "txt"])
def test_gmner_is_known_by_its_root_and_by_its_texts(tmp_path, named):
    files = ("txt/train.txt", "txt/valid.txt", "xml/1.xml", "images/1.jpg")
    folder = lay(tmp_path, *files) / named
    notes = []
    (sample,) = read_split(folder, "train", on_note=notes.append)
    assert sample.images[0].source.samefile(tmp_path / "images" / "1.jpg")
    assert splits_of(folder) == ["train", "dev"]
    (note,) = [note for note in notes if "regions" in note]
    assert "object regions lie beside it and are not used yet; `gmf regions" in note
    assert "--proposer voc --from" in note
    assert examine_folder(folder).facts["xml"]["boxes"] == 1
    (tmp_path / "txt" / "regions.jsonl").write_text("")
    notes.clear()
    read_split(folder, "train", on_note=notes.append)
    assert not [note for note in notes if "regions" in note]


def test_the_dictionary_of_hvpnet_is_told_and_not_opened(tmp_path):
    folder = lay(tmp_path, "tw/train.txt", "tw/tw_train_dict.pth", "tw_images/1.jpg") / "tw"
    notes = []
    read_split(folder, "train", on_note=notes.append)
    assert any("--proposer hvpnet --from tw_train_dict.pth=CROPS" in note for note in notes)
    assert any("images are taken from" in note for note in notes)


def test_a_folder_above_data_sets_names_them(tmp_path):
    folder = lay(tmp_path, "tw15/train.txt", "tw17/text/MNER_train.txt", "other/readme.md")
    with pytest.raises(DataError, match="; tw15 in it has: name that folder"):
        splits_of(folder)
    assert splits_of(folder / "tw17") == ["train"]


def test_json_is_told_how_to_be_brought(tmp_path):
    (tmp_path / "train.json").write_text("[]")
    with pytest.raises(DataError, match=r"train\.json is there: .*`gmf data convert`"):
        splits_of(tmp_path)


def test_validation_asks_for_what_training_asks_for(tmp_path):
    lay(tmp_path, "train.txt")
    (fault,) = [f for f in validate_folder(tmp_path) if f.severity == "error"]
    assert fault.message.startswith("no split dev: gmf train needs train and dev; --split checks")
    assert not [f for f in validate_folder(tmp_path, only=["train"]) if f.severity == "error"]
    (tmp_path / "dev.txt.gz").touch()
    (fault,) = [f for f in validate_folder(tmp_path) if f.severity == "error"]
    assert "; dev.txt.gz is there" in fault.message


def test_the_doctor_reads_as_training_does(tmp_path):
    folder, images = tmp_path / "data", tmp_path / "photos"
    folder.mkdir()
    images.mkdir()
    (folder / "train.txt").write_bytes("IMGID:1\nJos\xe9\tI-PER\n".encode("latin-1"))
    draw_image(images / "1.png", "red")
    options = ReadOptions("latin-1", images)
    report = examine_folder(folder, options=options)
    assert report.facts["images"] == {"named": 1, "present": 1}
    assert report.facts["train.txt"]["tweets"] == 1
    assert {f.kind for f in examine_folder(folder).findings} == {"format"}
    out = tmp_path / "out"
    assert repair_folder(folder, out=out, options=options)["train.txt"] == {"tag-scheme": 1}
    assert (out / "train.txt").read_text(encoding="utf-8").split() == ["IMGID:1", "José", "B-PER"]


@pytest.mark.parametrize(
    "odd", ["PER\u200b", "P\u00adER", "\uff30ER", "PER\ufe0f", "P\u200dER", "PE\u2060R"]
)
@pytest.mark.parametrize("name", ["train.txt", "train.jsonl", "text.jsonl"])
def test_types_that_look_alike_are_told_by_whatever_reader(tmp_path, odd, name):
    def line(kind, number):
        if name == "train.txt":
            return f"Ann\tB-{kind}\n\n"
        row = {"tokens": ["Ann"], "tags": [f"B-{kind}"]}
        if name == "text.jsonl":
            row = {"text": "Ann", "entities": [{"char_start": 0, "char_end": 3, "type": kind}]}
        return json.dumps({"id": number, **row}) + "\n"

    ending = name.rpartition(".")[2]
    lines = [line("PER", "1"), line(odd, "2"), line(odd, "3")]
    (tmp_path / f"train.{ending}").write_text("".join(lines))
    (tmp_path / f"dev.{ending}").write_text(line("PER", "4"))
    (tmp_path / f"test.{ending}").write_text(line("PER", "5"))
    (fault,) = [f for f in validate_folder(tmp_path) if f.severity == "error"]
    second = tmp_path / f"train.{ending}:{3 if ending == 'txt' else 2}"
    assert fault.message.startswith(f"{second}, field 'tags': type {odd!a} looks like 'PER' of ")
    assert f"train.{ending}:1 and is another" in fault.message
    kinds = {f.kind for f in examine_folder(tmp_path).findings}
    assert "look-alike-type" in kinds
    (tmp_path / f"train.{ending}").write_text(line("PER", "1"))
    assert not [f for f in validate_folder(tmp_path) if f.severity == "error"]
    (tmp_path / f"test.{ending}").write_text(line(odd, "5"))
    assert [f for f in validate_folder(tmp_path) if f.severity == "error"]


def test_types_that_differ_by_capitals_are_warned_of_and_read(tmp_path):
    for split in ("train", "dev"):
        (tmp_path / f"{split}.txt").write_text("Ann\tB-PER\nLee\tI-PER\n\nOslo\tB-Per\n")
    (found,) = validate_folder(tmp_path)
    assert (found.severity, found.kind) == ("warning", "types-apart-by-case")
    train = tmp_path / "train.txt"
    assert (
        f"'PER' (4 words, first in {train}:1), 'Per' (2 words, first in {train}:4)" in found.message
    )
    assert types_apart_by_case(read_split(tmp_path, "train")) != []


def test_types_of_several_scripts_and_styles_are_left_alone(tmp_path):
    names = ["PER", "Per", "\u4eba\u540d", "\uff30\uff25\uff32\uff33", "\u06cc\u200c\u0627"]
    names += ["m2", "m\u00b2", "H2O", "H\u2082O", "1", "\u2460"]
    text = "".join(f"Ann\tB-{name}\n\n" for name in names)
    for split in ("train", "dev"):
        (tmp_path / f"{split}.txt").write_text(text)
    assert not [f for f in validate_folder(tmp_path) if f.severity == "error"]


def test_regions_of_images_that_are_nowhere_are_counted(tmp_path):
    lay(tmp_path, "train.txt", "dev.txt", "images/2.jpg")
    names = ("1.jpg", "2.jpg", "1", "images/1.jpg", "../1.jpg")
    lines = [json.dumps({"image": name, "regions": []}) + "\n" for name in names]
    (tmp_path / "regions.jsonl").write_text("".join(lines))
    notes = []
    read_split(tmp_path, "train", on_note=notes.append)
    told = "regions.jsonl: 3 of 5 images are none of split train and not there, such as '1'"
    assert notes == [f"{tmp_path}/{told}"]
    (tmp_path / "regions.jsonl").write_text("".join(lines[:2]))
    notes.clear()
    read_split(tmp_path, "train", on_note=notes.append)
    assert notes == []
