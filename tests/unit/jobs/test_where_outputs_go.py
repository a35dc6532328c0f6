"""Documents that are printed while a job works, and outputs on other file systems."""

import importlib.util
import io
import json
import shutil

import pytest
from fixtures.command import exit_status
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf import api
from gmf.core.errors import ConfigError, GmfError
from gmf.core.paths import gmf_home
from gmf.core.registry import CODE_VARIABLE
from gmf.jobs import job, remote
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.job import JobOptions

OPTIONS = JobOptions(shard_rows=3, batch_size=2)


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    return rule_model(tmp_path / "model")


@pytest.fixture
def posts(tmp_path):
    """Ten posts, of which the fourth cannot be used."""
    rows = ({"text": f"Ann {n}" if n != 4 else n, "likes": n} for n in range(1, 11))
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_library_that_a_format_needs_is_asked_for_before_anything_is_done(
    tmp_path, model, posts, monkeypatch
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"Parquet needs pyarrow; run pip install 'gmf\[parquet"):
        predict_files(model, posts, tmp_path / "out.parquet", options=OPTIONS)
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "model"}


@pytest.mark.parametrize("name", ["jsonl", "csv", "conll", "label-studio", "gliner", "parquet"])
def test_a_stream_gets_what_the_output_holds(tmp_path, model, posts, name):
    keep = InputOptions(keep=("likes",) if name in ("jsonl", "csv") else ())
    options = OPTIONS.model_copy(update={"output_format": name, "input": keep})
    stream = io.BytesIO()
    predict_files(model, posts, tmp_path / "out", options=options, stream=stream)
    assert stream.getvalue() == (tmp_path / "out").read_bytes()
    assert stream.getvalue()


def test_a_stream_gets_each_shard_when_it_is_done(tmp_path, model, posts):
    stream, lines = io.BytesIO(), {}

    def on_progress(done, total):
        lines[done] = stream.getvalue().count(b"\n")

    predict_files(
        model, posts, tmp_path / "o.jsonl", options=OPTIONS, stream=stream, on_progress=on_progress
    )
    assert lines == {0: 0, 3: 0, 6: 3, 9: 5, 10: 8}


def test_a_folder_cannot_be_printed(model, posts, monkeypatch, capsys):
    go = ["predict", model, posts, "--output", "-", "--output-format", "brat"]
    assert exit_status(monkeypatch, *go) == 2
    assert "brat is a folder, which cannot be printed" in capsys.readouterr().err


def test_printed_error_rows_name_no_file_that_is_gone(model, posts, monkeypatch, capfdbinary):
    assert exit_status(monkeypatch, "predict", model, posts, "--output", "-") == 3
    printed, told = capfdbinary.readouterr()
    assert [json.loads(line)["row"] for line in printed.splitlines()] == [1, 2, 3, *range(5, 11)]
    assert json.loads(told.splitlines()[0])["row"] == 4
    assert told.splitlines()[-1] == b"1 of 10 rows are error rows"


def test_a_reader_that_has_gone_ends_it_without_a_word(model, posts, monkeypatch, capsys):
    class Closed(io.TextIOWrapper):
        def __init__(self):
            super().__init__(io.BytesIO())

        @property
        def buffer(self):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stdout", Closed())
    assert exit_status(monkeypatch, "predict", model, posts, "--output", "-") == 1
    assert not capsys.readouterr().err


@pytest.fixture
def bucket():
    upath = pytest.importorskip("upath")
    root = upath.UPath("memory://bucket-of-outputs")
    yield root
    root.fs.rm(root.path, recursive=True)


def test_an_output_on_another_file_system_is_done_once(tmp_path, model, posts, bucket):
    target = f"{bucket}/a/found.jsonl.gz"
    here = predict_files(model, posts, tmp_path / "here.jsonl.gz", options=OPTIONS)
    first = api.predict_files(model, posts, target, shard_rows=3)
    assert (str(first.output), first.documents, first.errors) == (target, 9, 1)
    files = {path.name: path.read_bytes() for path in (bucket / "a").iterdir()}
    names = ("found.jsonl.gz", "found.jsonl.gz.errors.jsonl", "found.jsonl.gz.report.json")
    assert sorted(files) == sorted(names)
    assert files[names[1]] == (tmp_path / "here.jsonl.gz.errors.jsonl").read_bytes()
    assert here.documents == 9
    assert predict_files(model, posts, target, options=OPTIONS).resumed_rows == 10
    posts.write_text('{"text": "Bob"}\n')
    with pytest.raises(ConfigError, match="by a job with another content of the input"):
        predict_files(model, posts, target)
    assert predict_files(model, posts, target, overwrite=True).documents == 1
    # The error rows of the job before are not left beside the new output.
    assert sorted(path.name for path in (bucket / "a").iterdir()) == sorted(names[::2])
    assert not list((gmf_home() / "outputs").iterdir())


