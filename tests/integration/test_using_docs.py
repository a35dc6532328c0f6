"""Every command and every piece of code of the pages on using a model runs."""

import csv
import gzip
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from fixtures.hub import install_fake_hub
from PIL import Image
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.jobs.outputs.open import output_formats
from gmf.testing import synthetic_samples, tiny_checkpoint

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("python", "predict-files", "spacy", "hub")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def blocks_of(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a run and all files that the pages name."""
    monkeypatch.chdir(tmp_path)
    tiny_checkpoint(tmp_path / "runs" / "RUN")
    Image.new("RGB", (40, 40), "red").save("rocky.jpg")
    posts = [{"id": n, "text": f"Rocky {n} in Oslo", "image": "rocky.jpg"} for n in range(4)]
    Path("posts.jsonl").write_text("\n".join(map(json.dumps, [*posts, {}])))
    with Path("posts.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "tweet", "photo"])
        writer.writerows([[post["id"], post["text"], post["image"]] for post in posts])
    write_parquet(posts)
    Path("posts").mkdir()
    Path("posts/a.txt").write_text("Ann Lee in Oslo")
    shutil.copyfile("rocky.jpg", "posts/a-1.jpg")
    write_data(tmp_path / "data")
    shutil.copyfile("data/test.txt", "test.txt")
    Path("shards").mkdir()
    for number, post in enumerate(posts):
        with gzip.open(f"shards/{number}.jsonl.gz", "wt") as file:
            file.write(json.dumps({**post, "author": "Ann"}))
    return tmp_path


def write_parquet(posts):
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(posts), "posts.parquet")


def write_data(folder):
    (folder / "images").mkdir(parents=True)
    samples = synthetic_samples(folder / "images", count=4)
    for split in ("train", "test"):
        tweets = [
            f"IMGID:{s.id}\n"
            + "".join(f"{w}\t{t}\n" for w, t in zip(s.tokens, s.tags, strict=True))
            for s in samples
        ]
        (folder / f"{split}.txt").write_text("\n".join(tweets))


def run(command):
    words = shlex.split(command)
    if words[:2] == ["pip", "install"] or "ray" in words:
        return None
    assert words[0] == "gmf"
    result = CliRunner().invoke(app, words[1:])
    # The rows of the pages hold one that fails.
    failed = words[1] == "predict" and "rows are error rows" in result.stderr
    assert result.exit_code == (3 if failed else 0), (command, result.output, result.exception)
    return result


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page, place, monkeypatch):
    if page == "spacy":
        pytest.importorskip("spacy")
        import gmf.prediction.spacy_component  # noqa: F401 -- an entry point when installed
    if page == "hub":
        install_fake_hub(place / "hub", monkeypatch)
    names, counts = {}, {"sh": 0, "python": 0}
    for kind, content in blocks_of(page):
        counts[kind] += 1
        if kind == "python":
            exec(compile(content, f"{page}.md", "exec"), names)
        else:
            for line in content.splitlines():
                run(line)
    assert counts["python"]
    if page == "predict-files":
        check_outputs(place)


def check_outputs(place):
    assert len((place / "found.jsonl").read_text().splitlines()) == 4
    errors = (place / "found.jsonl.errors.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in errors] == [5]
    first = json.loads((place / "found.jsonl").read_text().splitlines()[0])
    assert set(first) == {"row", "id", "text", "entities", "notes"}
    assert first["notes"] == []
    assert (place / "tagged.conll").read_text().count("IMGID:") == 4
    assert (place / "annotations" / "annotation.conf").exists()
    assert len(json.loads((place / "tasks.json").read_text())) == 4
    from pyarrow import parquet

    assert parquet.read_table(place / "table.parquet")["id"].to_pylist() == ["0", "1", "2", "3"]


def test_the_pages_name_every_format_and_only_options_that_exist():
    page = (DOCS / "predict-files.md").read_text(encoding="utf-8")
    assert all(name in page or name == "jsonl" for name in output_formats)
    shown = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200"}).output
    named = set(re.findall(r"(--[a-z][a-z-]+)", page))
    assert len(named) > 6
    assert {option for option in named if option not in shown} == set()


def test_a_result_on_the_command_line_says_what_became_of_the_rows(place):
    result = run("gmf predict runs/RUN posts.jsonl --output x.jsonl --json")
    told = json.loads(result.stdout)
    assert (told["rows"], told["documents"], told["errors"]) == (5, 4, 1)
    assert re.search(r"1 of 5 rows are error rows: .*; the first is \S+:\d+: ", result.stderr)
    assert "images: " in result.stderr
    again = json.loads(run("gmf predict runs/RUN posts.jsonl --output x.jsonl --json").stdout)
    assert again["resumed_rows"] == 5


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("gmf predict runs/RUN posts.jsonl", "expected INPUT and --output"),
        ("gmf predict runs/RUN posts.jsonl --output a.xyz", "expected an output that ends with"),
        ("gmf predict runs/RUN posts.csv --output a.jsonl", "no column 'text'"),
        ("gmf predict runs/RUN posts.jsonl --output a.jsonl --engine spark", "engine"),
        ("gmf predict runs/NONE posts.jsonl --output a.jsonl", "did not give it"),
    ],
)
def test_wrong_use_is_named(place, monkeypatch, command, error):
    install_fake_hub(place / "hub", monkeypatch)
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert error in str(result.exception)
    assert not list(place.glob("a.*"))
