"""The help of every command, as a new user reads it in 80 columns."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from gmf.cli.commands import commands, load_command
from gmf.cli.help import runnable
from gmf.cli.main import app


def paths(command, path=()):
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from paths(inner, (*path, name))


ALL = [path for name in commands for path in paths(load_command(name), (name,))]
#: Where one looks first; each shows how it is called.
FIRST = ("predict", "train", "evaluate", "score", "compare", "serve", "curve", "search")


def shown(path):
    return CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"}).stdout


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_fits_and_names_values_and_flags_for_people(path):
    text = shown(path)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"<[a-z]|list\[|--no-", text), "a type of Python, or a twin of a flag"
    usage = text.split("Usage:")[1].splitlines()[0]
    assert not re.search(r"[{\[][a-z]", usage), "arguments are in capitals, as help speaks of them"
    assert not re.search(r"--(json|help|overwrite|markdown) +[A-Z]+ ", text), "a flag has no value"


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_examples_of_help_can_be_typed(path):
    lines = re.findall(r"^ +((?:cat \S+ \| )?gmf .*)", shown(path), re.MULTILINE)
    assert lines or path[0] not in FIRST
    for line in lines:
        words = shlex.split(line.split("| gmf")[-1].removeprefix("gmf").split(" | ")[0])
        command = load_command(words.pop(0))
        while inner := getattr(command, "commands", None):
            command = inner[words.pop(0)]
        assert command in set(runnable(command))
        command.make_context("gmf", words)


def test_commands_are_grouped_by_what_people_want():
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    panels = dict(re.findall(r"^╭─ ([A-Z][\w, ]+) ─+╮\n(.*?)^╰", text, re.MULTILINE | re.DOTALL))
    listed = {name: re.findall(r"^│ (\w+) ", lines, re.MULTILINE) for name, lines in panels.items()}
    assert list(listed)[:2] == ["Options", "Use a model"]
    assert listed["Use a model"][0] == "predict"
    assert listed["Train and compare"][:2] == ["train", "evaluate"]
    ours = {name for name in commands if commands.origin(name).source == "gmf"}
    assert ours <= {name for lines in listed.values() for name in lines}
    assert not ours & set(listed.get("Commands", ()))
