"""Every command and every piece of code of the page on export runs."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.models.registry import models
from gmf.testing import tiny_checkpoint

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def run(command):
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (command, result.output, result.exception)
    return result


@pytest.mark.slow
def test_every_block_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_checkpoint(tmp_path / "runs" / "RUN")
    Image.new("RGB", (40, 40), "red").save("rocky.jpg")
    posts = [{"id": n, "text": f"Rocky {n} in Oslo", "image": "rocky.jpg"} for n in range(4)]
    Path("posts.jsonl").write_text("\n".join(map(json.dumps, posts)))
    shown = {}
    for kind, block in re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        if kind == "python":
            exec(compile(block, str(PAGE), "exec"), {})
            continue
        for line in block.strip().splitlines():
            words = shlex.split(line)
            if words[0] == "gmf":
                shown[line] = run(words[1:])
    export = next(iter(shown.values()))
    assert "compared with the checkpoint" in export.stderr
    assert "100.0 % of tags alike" in export.stderr
    assert "tagger.onnx" in export.stdout
    names = {path.name for path in Path("exported").iterdir()}
    assert names == {path.name for path in Path("exported-int8").iterdir()}
    assert all(f"`{name}`" in PAGE.read_text("utf-8") for name in names)
    assert len(Path("entities.jsonl").read_text().splitlines()) == len(posts)


def test_json_tells_sizes_and_agreement(tmp_path):
    run_folder = tiny_checkpoint(tmp_path / "run", "bert-crf")
    out = tmp_path / "out"
    answer = json.loads(run(["export", str(run_folder), "--out", str(out), "--json"]).stdout)
    assert answer["folder"] == str(out)
    assert answer["max_difference"] < 1e-4
    assert answer["same_tags"] == 1
    assert answer["sizes"] == {path.name: path.stat().st_size for path in out.iterdir()}


def test_the_page_says_of_every_model_whether_it_can_be_exported():
    can, cannot = PAGE.read_text("utf-8").split("## Which models")[1].split("## What cannot")
    assert names_in(can) == {name for name in models if models.get(name).export_obstacle() is None}
    assert names_in(cannot) == {name for name in models if models.get(name).export_obstacle()}


def names_in(text):
    return set(re.findall(r"`([a-z-]+)`", text))
