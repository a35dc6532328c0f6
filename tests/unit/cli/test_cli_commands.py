"""The table of commands: complete, and quick to show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gmf.cli import main
from gmf.cli.commands import commands, load_command, summary_of
from gmf.cli.main import app
from gmf.core.errors import ConfigError
from gmf.core.files import locked

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
    for name in commands:
        summary = summary_of(name)
        assert summary
        assert f" {name} " in shown
        assert summary in shown
        own = load_command(name).help.split("\n\n")[0]
        assert " ".join(own.split()) == summary


def test_an_unknown_command_is_refused_with_the_nearest_name():
    result = CliRunner().invoke(app, ["scroe"])
    assert result.exit_code == 2
    assert "Did you mean" in result.stderr
    assert "'score'" in result.stderr


@pytest.mark.parametrize("name", commands)
def test_every_command_has_help(name):
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"{name} [OPTIONS]" in result.stdout


def runnable(name, command):
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield name
    for other, each in inner.items():
        yield from runnable(f"{name} {other}", each)


@pytest.mark.parametrize("name", commands)
def test_every_command_that_does_something_takes_code(name):
    paths = list(runnable(name, load_command(name)))
    assert paths
    for path in paths:
        result = CliRunner().invoke(app, [*path.split(), "--help"], env={"COLUMNS": "200"})
        assert "--code" in result.stdout, path


def run_gmf(*arguments, code=""):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "GMF_CODE": code, "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "gmf", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.fixture
def greeting(tmp_path):
    path = tmp_path / "greeting.py"
    path.write_text(
        "import typer\n"
        "from gmf.cli.commands import commands\n"
        '@commands.register("greet")\n'
        "def greet(name: str) -> None:\n"
        '    """Say hello.\n\n    More.\n    """\n'
        "    typer.echo(f'hello {name}')\n"
    )
    return str(path)


def test_a_file_may_bring_a_command(greeting):
    for arguments in (
        ["greet", "Ann", "--code", greeting],
        ["--code", greeting, "greet", "Ann"],
        ["greet", f"--code={greeting}", "Ann"],
    ):
        done = run_gmf(*arguments)
        assert (done.returncode, done.stdout) == (0, "hello Ann\n"), done.stderr
    assert run_gmf("greet", "Ann", code=greeting).stdout == "hello Ann\n"
    shown = run_gmf("--code", greeting, "--help").stdout
    assert "Say hello." in shown
    assert "More." not in shown
    refused = run_gmf("greet", "Ann", "--", "--code", greeting)
    assert refused.returncode == 2
    assert "No such command 'greet'" in refused.stderr


def test_a_command_that_fails_while_it_runs_is_named_in_one_line(tmp_path):
    path = tmp_path / "failing.py"
    path.write_text(
        "import typer\n"
        "from gmf.cli.commands import commands\n"
        "app = typer.Typer()\n"
        'commands.register("failing")(app)\n'
        "@app.command()\n"
        "def run(how: str) -> None:\n"
        "    if how == 'exit': raise typer.Exit(5)\n"
        "    if how == 'usage': raise typer.BadParameter('odd')\n"
        "    raise KeyError(how)\n"
        "@app.command()\n"
        "def other() -> None: ...\n"
    )
    done = run_gmf("failing", "run", "key", code=str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: command 'failing' of {path}: KeyError: 'key' (raised at {path}:9)\n"
    )
    assert run_gmf("failing", "run", "exit", code=str(path)).returncode == 5
    usage = run_gmf("failing", "run", "usage", code=str(path))
    assert (usage.returncode, "odd" in usage.stderr) == (2, True)


def test_a_file_that_is_absent_or_fails_ends_the_command(tmp_path, greeting):
    done = run_gmf("models", "--code", str(tmp_path / "none.py"))
    assert done.returncode == 2
    assert "none.py: expected a Python file" in done.stderr
    (tmp_path / "bad.py").write_text("1 / 0")
    done = run_gmf("models", "--code", str(tmp_path / "bad.py"))
    assert done.returncode == 2
    assert "bad.py: ZeroDivisionError: division by zero" in done.stderr


def test_a_library_that_is_absent_is_one_line_and_a_fault_of_ours_is_not(monkeypatch, capsys):
    def fails():
        raise ModuleNotFoundError("No module named 'scipy'", name=absent)

    monkeypatch.setattr(main, "app", fails)
    absent = "scipy.stats"
    with pytest.raises(SystemExit, match="1"):
        main.main()
    told = capsys.readouterr().err
    assert told == "error: scipy is not installed and is needed here: pip install scipy\n"
    absent = "gmf.none"
    with pytest.raises(ModuleNotFoundError):
        main.main()


def test_what_cannot_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    def fails():
        raise FileNotFoundError(2, "No such file or directory", str(tmp_path / "a"))

    monkeypatch.setattr(main, "app", fails)
    with pytest.raises(SystemExit, match="1"):
        main.main()
    message = f"error: {tmp_path / 'a'}: cannot be read or written (No such file or directory)"
    assert message in capsys.readouterr().err.replace("\n", "")
    file = tmp_path / "file"
    file.write_text("")
    message = r"out: cannot be written \((Not a directory|File exists)"
    with pytest.raises(ConfigError, match=message), locked(file / "a" / "lock", work="out"):
        pass


@pytest.mark.parametrize(
    "value", ["broken_package:mine", "broken_package", "broken_package.part:mine"]
)
def test_a_broken_package_with_a_command_costs_no_help(tmp_path, monkeypatch, value):
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package" / "__init__.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(commands, "location", lambda name: value if name == "score" else None)
    assert summary_of("score") == ""
