"""The table of commands: complete, and quick to show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gmf.cli.commands import COMMANDS, load_command
from gmf.cli.main import app

SOURCE = Path(__file__).parents[3] / "src"
#: What a user types to find the way, or that has nothing to do with a model.
LIGHT = (
    "--help",
    "--version",
    "cache info",
    "data stats --help",
    "demo --help",
    "encoders list",
    "evaluate --help",
    "export --help",
    "hub push --help",
    "predict --help",
    "score --help",
    "serve --help",
    "train --help",
)


def test_light_commands_import_neither_torch_nor_transformers(tmp_path):
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from gmf.cli.main import app\n"
        f"for command in {LIGHT!r}:\n"
        "    result = CliRunner().invoke(app, command.split())\n"
        "    assert result.exit_code == 0, (command, result.output, result.exception)\n"
        "    heavy = {'torch', 'transformers', 'onnxruntime'} & set(sys.modules)\n"
        "    assert not heavy, (command, heavy)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "GMF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_help_of_all_commands_says_of_each_what_its_own_help_says():
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    for name, (_, summary) in COMMANDS.items():
        assert f" {name} " in shown
        assert summary in shown
        own = load_command(name).help.split("\n\n")[0]
        assert " ".join(own.split()) == summary


def test_an_unknown_command_is_refused_with_the_nearest_name():
    result = CliRunner().invoke(app, ["scroe"])
    assert result.exit_code == 2
    assert "Did you mean 'score'?" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"{name} [OPTIONS]" in result.stdout
