"""Every command of the page on the suite runs, and the page names only what exists."""

import re
import shlex
from pathlib import Path

import pytest
from fixtures.corpus import write_corpus
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.experiments.suite.variants import ABLATIONS, GROUPS, SWEEPS
from gmf.testing import save_tiny_encoders

PAGE = (Path(__file__).parents[2] / "docs" / "suite.md").read_text(encoding="utf-8")


def invoke(*words, **how):
    return CliRunner().invoke(app, list(words), **how)


def commands():
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]
    # Whole suites are too long for a test; their plans are not.
    return [
        line if "--only" in line or "report" in line or "--dry-run" in line else f"{line} --dry-run"
        for line in lines
    ]


def test_every_command_runs(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    tiny = save_tiny_encoders(tmp_path)
    monkeypatch.setattr("gmf.training.config.resolve_pair", lambda name: tiny)
    for name in ("twitter2017", "demo"):
        write_corpus(tmp_path / "data" / name)
    (settings,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    Path("settings.yaml").write_text(settings.replace("epochs=8", "epochs=1"))
    assert len(commands()) == 4
    for command in commands():
        words = shlex.split(command)
        assert words[0] == "gmf"
        result = invoke(*words[1:])
        assert result.exit_code == 0, (command, result.output, result.exception)
    assert Path("suite-output/report.html").is_file()
    assert "report of 3 runs" in result.stdout
    assert sorted(path.name for path in Path("suite-output/runs/twitter2017").iterdir()) == [
        "bert",
        "gmf-lambda-0.1",
        "gmf-lambda-0.3",
    ]


def test_the_page_names_every_group_and_only_options_that_exist():
    shown = invoke("suite", "paper", "--help", env={"COLUMNS": "200"}).output
    named = set(re.findall(r"(--[a-z][a-z-]+)", PAGE))
    assert {option for option in named if option not in shown} == set()
    assert set(re.findall(r"(--[a-z][a-z-]+)", shown)) - named == {"--help"}
    for name in (
        *GROUPS,
        *ABLATIONS,
        *(s.name for s in SWEEPS),
    ):
        assert f"`{name}`" in PAGE


def test_a_folder_without_suite_is_named(tmp_path):
    result = invoke("suite", "report", str(tmp_path))
    assert "no suite here; expected manifest.json" in str(result.exception)
