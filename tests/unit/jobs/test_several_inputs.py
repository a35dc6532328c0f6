"""Several files, globs, folders of shards, compressed, from pipes and other file systems."""

import bz2
import csv
import gzip
import json
import lzma
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fixtures.command import exit_status
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf.core.errors import ConfigError, DataError, GmfError
from gmf.jobs import job
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.conll import ConllSource
from gmf.jobs.inputs.names import input_files
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.inputs.several import Inputs
from gmf.jobs.job import JobOptions

OPTIONS = JobOptions(shard_rows=3, batch_size=2)
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def pack(content, suffix):
    if suffix == ".zst":
        zstd = pytest.importorskip(
            "backports.zstd" if sys.version_info < (3, 14) else "compression.zstd"
        )
        return zstd.compress(content)
    return PACKERS.get(suffix, bytes)(content)


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    return rule_model(tmp_path / "model")


def rows(start, count, wrong=()):
    posts = ({"id": f"p{n}", "text": f"Post {n} by Ann" if n not in wrong else n, "likes": n}
             for n in range(start, start + count))  # fmt: skip
    return "".join(json.dumps(post) + "\n" for post in posts).encode()


def shards(folder, *, files=4, count=5, suffix="", wrong=()):
    folder.mkdir(parents=True)
    for number in range(files):
        content = pack(rows(number * count + 1, count, wrong), suffix)
        (folder / f"part-{number:03d}.jsonl{suffix}").write_bytes(content)
    return folder


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def check(output, *, count=20, wrong=()):
    documents = lines_of(output)
    errors = lines_of(f"{output}.errors.jsonl") if wrong else []
    assert [d["row"] for d in documents] == [n for n in range(1, count + 1) if n not in wrong]
    assert [d["id"] for d in documents] == [f"p{d['row']}" for d in documents]
    assert [e["row"] for e in errors] == list(wrong)
    assert not Path(f"{output}.parts").exists()


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_a_folder_of_shards_is_read_in_the_order_of_names(tmp_path, model, suffix):
    folder = shards(tmp_path / "in", suffix=suffix, wrong=(7,))
    (folder / "_SUCCESS").touch()
    (folder / ".part-000.jsonl.crc").touch()
    (folder / "sub").mkdir()
    (folder / "part-003.jsonl").with_suffix(f".jsonl{suffix}").rename(
        folder / "sub" / f"part-003.jsonl{suffix}"
    )
    output = tmp_path / "out.jsonl"
    report = predict_files(model, folder, output, options=OPTIONS)
    check(output, wrong=(7,))
    origin = lines_of(f"{output}.errors.jsonl")[0]["origin"]
    assert origin == f"{folder / 'part-001.jsonl'}{suffix}:2"
    assert [(Path(f["name"]).name, f["first_row"], f["rows"]) for f in report.files] == [
        (f"part-{n:03d}.jsonl{suffix}", 1 + 5 * n, 5) for n in range(4)
    ]
    assert json.loads(Path(f"{output}.report.json").read_text())["files"] == list(report.files)


def test_files_globs_and_mixed_formats_keep_their_order(tmp_path, model):
    folder = shards(tmp_path / "in", files=2)
    (tmp_path / "more.csv").write_text("id,text\np11,Post 11 by Ann\n")
    output = tmp_path / "out.jsonl"
    names = [str(folder / "part-*.jsonl"), tmp_path / "more.csv"]
    predict_files(model, names, output, options=OPTIONS)
    check(output, count=11)
    for names, error in [
        ([folder, folder / "part-000.jsonl"], r"part-000.jsonl: is named twice"),
        ([], "at least one input"),
    ]:
        with pytest.raises(ConfigError, match=error):
            predict_files(model, names, tmp_path / "b.jsonl", options=OPTIONS)
    for name, error in [("no*.jsonl", "no file has such a name"), ("none.jsonl", "no such file")]:
        with pytest.raises(DataError, match=error):
            predict_files(model, tmp_path / name, tmp_path / "b.jsonl", options=OPTIONS)
    assert not list(tmp_path.glob("b.*"))


def test_a_name_with_brackets_is_that_file_before_it_is_a_glob(tmp_path, model):
    path = tmp_path / "a[/b]" / "d[red].jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(rows(1, 3))
    predict_files(model, path, tmp_path / "out.jsonl", options=OPTIONS)
    check(tmp_path / "out.jsonl", count=3)


