"""The commands and tables of docs/serve.md are true."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from fixtures.browser import served
from fixtures.serving import picture, tiny_pipeline
from typer.testing import CliRunner

from gmf.cli.serve import serve
from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


def blocks(language):
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found


@pytest.fixture(scope="module")
def url():
    with served(create_app(tiny_pipeline())) as url:
        yield url


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rocky.png").write_bytes(picture())
    Path("posts.jsonl").write_text('{"text": "Oslo is cold"}\n{"text": "Ann Lee"}\n')


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_every_curl_command_is_answered(url):
    commands = [part for block in blocks("sh") for part in re.split(r"\n(?=curl)", block.strip())]
    assert len(commands) == 8
    for command in commands:
        ran = subprocess.run(
            [
                "sh",
                "-c",
                command.replace("curl -sS", "curl -sS --fail-with-body").replace(ADDRESS, url),
            ],
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
        if "explain" in command:
            assert json.loads(ran.stdout)["explanation"]["views"]
        if "ndjson" in command:
            assert [json.loads(line)["problem"] for line in ran.stdout.splitlines()] == [None] * 2
        elif "batch" in command:
            assert len(json.loads(ran.stdout)["items"]) == 2


def test_python_example_prints_entities(url):
    [code] = blocks("python")
    ran = subprocess.run(
        [sys.executable, "-c", code.replace(ADDRESS, url)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^\S+ (PER|LOC|ORG|MISC) 0\.\d+$", ran.stdout, re.MULTILINE)


def test_every_limit_is_listed_with_its_default():
    listed = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", PAGE, re.MULTILINE))
    defaults = ServeConfig().model_dump()
    assert {name: float(value) for name, value in listed.items()} == defaults


def test_every_option_exists():
    app = typer.Typer()
    app.command()(serve)
    known = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert len(named) >= 4
    assert {option for option in named if option not in known} == set()
