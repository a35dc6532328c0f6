"""Every command and every piece of code of the page on conversion runs."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.exchange.formats import document_formats

PAGE = Path(__file__).parents[2] / "docs" / "convert.md"


def test_the_page_runs(tmp_path, monkeypatch):
    pytest.importorskip("spacy")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(document_formats, "_registered", {**document_formats._registered})
    region = {"start": 0, "end": 5, "text": "Rocky", "labels": ["MISC"]}
    result = {"type": "labels", "value": region}
    task = {"id": 1, "data": {"text": "Rocky in Oslo"}, "annotations": [{"result": [result]}]}
    Path("export.json").write_text(json.dumps([task]))
    Path("data").mkdir()
    text = PAGE.read_text(encoding="utf-8")
    commands = [
        shlex.split(line)
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) == 6
    for command in commands:
        assert command[:3] == ["gmf", "data", "convert"]
        done = CliRunner().invoke(app, command[1:])
        assert done.exit_code == 0, (command, done.output)
    assert "Rocky\tS-MISC" in Path("train.conll").read_text()
    assert Path("columns/train.conll").is_file()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), {"__name__": "page"})
    assert Path("again.jsonl").is_file()
    assert document_formats.get("bracketed").suffixes == (".brackets",)


def test_the_table_has_every_format():
    text = PAGE.read_text(encoding="utf-8")
    built_in = [n for n in document_formats if document_formats.origin(n).source == "gmf"]
    assert [name for name in built_in if f"| `{name}` |" not in text] == []