def test_a_folder_of_texts_is_one_beside_tables_too_only_when_asked(tmp_path, model):
    folder = shards(tmp_path / "in", files=1, count=3)
    (folder / "a.TXT").write_text("Ann in Oslo")
    with pytest.raises(DataError, match=r"files such as part-\d+\.jsonl\S* and .* a\.TXT"):
        predict_files(model, folder, tmp_path / "out.jsonl", options=OPTIONS)
    options = JobOptions(input=InputOptions(format="jsonl"))
    predict_files(model, folder, tmp_path / "out.jsonl", options=options)
    check(tmp_path / "out.jsonl", count=3)
    options = JobOptions(input=InputOptions(format="folder"))
    predict_files(model, folder, tmp_path / "texts.jsonl", options=options)
    assert [d["text"] for d in lines_of(tmp_path / "texts.jsonl")] == ["Ann in Oslo"]


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz"])
def test_a_damaged_compressed_file_is_refused_before_anything_is_done(tmp_path, model, suffix):
    folder = shards(tmp_path / "in", suffix=suffix, count=400)
    path = folder / f"part-002.jsonl{suffix}"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"part-002\.jsonl.*cannot be read"):
        predict_files(model, folder, tmp_path / "out.jsonl", options=OPTIONS)
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz"])
def test_a_compressed_output_is_the_same_output_and_the_same_bytes_again(tmp_path, model, suffix):
    folder = shards(tmp_path / "in")
    plain, packed = tmp_path / "out.jsonl", tmp_path / f"out.jsonl{suffix}"
    predict_files(model, folder, plain, options=OPTIONS)
    predict_files(model, folder, packed, options=OPTIONS)
    assert packed.read_bytes() != plain.read_bytes()
    read = tmp_path / "read.jsonl"
    predict_files(model, packed, read, options=OPTIONS)
    assert [d["text"] for d in lines_of(read)] == [d["text"] for d in lines_of(plain)]
    before = packed.read_bytes()
    predict_files(model, folder, packed, options=OPTIONS, overwrite=True)
    assert packed.read_bytes() == before
    options = OPTIONS.model_copy(update={"output_format": "brat"})
    with pytest.raises(ConfigError, match="brat is a folder and cannot be compressed"):
        predict_files(model, folder, tmp_path / f"b{suffix}", options=options)


def piped(tmp_path, content):
    """Return the name of a pipe out of which a content comes once."""
    name = tmp_path / f"pipe-{len(list(tmp_path.iterdir()))}"
    os.mkfifo(name)
    threading.Thread(target=name.write_bytes, args=(content,), daemon=True).start()
    return name


class Killed(BaseException):
    pass


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rows(1, 2).decode().encode("utf-16"), 2),
        (b"", "nothing came out of it"),
        (gzip.compress(rows(1, 9))[:-9], "^pipe: cannot be read .the compressed file is damaged"),
        (b"PK\x03\x04", "^pipe: expected text, this is a ZIP archive"),
    ],
)
@pytest.mark.parametrize("format", [None, "jsonl"])
def test_what_comes_out_of_a_pipe_is_told_by_its_content(tmp_path, content, told, format):
    options = InputOptions(format=format)

    def read():
        pipe = piped(tmp_path, content)
        files = input_files([pipe], options=options, spool=tmp_path / "kept")
        inputs = Inputs(files, options)
        shards = list(inputs.shards(9))
        return len([row for shard in shards for row in inputs.read(shard)]), files[0].note

    if isinstance(told, int):
        assert read() == (told, "")
    elif content:
        with pytest.raises((ConfigError, DataError), match=told):
            read()
    else:
        assert read() == (0, told)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_pipe_that_was_killed_goes_on_when_the_same_comes_out_again(
    tmp_path, model, monkeypatch, suffix
):
    # Compressed files one after the other, as cat makes of them.
    content = b"".join(pack(rows(n * 5 + 1, 5, (7,)), suffix) for n in range(4))
    output = tmp_path / "out.jsonl"

    def die(done, total):
        if done == 9:
            raise Killed

    with pytest.raises(Killed):
        predict_files(model, piped(tmp_path, content), output, options=OPTIONS, on_progress=die)
    assert not output.exists()
    with pytest.raises(ConfigError, match="unfinished job with another content of the input"):
        predict_files(model, piped(tmp_path, pack(rows(1, 20), suffix)), output, options=OPTIONS)
    report = predict_files(model, piped(tmp_path, content), output, options=OPTIONS)
    assert report.resumed_rows >= 6
    check(output, wrong=(7,))
    assert lines_of(f"{output}.errors.jsonl")[0]["origin"] == "pipe:7"
    with pytest.raises(ConfigError, match="add --input-format"):
        predict_files(model, piped(tmp_path, b"Ann in Oslo"), tmp_path / "c.jsonl")
    assert not list(tmp_path.glob("c.*"))


