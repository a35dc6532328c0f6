"""What lies at the places of a job: an old output, and files that are not of a job at all."""

import json
import shutil
from pathlib import Path

import pytest
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf.core.errors import ConfigError, GmfError
from gmf.data.image_report import ImageReport
from gmf.jobs import files, job
from gmf.jobs.files import predict_files
from gmf.jobs.job import JobOptions
from gmf.jobs.shards import ShardStats

OPTIONS = JobOptions(shard_rows=3, batch_size=2)


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    return rule_model(tmp_path / "model")


@pytest.fixture
def posts(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "Ann in Oslo"}\n{"text": 5}\n' * 4)
    return path


def content_of(folder):
    """Return all outputs, and what lies beside them."""
    paths = (path for path in folder.rglob("out*") if ".parts" not in str(path))
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in paths}


@pytest.mark.parametrize("name", ["jsonl", "brat"])
@pytest.mark.parametrize("fault", ["model", "row", "rows"])
def test_an_output_stays_until_the_one_that_replaces_it_is_made(
    tmp_path, model, posts, monkeypatch, name, fault
):
    output = tmp_path / "out.jsonl"
    options = OPTIONS.model_copy(update={"output_format": name})
    predict_files(model, posts, output, options=options)
    before, changes = content_of(tmp_path), {"min_confidence": 0.3}
    with monkeypatch.context() as patch:
        if fault == "model":
            patch.setattr(job, "load", lambda *_, **__: (_ for _ in ()).throw(ConfigError("no")))
        elif fault == "row":
            changes["on_error"] = "stop"
        else:  # As with Ray, which counts them at the end.
            changes["max_errors"] = 0
            patch.setattr(files, "_work", lambda *_, **__: None)
            patch.setattr(files.JobFolder, "read_stats", lambda _: iter(FAILED))
        wrong = options.model_copy(update=changes)
        with pytest.raises(GmfError, match=r"no|no more rows may fail|4 rows failed, more than"):
            predict_files(model, posts, output, options=wrong, overwrite=True)
    assert content_of(tmp_path) == before
    # The old job is still done, and another is still refused.
    assert predict_files(model, posts, output, options=options).resumed_rows == 8
    other = options.model_copy(update={"min_confidence": 0.3})
    with pytest.raises(ConfigError, match="another way of predicting"):
        predict_files(model, posts, output, options=other)
    assert predict_files(model, posts, output, options=other, overwrite=True).resumed_rows == 0
    assert content_of(tmp_path) != before
    assert not Path(f"{output}.parts").exists()


