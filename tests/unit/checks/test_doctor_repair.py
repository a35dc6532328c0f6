import json

import pytest
from fixtures.command import exit_status
from fixtures.dataset import clean_dataset
from typer.testing import CliRunner

from gmf.checks.examine import examine_folder
from gmf.checks.repair import repair_folder
from gmf.cli.data import data_app
from gmf.core.errors import DataError
from gmf.core.tags import mend_tags
from gmf.reading.readers import read_split


def test_tags_are_mended_in_order():
    tags = ["I-PER", "I-PER", "I-LOC", "O", "I-OTHER", "I-MISC", "X", "I-ORG"]
    mended, counts = mend_tags(tags)
    assert mended == ["B-PER", "I-PER", "B-LOC", "O", "B-MISC", "I-MISC", "X", "B-ORG"]
    assert counts == {"orphan-tag": 3, "switched-tag": 1, "alias-type": 1}


def damaged(folder):
    clean_dataset(folder)
    path = folder / "train.txt"
    text = path.read_text()
    text = text.replace("Oslo\tB-LOC", "Oslo\tI-LOC").replace("Oscars\tB-MISC", "Oscars\tB-OTHER")
    text = text.replace("\n\nIMGID:a3", "\nIMGID:a3").replace("snow\tO", "\u00a0\tO")
    path.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    (folder / "test.txt").unlink()
    for companion in (*folder.glob("objects/test*"), *folder.glob("crops/test/*")):
        companion.unlink()
    row = {"id": "c1", "tokens": ["Acme", "x"], "tags": ["I-OTHER", "O"]}
    words = {"id": "c2", "text": "Bob sings", "entities": [{"start": 0, "end": 3, "type": "OTHER"}]}
    (folder / "test.jsonl").write_text(f'{json.dumps(row)}\n{json.dumps(words)}\n{{"id": "c3"}}\n')
    return folder


def test_repair_mends_what_needs_no_judgement(tmp_path):
    folder, out = damaged(tmp_path / "set"), tmp_path / "out"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    mended = repair_folder(folder, out=out)
    assert mended == {
        "train.txt": {
            "line-ends": 39,
            "alias-type": 1,
            "orphan-tag": 1,
            "missing-blank-line": 1,
        },
        "valid.txt": {},
        "test.jsonl": {"tag-scheme": 1, "alias-type": 2},
    }
    assert {path: path.read_bytes() for path in before} == before
    kinds = {finding.kind for finding in examine_folder(out).findings}
    assert not kinds & {
        "orphan-tag",
        "switched-tag",
        "alias-type",
        "line-ends",
        "missing-blank-line",
    }
    assert {"whitespace-token", "format"} <= kinds
    assert read_split(out, "train")[0].tokens[6] == "\u00a0"
    assert [s.tokens for s in read_split(out, "dev")] == [
        s.tokens for s in read_split(folder, "dev")
    ]
    assert (out / "valid.txt").read_bytes() == (folder / "valid.txt").read_bytes()
    assert (out / "images" / "a1.jpg").is_file()


def test_repair_is_never_in_place(tmp_path):
    folder = clean_dataset(tmp_path / "set")
    with pytest.raises(DataError, match="exists already"):
        repair_folder(folder, out=folder)
    with pytest.raises(DataError, match=r"lies in .*set; choose a folder beside it"):
        repair_folder(folder, out=folder / "mended")


def test_command_reports_and_repairs(tmp_path):
    folder, out = damaged(tmp_path / "set"), tmp_path / "out"
    result = CliRunner().invoke(data_app, ["doctor", str(folder), "--repair", str(out)])
    assert result.exit_code == 1
    assert "orphan-tag" in result.stdout
    assert "train.txt: mended 39 line-ends" in result.stderr
    result = CliRunner().invoke(data_app, ["doctor", str(out), "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["clean"] is False
    assert {"kind", "count", "file", "message", "places"} == set(report["findings"][0])


def test_command_exit_status(tmp_path, monkeypatch, capsys):
    folder = clean_dataset(tmp_path / "set")
    result = CliRunner().invoke(data_app, ["doctor", str(folder)])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "clean")
    assert exit_status(monkeypatch, "data", "doctor", tmp_path / "no") == 2
    assert "no such folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert exit_status(monkeypatch, "data", "doctor", tmp_path / "empty") == 2
    assert "nothing to examine" in capsys.readouterr().err
    assert exit_status(monkeypatch, "data", "doctor", folder, "--repair", folder) == 2
    assert "exists already" in capsys.readouterr().err


def jsonl(folder, *lines):
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


@pytest.mark.parametrize("tags", [["B-PER ", "I-PER"], ["B_PER", "I-PER"], ["b-PER", "I-PER"]])
def test_tags_in_any_spelling_stay_the_entities_that_training_reads(tmp_path, tags):
    folder = jsonl(tmp_path / "data", json.dumps({"tokens": ["Ann", "Lee"], "tags": tags}))
    before = [sample.tags for sample in read_split(folder, "train")]
    repair_folder(folder, out=tmp_path / "out")
    after = [sample.tags for sample in read_split(tmp_path / "out", "train")]
    assert before == after == [("B-PER", "I-PER")]


OTHER = '"entities": [{"char_start": 0, "char_end": 3, "type": "OTHER"}]'


@pytest.mark.parametrize("text", ['"text": "Ann", "text": "Bob"', '"text": "Ann \\ud83d"'])
def test_a_line_that_breaks_the_format_stays_as_it_is(tmp_path, text):
    line = f"{{{text}, {OTHER}}}"
    folder = jsonl(tmp_path / "data", line, '{"tokens": ["a"], "tags": ["I-PER"]}')
    repair_folder(folder, out=tmp_path / "out")
    first, second = (tmp_path / "out" / "train.jsonl").read_text().splitlines()
    assert first == line
    assert json.loads(second)["tags"] == ["B-PER"]


def test_a_link_whose_content_is_elsewhere_stays_a_link(tmp_path):
    folder = jsonl(tmp_path / "data", '{"tokens": ["a"], "tags": ["I-PER"]}')
    (folder / "images").mkdir()
    (folder / "images" / "1.jpg").symlink_to("../.git/annex/none")
    repair_folder(folder, out=tmp_path / "out")
    assert (tmp_path / "out" / "images" / "1.jpg").is_symlink()
    assert "B-PER" in (tmp_path / "out" / "train.jsonl").read_text()
    assert not (tmp_path / "out.partial").exists()