def test_standard_input_and_output(tmp_path):
    (tmp_path / "run.py").write_text(
        "import sys\nfrom fixtures.rule_engine import rule_pipeline\nfrom gmf.jobs import job\n"
        "from gmf.cli.main import main\njob.load = lambda *_, **__: rule_pipeline()\nmain()\n"
    )
    model = rule_model(tmp_path / "model")
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"}

    def run(*arguments, content=b""):
        return subprocess.run(
            [sys.executable, str(tmp_path / "run.py"), "predict", str(model), *arguments],
            input=content,
            capture_output=True,
            env=environment,
            cwd=tmp_path,
        )

    done = run("-", "--output", "-", content=rows(1, 3, (2,)))
    assert done.returncode == 3
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["p1", "p3"]
    assert b'"origin": "stdin:2"' in done.stderr
    done = run("-", "--output", "o.csv.gz", "--keep-columns", "likes", content=rows(1, 3))
    assert (done.returncode, done.stdout) == (
        0,
        b"o.csv.gz: 3 documents of 3 rows\n".replace(b"o.", str(tmp_path).encode() + b"/o."),
    )
    with gzip.open(tmp_path / "o.csv.gz", "rt") as file:
        assert [row["likes"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    shell = f"{sys.executable} run.py predict {model} <(cat in.jsonl) --output s.jsonl"
    (tmp_path / "in.jsonl").write_bytes(rows(1, 5))
    subprocess.run(["bash", "-c", shell], check=True, env=environment, cwd=tmp_path)
    check(tmp_path / "s.jsonl", count=5)


def test_other_file_systems_are_read_by_their_url(tmp_path, model):
    upath = pytest.importorskip("upath")
    root = upath.UPath("memory://bucket/posts")
    root.mkdir(parents=True)
    for number in range(3):
        (root / f"{number}.jsonl.gz").write_bytes(gzip.compress(rows(number * 5 + 1, 5)))
    for number, name in enumerate(["memory://bucket/posts", "memory://bucket/posts/*.jsonl.gz"]):
        output = tmp_path / f"out-{number}.jsonl"
        predict_files(model, name, output, options=OPTIONS)
        check(output, count=15)
    (root / "1.jsonl.gz").write_bytes(b'{"text": "Ann", "image": "a.png"}')
    predict_files(model, "memory://bucket/posts/1.jsonl.gz", tmp_path / "i.jsonl")
    (note,) = lines_of(tmp_path / "i.jsonl")[0]["notes"]
    assert "images beside a remote input are not fetched" in note
    with pytest.raises(ConfigError, match="no file system of that name"):
        predict_files(model, "nosuch://bucket/posts", tmp_path / "n.jsonl")


def test_columns_are_kept_in_every_format_that_has_columns(tmp_path, model):
    source = tmp_path / "in.jsonl"
    values = [
        {"text": "Ann", "likes": 3, "user": {"name": "é"}, "labels": ["a", 1]},
        {"text": "Bob"},
    ]
    source.write_text("\n".join(map(json.dumps, values)))
    options = JobOptions(input=InputOptions(keep=("likes", "user.name", "labels")))
    predict_files(model, source, tmp_path / "o.jsonl", options=options)
    first, second = lines_of(tmp_path / "o.jsonl")
    assert (first["likes"], first["user.name"], first["labels"]) == (3, "é", ["a", 1])
    assert (second["likes"], second["labels"]) == (None, None)
    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        predict_files(model, source, tmp_path / f"o{suffix}", options=options)
        with (tmp_path / f"o{suffix}").open(newline="") as file:
            read = list(csv.DictReader(file, delimiter=delimiter))
        assert [(r["row"], r["likes"], r["labels"]) for r in read] == [
            ("1", "3", '["a", 1]'),
            ("2", "", ""),
        ]
        assert json.loads(read[0]["entities"])[0]["text"] == "Ann"
    for keep, error in [("text", "would stand twice"), ("likes", "brat holds no columns")]:
        options = JobOptions(
            input=InputOptions(keep=(keep,)), output_format="brat" if keep == "likes" else None
        )
        with pytest.raises(ConfigError, match=error):
            predict_files(model, source, tmp_path / "p.jsonl", options=options)


@pytest.mark.parametrize("names", [{"images": ("pic",)}, {"id": "foo"}, {"keep": ("foo.bar",)}])
def test_a_key_that_is_in_no_line_is_refused(tmp_path, model, names):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Ann", "image": "a.png"}\nnot JSON\n{"text": "Bob", "likes": 3}\n')
    with pytest.raises(ConfigError, match=r"no column '(pic|foo|foo.bar)'; .* has 'text', 'image'"):
        predict_files(
            model, source, tmp_path / "o.jsonl", options=JobOptions(input=InputOptions(**names))
        )
    options = JobOptions(input=InputOptions(keep=("likes",)))
    assert predict_files(model, source, tmp_path / "o.jsonl", options=options).documents == 2


def test_kept_columns_of_tables_keep_their_types(tmp_path, model):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table(
        {
            "text": ["Ann", "Bob", "Eve"],
            "likes": pyarrow.array([1, None, 3], pyarrow.int16()),
            "at": pyarrow.array([0, 1, None], pyarrow.timestamp("ms")),
            "user": [{"name": "é"}, None, {"name": "x"}],
        }
    )
    parquet.write_table(table, tmp_path / "in.parquet")
    options = JobOptions(
        input=InputOptions(keep=("likes", "at", "user", "user.name")), shard_rows=2
    )
    predict_files(model, tmp_path / "in.parquet", tmp_path / "o.parquet", options=options)
    read = parquet.read_table(tmp_path / "o.parquet")
    for name in ("likes", "at", "user"):
        assert read[name].type == table[name].type
        assert read[name].to_pylist() == table[name].to_pylist()
    assert read["user.name"].to_pylist() == ["é", None, "x"]
    predict_files(model, tmp_path / "in.parquet", tmp_path / "o.csv", options=options)
    assert "1970-01-01 00:00:00" in (tmp_path / "o.csv").read_text()


def test_entities_are_chosen_by_confidence_and_type(tmp_path, model):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Annabel met Bob"}\n')
    for name, changes, texts in [
        ("a", {}, ["Annabel", "Bob"]),
        ("b", {"min_confidence": 0.4}, ["Annabel"]),
        ("c", {"types": ("LOC",)}, ["Bob"]),
    ]:
        options = OPTIONS.model_copy(update=changes)
        predict_files(model, source, tmp_path / f"{name}.jsonl", options=options)
        (document,) = lines_of(tmp_path / f"{name}.jsonl")
        assert [e["text"] for e in document["entities"]] == texts
    with pytest.raises(ConfigError, match=r"was not made by this job .*way of predicting"):
        predict_files(model, source, tmp_path / "b.jsonl", options=OPTIONS)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"on_error": "stop"}, r"in.jsonl:4: text: expected text, got int; stopped"),
        ({"max_errors": 1}, r"in.jsonl:7: text: .*raise --max-errors"),
        ({"max_errors": 2}, ""),
        ({"on_error": "skip"}, ""),
    ],
)
def test_rows_that_fail_end_the_job_when_they_are_more_than_may(tmp_path, model, changes, error):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(rows(1, 10, (4, 7)))
    options = OPTIONS.model_copy(update=changes)
    if error:
        for _ in range(2):
            with pytest.raises(GmfError, match=error):
                predict_files(model, source, output, options=options)
        assert not output.exists()
        report = predict_files(model, source, output, options=OPTIONS)
        assert report.resumed_rows == (3 if "on_error" in changes else 6)
    else:
        report = predict_files(model, source, output, options=options)
    assert (report.documents, report.errors) == (8, 2)
    skipped = changes == {"on_error": "skip"}
    assert Path(f"{output}.errors.jsonl").exists() != skipped


