"""The page on scoring names only what exists."""

import re
from pathlib import Path

import typer
from typer.testing import CliRunner

from gmf.cli.evaluate import evaluate
from gmf.cli.score import compare_command, score_command
from gmf.core.types import Entity
from gmf.evaluation.config import DEFAULTS
from gmf.evaluation.metrics.base import MetricInput
from gmf.evaluation.pairs import SampleSpans

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


def test_every_option_of_the_page_exists():
    app = typer.Typer()
    app.command("score")(score_command)
    app.command("compare")(compare_command)
    app.command("evaluate")(evaluate)
    known = "".join(
        CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).stdout
        for name in ("score", "compare", "evaluate")
    )
    named = set(re.findall(r"`(--[a-z-]+)", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 8
    assert {option for option in named if option not in known} == set()


def test_the_python_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("test.txt").write_text("IMGID:1\nRocky\tB-PER\n", encoding="utf-8")
    Path("predictions.jsonl").write_text(
        '{"id": "1", "text": "Rocky", '
        '"entities": [{"char_start": 0, "char_end": 5, "type": "PER"}]}',
        encoding="utf-8",
    )
    names = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(code, str(PAGE), "exec"), names)
    assert capsys.readouterr().out == "1.0 1.0\n"
    given = MetricInput([SampleSpans("1", ("a",), (Entity(0, 1, "PER"),), ())], [], None, DEFAULTS)
    assert names["Density"]().measure(given) == {"gold": 1.0, "predicted": 0.0}
