"""The suite on a tiny corpus with tiny encoders: all runs, kills, failures, several jobs."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
import torch
from filelock import FileLock
from fixtures.corpus import write_corpus
from safetensors.torch import load_file
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.errors import CheckpointError, ConfigError, DataError
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.suite.manifest import Manifest
from gmf.experiments.suite.plan import SuiteOptions, plan_runs
from gmf.experiments.suite.run import run_suite
from gmf.testing import save_tiny_encoders
from gmf.training.run import train
from gmf.training.run_folder import RunFolder, checkpoint_of

QUICK = ["training.epochs=2", "training.batch_size=4", "training.precision=fp32"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    text, image = save_tiny_encoders(folder)
    return write_corpus(folder / "tiny"), f"{{text: {text}, image: {image}}}"


def options(place, *only, more=(), **others):
    data, encoders = place
    settings = {"*": [*QUICK, *more]}
    return SuiteOptions({"tiny": data}, encoders, seeds=1, only=only, settings=settings, **others)


def run(out, wanted, **how):
    events = []
    result = run_suite(plan_runs(wanted, out), out, options=wanted, on_event=events.append, **how)
    return result, events


@pytest.fixture(scope="module")
def suite(place, tmp_path_factory):
    """A suite of two models, in two jobs."""
    out = tmp_path_factory.mktemp("out")
    wanted = options(place, "bert-crf", "gmf", controls=("none",))
    result, events = run(out, wanted, jobs=2)
    return out, result, events


def test_two_jobs_train_and_score_every_run(suite):
    _, result, events = suite
    assert result.failed == ()
    assert [(r.dataset, r.variant, r.seed) for r in result.finished] == [
        ("tiny", "bert-crf", 1),
        ("tiny", "gmf", 1),
    ]
    kinds = [event.kind for event in events]
    # Both are running before either has ended.
    assert kinds[:2] == ["started", "started"]
    assert kinds.count("epoch") == 4
    assert kinds.count("finished") == 2
    assert "test F1" in events[-1].text
    for one in result.finished:
        assert len(one.epochs()) == 2
        seconds = sum(row["train_seconds"] + row["dev_seconds"] for row in one.epochs())
        assert one.result()["minutes"] == pytest.approx(seconds / 60, abs=1e-3)
        assert [path.name for path in (one.folder / "checkpoints").iterdir()] == [
            checkpoint_of(one.folder).name
        ]


def test_predictions_and_report_are_those_of_gmf_evaluate(suite):
    for one in suite[1].finished:
        found = evaluate_run(one.folder)
        assert [replace(pair, own_gold=None) for pair in one.pairs()] == list(found.pairs)
        wanted = json.loads(json.dumps(found.report.to_dict()))
        assert one.result()["report"] == wanted


def test_models_that_read_images_are_scored_under_controls_too(suite, place):
    out, result, _ = suite
    text, gmf = result.finished
    assert (text.controls, gmf.controls) == ([], ["none"])
    found = evaluate_run(gmf.folder, control="none").pairs
    assert [pair.predicted for pair in gmf.pairs("none")] == [pair.predicted for pair in found]
    before = (gmf.folder / "result.json").stat().st_mtime_ns
    wanted = options(place, "gmf", controls=("none", "shuffled"))
    again, events = run(out, wanted)
    assert [event.kind for event in events] == ["started", "finished"]
    assert next(r for r in again.finished if r.variant == "gmf").controls == ["none", "shuffled"]
    assert (gmf.folder / "result.json").stat().st_mtime_ns == before
    (gmf.folder / "test-shuffled.jsonl").unlink()


def test_a_suite_stops_when_its_time_is_up(place, tmp_path):
    wanted = options(place, "gmf", "bert-crf")
    result, events = run(tmp_path, wanted, minutes=0)
    assert [planned.variant for planned in result.left] == ["gmf", "bert-crf"]
    assert (result.finished, result.failed, events) == ((), (), [])
    rows = Manifest(tmp_path).content["runs"]
    assert [row["status"] for row in rows] == ["planned", "planned"]
    shown = gmf(*command(place, tmp_path, "--only", "bert", "--minutes", "0"))
    assert shown.exit_code == 1
    assert "time is up: 1 runs are left; the same command goes on" in shown.stderr


def test_the_manifest_tells_what_stands_behind_every_run(suite):
    out, result, _ = suite
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["data"]["tiny"]["folder"].endswith("tiny")
    assert [item["part"] for item in manifest["data"]["tiny"]["splits"]] == ["train", "dev", "test"]
    assert manifest["settings"] == {"*": QUICK}
    for row, one in zip(manifest["runs"], result.finished, strict=True):
        assert row["folder"] == f"runs/tiny/{one.variant}/seed-1"
        assert (row["status"], row["seed"], row["minutes"]) == (
            "finished",
            1,
            one.result()["minutes"],
        )
        assert row["test_f1"]["lenient"] == one.test_f1
        provenance = json.loads((one.folder / "provenance.json").read_text())
        assert row["config_digest"] == provenance["config_digest"]
        assert row["encoders"] == provenance["encoders"]
        assert [item["part"] for item in row["data"]] == ["train", "dev", "test"]
        assert {"torch", "python"} <= set(row["versions"])


def test_finished_runs_are_skipped_and_runs_of_earlier_calls_stay(suite, place):
    out, first, _ = suite
    before = [(one.folder / "result.json").stat().st_mtime_ns for one in first.finished]
    result, events = run(out, options(place, "bert-crf"))
    assert [event.kind for event in events] == ["finished"]
    assert len(result.finished) == 2
    assert before == [(r.folder / "result.json").stat().st_mtime_ns for r in result.finished]


def test_a_run_of_gmf_train_in_its_place_is_only_scored(place, tmp_path):
    wanted = options(place, "bert")
    (planned,) = plan_runs(wanted, tmp_path)
    train(planned.config, planned.folder)
    trained = (planned.folder / "metrics.jsonl").read_text()
    result, events = run(tmp_path, wanted)
    assert [event.kind for event in events] == ["started", "finished"]
    assert (planned.folder / "metrics.jsonl").read_text() == trained
    assert len(result.finished[0].pairs()) == 4


def test_a_failed_run_is_told_and_tried_again(place, tmp_path):
    wanted = options(place, "bert", "bert-crf")
    planned = plan_runs(wanted, tmp_path)
    other = planned[0].config.model_copy(update={"seed": 7})
    train(other, planned[0].folder)
    result, _ = run(tmp_path, wanted)
    ((failed, error),) = result.failed
    assert failed.variant == "bert"
    assert "holds a run of another configuration (seed: 7 there, 1 asked for)" in error
    rows = {row["variant"]: row for row in Manifest(tmp_path).content["runs"]}
    assert (rows["bert"]["status"], rows["bert"]["error"]) == ("failed", error)
    assert rows["bert-crf"]["status"] == "finished"
    planned[0].folder.rename(tmp_path / "elsewhere")
    result, events = run(tmp_path, wanted)
    assert result.failed == ()
    assert len(result.finished) == 2
    assert {event.kind for event in events if event.run.variant == "bert-crf"} == {"finished"}
    assert "error" not in json.dumps(Manifest(tmp_path).content["runs"])


def test_an_error_in_training_ends_no_other_run(place, tmp_path):
    diverging = ["training.learning_rate=1e30", "training.warmup_ratio=0.0"]
    wanted = options(place, "bert", "bert-crf")
    wanted = replace(wanted, settings={**wanted.settings, "bert": diverging})
    result, _ = run(tmp_path, wanted)
    ((failed, error),) = result.failed
    assert failed.variant == "bert"
    assert "the loss is nan" in error
    assert [one.variant for one in result.finished] == ["bert-crf"]


def command(place, out, *more):
    data, encoders = place
    fixed = ["suite", "paper", "--data", str(data), "--encoders", encoders, "--out", str(out)]
    return [*fixed, "--seeds", "1", "--jobs", "1", *more]


def test_a_killed_suite_goes_on_where_it_was(place, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text(json.dumps({"*": [*QUICK, "training.epochs=12"]}))
    out = tmp_path / "out"
    words = command(place, out, "--only", "bert-crf", "--settings", str(settings))
    running = subprocess.Popen([sys.executable, "-m", "gmf", *words])
    folder = out / "runs" / "tiny" / "bert-crf" / "seed-1"
    wait_for(lambda: RunFolder(folder).state().epochs_done >= 2, running)
    workers = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGKILL)
    running.wait()
    # Its workers must not go on in the folder that the next call takes over.
    assert workers
    psutil.wait_procs(workers, timeout=60)
    assert not any(worker.is_running() for worker in workers)
    done = RunFolder(folder).state().epochs_done
    assert 2 <= done < 12
    wanted = replace(options(place, "bert-crf"), settings={"*": [*QUICK, "training.epochs=12"]})
    result, events = run(out, wanted)
    assert [e.epoch for e in events if e.kind == "epoch"] == list(range(done + 1, 13))
    (planned,) = plan_runs(wanted, tmp_path / "unbroken")
    train(planned.config, planned.folder)
    one, other = (
        load_file(checkpoint_of(f) / "model.safetensors") for f in (folder, planned.folder)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert len(result.finished[0].epochs()) == 12


def weights(folder):
    return load_file(checkpoint_of(folder) / "model.safetensors")


def wait_for(condition, process=None):
    end = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < end
        assert process is None or process.poll() is None
        time.sleep(0.02)


def gmf(*words):
    return CliRunner().invoke(app, list(words))


def test_the_command_shows_its_plan_and_says_what_failed(place, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text(json.dumps({"*": QUICK}))
    out = tmp_path / "out"
    words = command(place, out, "--only", "bert*", "--settings", str(settings))
    shown = gmf(*words, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "runs: 2" in shown.stdout
    assert shown.stdout.count("to do") == 2
    assert not out.exists()
    (out / "runs" / "tiny" / "bert" / "seed-1").mkdir(parents=True)
    (out / "runs" / "tiny" / "bert" / "seed-1" / "config.yaml").write_text("seed: 3\n")
    result = gmf(*words)
    assert result.exit_code == 1
    assert "1 of 2 runs finished" in result.stdout
    assert "finished: tiny/bert-crf/seed-1: test F1" in result.stderr
    assert "failed: tiny/bert/seed-1: " in result.stderr
    assert "the same command tries the failed runs again" in result.stderr
    assert "finished" in gmf(*words, "--dry-run").stdout


def test_folders_of_another_suite_are_refused(suite, place, tmp_path):
    out, _, _ = suite
    wanted = options(place, "bert-crf")
    with pytest.raises(ConfigError, match=r"holds runs with encoders .*, not minilm-mobilenet"):
        run_suite([], out, options=replace(wanted, encoders="minilm-mobilenet"))
    moved = write_corpus(tmp_path / "tiny")
    with pytest.raises(ConfigError, match=r"tiny is .* there, not .*; give the same path"):
        run_suite([], out, options=replace(wanted, data={"tiny": moved}))
    with FileLock(out / ".lock"), pytest.raises(ConfigError, match="another process works on"):
        run_suite([], out, options=wanted)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"manifest\.json: damaged"):
        Manifest(tmp_path)


def test_data_are_checked_before_any_work(place, tmp_path):
    data = write_corpus(tmp_path / "tiny")
    wanted = replace(options(place, "bert"), data={"tiny": data})
    out = tmp_path / "out"
    (planned,) = plan_runs(wanted, out)
    train(planned.config, planned.folder)
    (data / "train.txt").write_text((data / "train.txt").read_text().replace("snow", "rain"))
    result, _ = run(out, wanted)
    assert "train.txt changed since this run" in result.failed[0][1]
    (data / "test.txt").unlink()
    with pytest.raises(DataError, match="no file for split 'test'"):
        run(out, wanted)


def test_a_killed_run_goes_on_with_other_data_only_when_asked_to(tmp_path):
    data, out = write_corpus(tmp_path / "tiny"), tmp_path / "out"
    text, image = save_tiny_encoders(tmp_path)
    small = data, f"{{text: {text}, image: {image}}}"
    wanted = options(small, "bert")
    (planned,) = plan_runs(wanted, out)

    def kill(epoch, *_):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(planned.config, planned.folder, on_step=kill)
    (data / "train.txt").write_text((data / "train.txt").read_text().replace("snow", "rain"))
    settings = tmp_path / "settings.yaml"
    settings.write_text(json.dumps({"*": QUICK}))
    words = command(small, out, "--only", "bert", "--settings", str(settings))
    refused = gmf(*words)
    assert refused.exit_code == 1
    assert "train.txt changed since this run" in refused.stderr
    accepted = gmf(*words, "--accept-changes")
    assert accepted.exit_code == 0, accepted.output
    provenance = json.loads((planned.folder / "provenance.json").read_text())
    assert provenance["continued"][0]["after_epoch"] == 1


def changed(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def test_what_was_changed_since_never_stands_in_one_report(tmp_path):
    data, out = write_corpus(tmp_path / "tiny"), tmp_path / "out"
    # Ids that end as images do, as some data sets have them.
    for split in ("train", "dev", "test"):
        path = data / f"{split}.txt"
        lines = path.read_text().splitlines()
        path.write_text(
            "\n".join(f"{line}.jpg" if line.startswith("IMGID:") else line for line in lines)
        )
    text, image = save_tiny_encoders(tmp_path)
    small = data, f"{{text: {text}, image: {image}}}"
    settings = tmp_path / "settings.yaml"
    settings.write_text(json.dumps({"*": QUICK}))

    def suite(*only):
        names = [flag for name in only for flag in ("--only", name)]
        return gmf(*command(small, out, *names, "--settings", str(settings), "--images", "none"))

    first = suite("bert-crf", "gmf")
    assert first.exit_code == 0, first.output
    assert (out / "report.html").is_file()
    folder = out / "runs/tiny/gmf/seed-1"
    # Scored again, a run has no control of before.
    before = (folder / "test-none.jsonl").stat().st_mtime_ns
    (folder / "result.json").unlink()
    assert suite("gmf").exit_code == 0
    assert (folder / "test-none.jsonl").stat().st_mtime_ns > before
    # Runs with other settings are not reported beside it.
    settings.write_text(json.dumps({"*": [*QUICK, "training.learning_rate=1e-4"]}))
    refused = suite("umt")
    assert isinstance(refused.exception, ConfigError)
    assert "finished with other settings" in str(refused.exception)
    # Nor is a report written of data that are others now.
    changed(data / "test.txt", "snow", "rain")
    report = gmf("suite", "report", str(out))
    assert isinstance(report.exception, ConfigError)
    assert "test.txt changed since this run" in str(report.exception)


def test_a_report_lists_what_is_not_finished_and_leaves_no_older_file(suite, tmp_path):
    out = shutil.copytree(suite[0], tmp_path / "out")
    assert gmf("suite", "report", str(out)).exit_code == 0
    content = json.loads((out / "tables/tables.json").read_text())
    assert content["figures"]
    foreign = out / "figures" / "mine.svg"
    foreign.write_text("")
    manifest = json.loads((out / "manifest.json").read_text())
    for row in manifest["runs"]:
        if row["variant"] == "gmf":
            row |= {"status": "failed", "error": "the disk is full"}
    (out / "manifest.json").write_text(json.dumps(manifest))
    assert gmf("suite", "report", str(out)).exit_code == 0
    again = json.loads((out / "tables/tables.json").read_text())
    assert "tiny, gmf, seed 1: failed: the disk is full" in again["missing"]
    gone = {*content["figures"]} - {*again["figures"]}
    assert gone
    assert not any((out / "figures" / name).exists() for name in gone)
    for row in manifest["runs"]:
        row["status"] = "planned"
    (out / "manifest.json").write_text(json.dumps(manifest))
    nothing = gmf("suite", "report", str(out))
    assert "nothing to report" in nothing.stderr
    assert not (out / "report.html").exists()
    assert [path.name for path in (out / "figures").iterdir()] == ["mine.svg"]