def test_the_exit_status_tells_of_rows_that_failed(tmp_path, model, monkeypatch, capsys):
    source = tmp_path / "in.jsonl"
    source.write_bytes(rows(1, 4, (2,)))
    go = ["predict", model, source, "--output"]
    assert exit_status(monkeypatch, *go, tmp_path / "a.jsonl") == 3
    assert exit_status(monkeypatch, *go, tmp_path / "a.jsonl") == 3
    assert exit_status(monkeypatch, *go, tmp_path / "b.jsonl", "--on-error", "skip") == 3
    assert exit_status(monkeypatch, *go, tmp_path / "c.jsonl", "--on-error", "stop") == 1
    assert exit_status(monkeypatch, *go, tmp_path / "d.jsonl", "--max-errors", "0") == 1
    assert exit_status(monkeypatch, *go, tmp_path / "e.jsonl", "--types", "PERSON") == 2
    assert "the model has no PERSON" in capsys.readouterr().err
    source.write_bytes(rows(1, 4))
    assert exit_status(monkeypatch, *go, tmp_path / "f.jsonl") == 0


def test_a_line_tells_the_progress_where_there_is_no_terminal(tmp_path, model, monkeypatch, capsys):
    from gmf.cli import progress

    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    source = tmp_path / "in.jsonl"
    source.write_bytes(rows(1, 40))
    exit_status(
        monkeypatch, "predict", model, source, "--output", tmp_path / "o.jsonl", "--batch-size", "1"
    )
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("predicting")]
    assert len(told) >= 5
    assert told[-1].startswith("predicting: 40 of 40 rows (100%), ")
    assert "a second, 0:00:0" in told[-2]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "csv"])
