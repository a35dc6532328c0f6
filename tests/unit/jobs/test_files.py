"""Jobs over files: each row once, whatever happens."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf.core.errors import ConfigError, DataError, GmfError
from gmf.core.files import replacing
from gmf.exchange import base
from gmf.jobs import files, job
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.job import JobOptions

OPTIONS = JobOptions(shard_rows=3, batch_size=2)


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    return rule_model(tmp_path / "model")


def posts(path: Path, *, count=10, wrong=(4,)) -> Path:
    lines = [{"id": f"p{n}", "text": f"Post {n} by Ann"} for n in range(1, count + 1)]
    for number in wrong:
        lines[number - 1] = {"id": f"p{number}", "text": number}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def check(output, *, count=10, wrong=(4,)):
    """Every row is there exactly once, in order, and nothing is left beside."""
    documents, errors = lines_of(output), lines_of(Path(f"{output}.errors.jsonl"))
    assert [line["row"] for line in errors] == list(wrong)
    assert [line["row"] for line in documents] == [n for n in range(1, count + 1) if n not in wrong]
    assert all(line["text"] == f"Post {line['row']} by Ann" for line in documents)
    assert all(line["id"] == f"p{line['row']}" for line in documents + errors)
    names = {path.name for path in output.parent.iterdir() if path.name.startswith((".", "out"))}
    assert names == {"out.jsonl", "out.jsonl.report.json"} | (
        {"out.jsonl.errors.jsonl"} if wrong else set()
    )


def test_each_row_is_a_document_or_an_error(tmp_path, model):
    heard = []
    output = tmp_path / "out.jsonl"
    report = predict_files(
        model,
        posts(tmp_path / "in.jsonl"),
        output,
        options=OPTIONS,
        on_progress=lambda done, total: heard.append((done, total)),
    )
    check(output)
    assert (report.rows, report.documents, report.errors, report.resumed_rows) == (10, 9, 1, 0)
    assert report.types == ("LOC",)
    assert heard == [(0, 10), (3, 10), (6, 10), (9, 10), (10, 10)]
    error = lines_of(Path(f"{output}.errors.jsonl"))[0]
    assert error["error"] == "text: expected text, got int"
    assert error["origin"] == f"{tmp_path / 'in.jsonl'}:4"
    told = json.loads(Path(f"{output}.report.json").read_text())
    assert (told["rows"], told["documents"], told["errors"]) == (10, 9, 1)


def test_a_job_that_is_done_is_not_done_again(tmp_path, model, monkeypatch):
    source, output = posts(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    predict_files(model, source, output, options=OPTIONS)
    monkeypatch.setattr(files, "Worker", None)
    report = predict_files(model, source, output, options=OPTIONS)
    assert (report.rows, report.documents, report.resumed_rows) == (10, 9, 10)
    check(output)


@pytest.mark.parametrize("change", ["model", "input", "columns", "output format"])
def test_another_job_does_not_touch_an_output(tmp_path, model, change):
    source, output = posts(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    predict_files(model, source, output, options=OPTIONS)
    before, options = output.read_bytes(), OPTIONS
    if change == "model":
        (model / "gmf.json").write_text("{}")
    if change == "input":
        posts(source, count=11)
    if change == "columns":
        options = OPTIONS.model_copy(update={"input": InputOptions(id="text")})
    if change == "output format":
        options = OPTIONS.model_copy(update={"output_format": "conll"})
    with pytest.raises(ConfigError, match="is there already, and was not made by this job"):
        predict_files(model, source, output, options=options)
    assert output.read_bytes() == before
    assert not Path(f"{output}.parts").exists()
    report = predict_files(model, source, output, options=options, overwrite=True)
    assert report.resumed_rows == 0
    assert output.read_bytes() != before or change == "model"


def test_a_foreign_folder_is_never_removed(tmp_path, model):
    output = tmp_path / "precious"
    output.mkdir()
    options = OPTIONS.model_copy(update={"output_format": "brat"})
    with pytest.raises(ConfigError, match="was not made by `gmf predict`"):
        predict_files(model, posts(tmp_path / "in.jsonl"), output, options=options, overwrite=True)
    assert output.is_dir()
    (tmp_path / "in").mkdir()
    with pytest.raises(ConfigError, match="lies in the input folder"):
        predict_files(model, tmp_path / "in", tmp_path / "in" / "out.jsonl")


def test_a_post_on_which_the_model_fails_is_an_error_row(tmp_path, model):
    source, output = posts(tmp_path / "in.jsonl", wrong=()), tmp_path / "out.jsonl"
    source.write_text(source.read_text().replace("Post 7", "POISON 7"))
    predict_files(model, source, output, options=OPTIONS)
    errors = lines_of(Path(f"{output}.errors.jsonl"))
    assert [(e["row"], e["error"]) for e in errors] == [
        (7, "the model failed: RuntimeError: poisoned")
    ]
    assert len(lines_of(output)) == 9


def test_a_model_that_fails_on_every_post_ends_the_job(tmp_path, model):
    source, output = posts(tmp_path / "in.jsonl", wrong=()), tmp_path / "out.jsonl"
    source.write_text(source.read_text().replace("Post", "POISON"))
    with pytest.raises(GmfError, match=r"fails on every post, .*in.jsonl:1 and 2 more"):
        predict_files(model, source, output, options=OPTIONS)
    assert not output.exists()


def test_a_huge_post_is_an_error_row(tmp_path, model):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"text": "a " * 20_001}) + '\n{"text": "Ann"}\n')
    predict_files(model, source, output)
    assert lines_of(Path(f"{output}.errors.jsonl"))[0]["error"].startswith("20001 words")


def test_an_input_that_changes_meanwhile_ends_the_job(tmp_path, model):
    source, output = posts(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"

    def shorten(done, total):
        if done == 3:
            source.write_text("".join(source.read_text().splitlines(keepends=True)[:5]))

    with pytest.raises(DataError, match="the input changed while it was read"):
        predict_files(model, source, output, options=OPTIONS, on_progress=shorten)
    with pytest.raises(ConfigError, match="unfinished job with another content of the input"):
        predict_files(model, source, output, options=OPTIONS)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["jsonl", "brat"])
def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path, model, monkeypatch, name):
    """Die before and after each change of name on disk, go on, compare with an unbroken job."""
    source = posts(tmp_path / "in.jsonl")
    options = OPTIONS.model_copy(update={"output_format": name})
    whole, broken = tmp_path / "a" / "out", tmp_path / "b" / "out"
    predict_files(model, source, whole, options=options)
    real = {"replace": Path.replace, "rename": Path.rename}
    steps, kills, limit, is_before = 0, 0, 0, True

    def dying(verb):
        def change(path, target):
            nonlocal steps, kills
            steps += 1
            if is_before and steps == limit:
                kills += 1
                raise Killed
            result = real[verb](path, target)
            if steps == limit:
                kills += 1
                raise Killed
            return result

        return change

    for verb in real:
        monkeypatch.setattr(Path, verb, dying(verb))
    for last in (*range(1, 8), 11, 14):
        for is_before in (True, False):  # noqa: B007 -- read by ``dying``
            for limit in (last, last // 2, 0):  # noqa: B007
                steps = 0
                try:
                    predict_files(model, source, broken, options=options)
                except Killed:
                    (broken.parent / "out.parts" / "shards").mkdir(parents=True, exist_ok=True)
                    (broken.parent / "out.parts" / "shards" / ".left").touch()
            assert content_of(broken) == content_of(whole)
            assert not Path(f"{broken}.parts").exists()
            shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
            Path(f"{broken}.errors.jsonl").unlink()
            Path(f"{broken}.report.json").unlink()
    assert kills > 20


@pytest.mark.parametrize("name", ["jsonl", "label-studio"])
def test_a_kill_while_shards_are_put_together_leaves_no_half_output(
    tmp_path, model, monkeypatch, name
):
    source, output = posts(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    options = OPTIONS.model_copy(update={"output_format": name})

    def first_then_die(folder):
        yield min(path for path in folder.iterdir() if path.suffix)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(base, "shards_in", first_then_die)
        with pytest.raises(Killed):
            predict_files(model, source, output, options=options)
    assert not output.exists()
    report = predict_files(model, source, output, options=options)
    assert report.resumed_rows == 10
    if name == "jsonl":
        check(output)
    else:
        assert [task["data"]["row"] for task in json.loads(output.read_text())] == [
            n for n in range(1, 11) if n != 4
        ]


def content_of(output):
    paths = sorted(output.rglob("*")) if output.is_dir() else [output]
    named = {str(p.relative_to(output.parent)): p.read_bytes() for p in paths if p.is_file()}
    return named | {"errors": Path(f"{output}.errors.jsonl").read_bytes()}


SCRIPT = """
import sys
from pathlib import Path
from fixtures.rule_engine import rule_pipeline
from gmf.jobs import files, job
from gmf.jobs.files import predict_files
assert "torch" not in sys.modules
job.load = lambda *_, **__: rule_pipeline(seconds=0.002)
model, source, output = map(Path, sys.argv[1:])
predict_files(model, source, output, options=job.JobOptions(shard_rows=20, batch_size=2))
"""


@pytest.mark.slow
def test_sigkill_at_random_moments(tmp_path):
    model, source = rule_model(tmp_path / "model"), tmp_path / "in.jsonl"
    count, wrong, output = 400, (1, 57, 400), tmp_path / "out.jsonl"
    posts(source, count=count, wrong=wrong)
    (tmp_path / "job.py").write_text(SCRIPT)
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"}
    command = [sys.executable, str(tmp_path / "job.py"), str(model), str(source), str(output)]
    chance, kills = random.Random(5), 0
    while True:
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        wanted = len(done := finished(output)) + chance.randrange(1, 5)
        while process.poll() is None and len(finished(output)) < wanted:
            time.sleep(0.001)
        if kills < 3 and process.poll() is None:
            time.sleep(chance.random() * 0.04)
            process.send_signal(signal.SIGKILL)
        code = process.wait()
        process.stderr.close()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        assert set(done) <= set(finished(output))
    assert kills == 3
    check(output, count=count, wrong=wrong)


def finished(output):
    folder = Path(f"{output}.parts") / "stats"
    return [p.name for p in folder.glob("[0-9]*.json")] if folder.exists() else []


def test_two_processes_do_not_share_an_output(tmp_path, model):
    source, output = posts(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    messages = []

    def again(done, total):
        if done == 3:
            with pytest.raises(ConfigError, match="another process works on it") as caught:
                predict_files(model, source, output, options=OPTIONS)
            messages.append(caught)

    predict_files(model, source, output, options=OPTIONS, on_progress=again)
    assert messages
    check(output)


def test_replacing_leaves_nothing_of_a_failure(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")

    def fail(half):
        half.write_text("new")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), replacing(path) as half:
        fail(half)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert path.read_text() == "old"


def test_words_that_are_too_long_together_are_an_error_row(tmp_path, model):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"tokens": ["a" * 1_000_001]}) + '\n{"text": "Ann"}\n')
    assert predict_files(model, source, output).documents == 1
    (row,) = lines_of(Path(f"{output}.errors.jsonl"))
    assert row["error"] == "1000001 characters; expected at most 1000000: divide the text"
