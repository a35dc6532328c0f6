"""Which operand of a command is the model, and what is used where none is."""

import json

import pytest
from fixtures.command import exit_status

from gmf.cli import predict as command
from gmf.testing import tiny_checkpoint


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "posts.jsonl").write_text('{"text": "Ann Lee in Oslo"}\n')
    (tmp_path / "texts").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "gmf.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("operands", "run", "sources"),
    [
        ([], None, []),
        (["posts.jsonl"], None, ["posts.jsonl"]),
        (["posts.jsonl", "*.csv.gz"], None, ["posts.jsonl", "*.csv.gz"]),
        (["-"], None, ["-"]),
        (["s3://bucket/posts.jsonl"], None, ["s3://bucket/posts.jsonl"]),
        (["absent.csv.gz"], None, ["absent.csv.gz"]),
        (["texts"], None, ["texts"]),
        (["run", "posts.jsonl"], "run", ["posts.jsonl"]),
        (["./run", "texts"], "./run", ["texts"]),
        (["someone/model", "posts.jsonl"], "someone/model", ["posts.jsonl"]),
        (["runs/mistyped", "posts.jsonl"], "runs/mistyped", ["posts.jsonl"]),
        (["texts", "posts.jsonl"], "texts", ["posts.jsonl"]),
    ],
)
def test_the_first_operand_is_the_model_unless_it_can_only_be_an_input(
    place, operands, run, sources
):
    assert command._run_and_sources(operands, has_text=False) == (run, sources)


def test_beside_a_text_the_operand_is_the_model(place):
    assert command._run_and_sources(["run"], has_text=True) == ("run", [])
    assert command._run_and_sources(["posts.jsonl"], has_text=True) == ("posts.jsonl", [])


def test_commands_without_a_model_use_the_starter_and_say_so_once(
    place, monkeypatch, capsys, caplog
):
    class Starter:
        title = "gmf-starter 1.0"

        def check(self):
            return tiny_checkpoint(place / "model", "bert-crf")

    found = {"starter": Starter()}
    monkeypatch.setattr("gmf.prediction.publishing.hub.installed_model", found.get)
    status = exit_status(monkeypatch, "predict", "--text", "Ann Lee in Oslo", "--json")
    assert (status, json.loads(capsys.readouterr().out)["text"]) == (0, "Ann Lee in Oslo")
    assert exit_status(monkeypatch, "predict", "posts.jsonl", "--output", "out.jsonl") == 0
    assert json.loads((place / "out.jsonl").read_text())["text"] == "Ann Lee in Oslo"
    assert caplog.messages == ["no model is named: gmf-starter 1.0, the starter model, is used"] * 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "--text", "Oslo"),
        ("predict", "posts.jsonl", "--output", "out.jsonl"),
        ("serve", "--port", "0"),
        ("serve", "max_text=9", "--port", "0"),
    ],
)
def test_without_a_starter_one_error_says_what_to_do(place, monkeypatch, capsys, arguments):
    monkeypatch.setattr("gmf.prediction.publishing.hub.installed_model", lambda _: None)
    assert exit_status(monkeypatch, *arguments) == 1
    told = capsys.readouterr().err
    assert "error: no model is named, and the starter model" in told
    assert "pip install on its wheel, gmf_starter-" in told
    assert not list(place.glob("out*"))