def test_fifty_shards_from_a_pipe_with_kills(tmp_path, model, suffix):
    """Rows in are rows out and errors, and bytes those of an unbroken run."""
    wrong, chance = (3, 77, 250), random.Random(1)
    folder = shards(tmp_path / "in", files=50, suffix=".gz", wrong=wrong)
    content = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    options = OPTIONS.model_copy(update={"shard_rows": 8})
    whole, broken = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    predict_files(model, piped(tmp_path, content), whole, options=options)
    kills = 0
    for limit in sorted(chance.sample(range(10, 250), 6)):

        def die(done, total, limit=limit):
            if done >= limit:
                raise Killed

        with pytest.raises(Killed):
            predict_files(model, piped(tmp_path, content), broken, options=options, on_progress=die)
        kills += 1
    report = predict_files(model, piped(tmp_path, content), broken, options=options)
    assert (kills, report.rows, report.documents, report.errors) == (6, 250, 247, 3)
    assert broken.read_bytes() == whole.read_bytes()
    errors = [Path(f"{path}.errors.jsonl").read_bytes() for path in (whole, broken)]
    assert errors[0] == errors[1]


@pytest.mark.parametrize("alias", ["dots", "link", "link to a folder"])
def test_a_file_under_two_names_is_named_twice(tmp_path, alias):
    folder = shards(tmp_path / "in", files=1)
    file = folder / "part-000.jsonl"
    other = folder / ".." / "in" / file.name
    if alias == "link":
        other = tmp_path / "other.jsonl"
        other.symlink_to(file)
    elif alias == "link to a folder":
        (tmp_path / "other").symlink_to(folder)
        other = tmp_path / "other" / file.name
    with pytest.raises(ConfigError, match=f"{other}: is named twice, as {file} too"):
        input_files([file, other], options=InputOptions())


def test_an_empty_pipe_has_no_rows(tmp_path, model):
    names = [os.pipe(), os.pipe()]
    os.write(names[1][1], b" \n\n")
    for (reading, writing), name in zip(names, "ab", strict=True):
        os.close(writing)
        output = tmp_path / f"{name}.jsonl"
        report = predict_files(model, f"/dev/fd/{reading}", output, options=OPTIONS)
        os.close(reading)
        assert (report.rows, output.read_bytes()) == (0, b"")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--types", ","), "--types ',': names nothing"),
        (("--keep-columns", ""), "--keep-columns '': names nothing"),
        (("--image-root", "/no/such"), "image root /no/such: no such folder"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    tmp_path, model, monkeypatch, capsys, option, message
):
    (tmp_path / "in.jsonl").write_bytes(rows(1, 2))
    go = ["predict", model, tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", *option]
    assert exit_status(monkeypatch, *go) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_what_is_told_of_columns_is_found_while_their_rows_are(tmp_path, monkeypatch):
    for name in ("a.conll", "b.conll"):
        (tmp_path / name).write_text("# a comment\nAnn\tB-PER\n\nis\tO\n")
    options = InputOptions()
    files = input_files([tmp_path], options=options)
    inputs, unread = Inputs(files, options), Inputs(files, options)
    shards = list(inputs.shards(1))
    assert [count["note"][:14] for count in unread.counts(shards)] == ["1 comment line"] * 2
    monkeypatch.setattr(ConllSource, "_open", None)
    assert [count["note"][:14] for count in inputs.counts(shards)] == ["1 comment line"] * 2