ROWS = ({"row": n, "id": "", "origin": f"in.jsonl:{n}", "error": "x"} for n in range(4))
FAILED = [ShardStats(documents=4, errors=list(ROWS), images=ImageReport().to_dict())]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["jsonl", "brat"])
def test_a_replacement_that_is_killed_goes_on_without_being_told_again(
    tmp_path, model, posts, monkeypatch, name
):
    output, whole = tmp_path / "a" / "out", tmp_path / "b" / "out"
    options = OPTIONS.model_copy(update={"output_format": name, "min_confidence": 0.3})
    predict_files(model, posts, whole, options=options)
    replace, kills = Path.replace, 0
    for step in range(1, 20):
        shutil.rmtree(output.parent, ignore_errors=True)
        predict_files(model, posts, output, options=options.model_copy(update={"types": ("PER",)}))
        steps = 0

        def dying(path, target):
            nonlocal steps
            steps += 1
            if steps == step:  # noqa: B023
                raise Killed
            return replace(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", dying)
            try:
                predict_files(model, posts, output, options=options, overwrite=True)
            except Killed:
                kills += 1
        # Before its manifest is there, nothing tells that the output is to be replaced.
        predict_files(model, posts, output, options=options, overwrite=step == 1)
        assert list(content_of(output.parent).values()) == list(content_of(whole.parent).values())
        assert not Path(f"{output}.parts").exists()
    assert kills > 6


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "name", ["out.jsonl.errors.jsonl", "out.jsonl.report.json", "out.jsonl.parts/mine.txt"]
)
def test_a_file_of_another_is_neither_removed_nor_changed(tmp_path, model, posts, name, overwrite):
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine\n")
    with pytest.raises(ConfigError, match=f"{mine}: was not made by `gmf predict`.* move it"):
        predict_files(model, posts, tmp_path / "out.jsonl", overwrite=overwrite)
    assert mine.read_text() == "mine\n"
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_in_place_of_the_folder_of_a_job_is_not_removed(tmp_path, model, posts):
    (tmp_path / "out.jsonl.parts").write_text("mine\n")
    with pytest.raises(ConfigError, match=r"out\.jsonl\.parts: was not made by"):
        predict_files(model, posts, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl.parts").read_text() == "mine\n"


def test_what_came_into_the_folder_of_a_job_meanwhile_stays(tmp_path, model, posts):
    mine = tmp_path / "out.jsonl.parts" / "mine.txt"
    predict_files(
        model, posts, tmp_path / "out.jsonl", on_progress=lambda *_: mine.write_text("mine\n")
    )
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_error_rows_and_reports_of_jobs_are_replaced(tmp_path, model, posts):
    output = tmp_path / "out.jsonl"
    predict_files(model, posts, output)
    output.unlink()
    assert predict_files(model, posts, output).documents == 4
    output.unlink()
    Path(f"{output}.errors.jsonl").write_text("")
    posts.write_text('{"text": "Ann"}\n')
    assert predict_files(model, posts, output).errors == 0
    assert not Path(f"{output}.errors.jsonl").exists()


def test_an_output_that_was_damaged_is_not_taken_for_done(tmp_path, model, posts):
    output = tmp_path / "out.jsonl"
    predict_files(model, posts, output)
    whole = output.read_bytes()
    for damaged, what in (
        (whole[:-5], rf"it had {len(whole)} bytes and has {len(whole) - 5}"),
        (whole.replace(b"Oslo", b"Rome"), "its content is another"),
    ):
        output.write_bytes(damaged)
        with pytest.raises(ConfigError, match=rf"changed since: {what}.*--overwrite"):
            predict_files(model, posts, output)
        assert output.read_bytes() == damaged
    output.write_bytes(whole)
    assert predict_files(model, posts, output).resumed_rows == 8


def test_a_folder_that_lost_a_file_is_not_taken_for_done(tmp_path, model, posts):
    output, options = tmp_path / "out", OPTIONS.model_copy(update={"output_format": "brat"})
    predict_files(model, posts, output, options=options)
    (output / ".stats_cache").write_text("of a tool that shows it")
    assert predict_files(model, posts, output, options=options).resumed_rows == 8
    number = len([path for path in output.rglob("[!.]*") if path.is_file()])
    next(output.rglob("*.ann")).unlink()
    with pytest.raises(ConfigError, match=f"it had {number} files and has {number - 1}"):
        predict_files(model, posts, output, options=options)


def test_a_report_of_an_earlier_version_is_still_read(tmp_path, model, posts):
    output = tmp_path / "out.jsonl"
    predict_files(model, posts, output)
    report = Path(f"{output}.report.json")
    content = json.loads(report.read_text())
    del content["output"]
    report.write_text(json.dumps(content))
    assert predict_files(model, posts, output).resumed_rows == 8


@pytest.mark.parametrize("name", ["context.jsonl", "regions.jsonl"])
def test_an_output_is_never_a_file_that_is_read_with_the_posts(tmp_path, model, posts, name):
    line = '{"id": "in-1", "context": {"caption": "a dog"}}\n'
    (tmp_path / "context.jsonl").write_text(line)
    with pytest.raises(ConfigError, match=f"{name} is read with the posts beside it"):
        predict_files(model, posts, tmp_path / name, overwrite=True)
    (tmp_path / "context.jsonl").rename(tmp_path / "found.jsonl")
    (tmp_path / "context.jsonl").symlink_to(tmp_path / "found.jsonl")
    with pytest.raises(ConfigError, match=r"found\.jsonl: is read with the posts beside it"):
        predict_files(model, posts, tmp_path / "found.jsonl", overwrite=True)
    assert (tmp_path / "found.jsonl").read_text() == line


@pytest.mark.parametrize("is_dangling", [True, False])
def test_a_symbolic_link_is_no_output(tmp_path, model, posts, is_dangling):
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(real)
    if not is_dangling:
        real.write_text("mine")
    with pytest.raises(ConfigError, match=f"is a symbolic link; name what it leads to, {real}"):
        predict_files(model, posts, link, overwrite=True)
    assert link.is_symlink()
    assert real.exists() != is_dangling


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("name", "message"),
    [("x" * 250 + ".jsonl", "File name too long"), ("a\0b.jsonl", "no file has such a name")],
)
def test_a_name_that_no_file_can_have_is_told(tmp_path, model, posts, name, message, overwrite):
    with pytest.raises(ConfigError, match=message):
        predict_files(model, posts, tmp_path / name, overwrite=overwrite)


def test_files_of_others_on_another_file_system_are_kept(tmp_path, model, posts, monkeypatch):
    upath = pytest.importorskip("upath")
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    root = upath.UPath("memory://bucket-of-others")
    for name in ("o.jsonl.parts", "o.jsonl.errors.jsonl", "o.jsonl.report.json"):
        mine = root / name
        mine.write_text("mine\n")
        with pytest.raises(ConfigError, match=f"{name}: was not made by `gmf predict`"):
            predict_files(model, posts, f"{root}/o.jsonl", overwrite=True)
        assert mine.read_text() == "mine\n"
        mine.unlink()


def test_an_output_on_another_file_system_that_was_damaged_is_not_taken_for_done(
    tmp_path, model, posts, monkeypatch
):
    upath = pytest.importorskip("upath")
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    output = upath.UPath("memory://bucket-of-mine/o.jsonl")
    predict_files(model, posts, str(output))
    assert predict_files(model, posts, str(output)).resumed_rows == 8
    output.write_bytes(output.read_bytes()[:-1])
    with pytest.raises(ConfigError, match=r"changed since: it had \d+ bytes and has \d+"):
        predict_files(model, posts, str(output))