def test_a_folder_goes_to_another_file_system(model, posts, bucket):
    options = OPTIONS.model_copy(update={"output_format": "brat"})
    for overwrite in (False, True):
        predict_files(model, posts, f"{bucket}/brat", options=options, overwrite=overwrite)
    names = [path.rpartition("/brat/")[2] for path in bucket.fs.find(bucket.path)]
    assert len([name for name in names if name.endswith(".ann")]) == 9
    assert "annotation.conf" in names


def test_what_could_not_be_copied_is_copied_by_the_same_command(model, posts, bucket, monkeypatch):
    target = f"{bucket}/found.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(type(bucket.fs), "put", lambda *_, **__: 1 / 0)
        with pytest.raises(GmfError, match="the same command copies it again"):
            predict_files(model, posts, target, options=OPTIONS)
    assert not (bucket / "found.jsonl").exists()
    monkeypatch.setattr(job, "load", None)  # Nothing is computed again.
    assert predict_files(model, posts, target, options=OPTIONS).documents == 9
    assert len((bucket / "found.jsonl").read_text().splitlines()) == 9


def test_a_file_system_that_takes_nothing_is_told_before_the_work(
    model, posts, bucket, monkeypatch
):
    monkeypatch.setattr(job, "load", None)
    refuse = PermissionError("read only")
    monkeypatch.setattr(type(bucket), "write_bytes", lambda *_: (_ for _ in ()).throw(refuse))
    with pytest.raises(ConfigError, match=r"found\.jsonl: cannot be written: read only"):
        predict_files(model, posts, f"{bucket}/found.jsonl")
    with pytest.raises(ConfigError, match="no file system of that name"):
        predict_files(model, posts, "nosuch://bucket/found.jsonl")
    with pytest.raises(ConfigError, match="engine ray writes to a folder of all machines"):
        predict_files(model, posts, f"{bucket}/o.jsonl", options=JobOptions(engine="ray"))


def test_a_url_of_this_machine_is_a_path(tmp_path, model, posts):
    assert remote.path_of(f"file://{tmp_path}/o.jsonl") == tmp_path / "o.jsonl"
    report = predict_files(model, posts, f"file://{tmp_path}/o.jsonl", options=OPTIONS)
    assert report.output == tmp_path / "o.jsonl"
    assert report.output.exists()


@pytest.mark.parametrize("alias", ["dots", "link"])
def test_an_input_is_never_overwritten_by_whatever_name(tmp_path, model, posts, alias):
    output = tmp_path / "found.jsonl"
    shutil.copy(posts, output)
    content = output.read_bytes()
    (tmp_path / "sub").mkdir()
    given = tmp_path / "sub" / ".." / output.name
    if alias == "link":
        given = tmp_path / "sub" / "link.jsonl"
        given.symlink_to(output)
    for names in (given, [posts, given], [posts, output]):
        with pytest.raises(ConfigError, match="is the input itself; choose another output"):
            predict_files(model, names, output, options=OPTIONS, overwrite=True)
    assert output.read_bytes() == content


def test_a_glob_never_finds_the_shards_of_the_job_itself(tmp_path, model, posts):
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(posts, folder / "a.jsonl")
    shards = folder / "found.jsonl.parts" / "shards"
    shards.mkdir(parents=True)
    (shards / "00000.jsonl").write_text("{}\n")
    report = predict_files(
        model, folder / "**" / "*.jsonl", folder / "found.jsonl", options=OPTIONS
    )
    assert [file["name"] for file in report.files] == [str(folder / "a.jsonl")]


def test_texts_of_a_folder_and_files_of_code_are_part_of_the_job(tmp_path, model, monkeypatch):
    folder, code = tmp_path / "posts", tmp_path / "mine.py"
    folder.mkdir()
    (folder / "a.txt").write_text("Ann in Oslo")
    code.write_text("x = 1\n")
    monkeypatch.setenv(CODE_VARIABLE, str(code))
    output = tmp_path / "found.jsonl"
    assert predict_files(model, folder, output, options=OPTIONS).documents == 1
    code.write_text("x = 2\n")
    with pytest.raises(ConfigError, match="--code"):
        predict_files(model, folder, output, options=OPTIONS)
    code.write_text("x = 1\n")
    assert predict_files(model, folder, output, options=OPTIONS).documents == 1
    (folder / "a.txt").write_text("Ann in Rome")
    with pytest.raises(ConfigError, match="content of the input"):
        predict_files(model, folder, output, options=OPTIONS)
    (folder / "a.txt").write_text("Ann in Oslo")
    monkeypatch.delenv(CODE_VARIABLE)
    with pytest.raises(ConfigError, match="--code"):
        predict_files(model, folder, output, options=OPTIONS)
