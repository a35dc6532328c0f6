"""A run that is killed ends as one that is not; what changed or broke meanwhile is told."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from fixtures.training import KillError, config, kill_at, tiny_run
from safetensors.torch import load_file, save_file

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import locked
from gmf.core.registry import load_code
from gmf.evaluation.provenance import package_versions
from gmf.models.registry import models
from gmf.training import run_folder
from gmf.training.run import train
from gmf.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return [
        *tiny_run(tmp_path_factory.mktemp("resume"), train=48, dev=8),
        *("training.epochs=4", "training.learning_rate=1e-2", "training.new_learning_rate=1e-2"),
        "model.dropout=0.3",
    ]


def folder_of(corpus):
    return corpus[0].partition("=")[2]


def killed(configured, run, *, epoch, batch=1, **arguments):
    """Train until a batch, or until all is done."""
    with pytest.raises(KillError):
        train(configured, run, on_step=kill_at(epoch, batch), **arguments)


def history(run):
    """Return what each epoch was worth, without what it took."""
    rows = RunFolder(run).state().history
    return [{k: v for k, v in row.items() if not k.endswith("_seconds")} for row in rows]


def same(one, other, epoch):
    """Require the same weights, optimiser, schedule and history bit for bit."""
    one, other = RunFolder(one), RunFolder(other)
    assert history(one.path) == history(other.path)
    states = [load_file(r.checkpoint(epoch) / "model.safetensors") for r in (one, other)]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    files = [r.checkpoint(epoch) / "optimizer.pt" for r in (one, other)]
    assert files[0].exists() == files[1].exists()
    if files[0].exists():
        left, right = (torch.load(file, weights_only=True) for file in files)
        moments = [(s["optimizer"].pop("state"), s.pop("average")) for s in (left, right)]
        torch.testing.assert_close(*moments, rtol=0, atol=0)
        assert left == right


@pytest.mark.parametrize(
    "options", [["model=gmf"], ["model=bert-crf", "training.weight_average=0.9"]]
)
def test_a_run_killed_at_any_step_ends_as_an_unbroken_one(corpus, tmp_path, options):
    configured = config(corpus, *options)
    killed(configured, tmp_path / "unbroken", epoch=4)
    for epoch, batch in ((1, 3), (2, 1), (3, 6), (4, 1)):
        killed(configured, tmp_path / "broken", epoch=epoch, batch=batch)
    same(tmp_path / "unbroken", tmp_path / "broken", 3)
    for name in ("unbroken", "broken"):
        train(configured, tmp_path / name)
    same(tmp_path / "unbroken", tmp_path / "broken", 4)
    scores = [row["dev"]["lenient"]["micro"]["f1"] for row in history(tmp_path / "broken")]
    assert len(set(scores)) > 1
    assert len({row["losses"]["total"] for row in history(tmp_path / "broken")}) == 4


def damaged_bytes(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "gmf.json"])
@pytest.mark.parametrize("damage", [damaged_bytes, lambda path: path.unlink()])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(corpus, tmp_path, name, damage):
    configured, notes = config(corpus, "model=bert-crf"), []
    killed(configured, tmp_path / "unbroken", epoch=4)
    killed(configured, tmp_path / "broken", epoch=4)
    file = RunFolder(tmp_path / "broken").checkpoint(3) / name
    damage(file)
    killed(configured, tmp_path / "broken", epoch=4, on_note=notes.append)
    (note,) = notes
    assert str(file) in note
    assert "the checkpoint before it is used" in note
    same(tmp_path / "unbroken", tmp_path / "broken", 3)


def test_without_a_whole_checkpoint_training_begins_again(corpus, tmp_path):
    configured, notes = config(corpus, "model=bert-crf", "training.epochs=2"), []
    killed(configured, tmp_path, epoch=2)
    damaged_bytes(RunFolder(tmp_path).checkpoint(1) / "model.safetensors")
    state, _ = train(configured, tmp_path, on_note=notes.append)
    assert state.finished
    assert "training begins again" in notes[-1]


@pytest.mark.parametrize("name", ["state.json", "config.yaml", "provenance.json"])
def test_a_damaged_file_of_a_run_is_named(corpus, tmp_path, name):
    configured = config(corpus, "model=bert-crf", "training.epochs=2")
    killed(configured, tmp_path, epoch=2)
    (tmp_path / name).write_text("{:", encoding="utf-8")
    with pytest.raises(CheckpointError, match=name):
        train(configured, tmp_path)


def test_a_run_whose_beginning_is_not_known_goes_on_only_when_told(corpus, tmp_path):
    configured = config(corpus, "model=bert-crf", "training.epochs=2")
    killed(configured, tmp_path, epoch=2)
    (tmp_path / "provenance.json").unlink()
    with pytest.raises(CheckpointError, match=r"provenance\.json.*--accept-changes"):
        train(configured, tmp_path)
    assert train(configured, tmp_path, accept_changes=True)[0].finished


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("provenance.json", "{}"),
        ("provenance.json", "null"),
        ("provenance.json", "[]"),
        ("config.yaml", ""),
        ("state.json", None),
    ],
)
def test_a_file_of_a_run_that_tells_nothing_is_damaged_too(corpus, tmp_path, name, content):
    configured = config(corpus, "model=bert-crf", "training.epochs=3")
    killed(configured, tmp_path, epoch=3)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    before = sorted((tmp_path / "checkpoints").iterdir())
    with pytest.raises(CheckpointError, match=name):
        train(configured, tmp_path)
    assert sorted((tmp_path / "checkpoints").iterdir()) == before


def test_a_finished_run_whose_best_checkpoint_is_damaged_is_not_reported_as_fine(corpus, tmp_path):
    configured = config(corpus, "model=bert-crf", "training.epochs=1")
    state, _ = train(configured, tmp_path)
    assert train(configured, tmp_path)[0].best_f1 == state.best_f1
    damaged_bytes(RunFolder(tmp_path).best() / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"model.safetensors: damaged.* of a finished run"):
        train(configured, tmp_path)


def test_a_finished_run_that_was_killed_before_it_removed_checkpoints_does_it_later(
    corpus, tmp_path, monkeypatch
):
    configured = config(corpus, "model=bert-crf", "training.epochs=2")
    with monkeypatch.context() as patched:
        patched.setattr(run_folder, "clear_checkpoints", lambda run, *, kept: None)
        state, _ = train(configured, tmp_path)
    checkpoints = tmp_path / "checkpoints"
    assert len(list(checkpoints.glob("*/optimizer.pt"))) == 1
    shutil.copytree(checkpoints / "epoch-001", checkpoints / "epoch-009")
    assert train(configured, tmp_path)[0] == state
    kept = {f"epoch-{epoch:03d}" for epoch in (2, state.best_epoch)}
    assert {path.name for path in checkpoints.iterdir()} == kept
    assert not list(checkpoints.glob("*/optimizer.pt"))


def test_a_run_stops_when_its_dictionaries_changed(corpus, tmp_path):
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "people.txt").write_text("ann lee\n")
    options = ("model=t-ner", f"model.gazetteers={tmp_path / 'names'}", "training.epochs=2")
    without = [option for option in corpus if not option.startswith("model.")]
    configured = config(without, *options)
    killed(configured, tmp_path / "run", epoch=2)
    (tmp_path / "names" / "people.txt").write_text("rocky\n")
    with pytest.raises(ConfigError, match=r"began with other inputs \(assets\)"):
        train(configured, tmp_path / "run")


def test_two_do_not_train_in_one_folder(corpus, tmp_path):
    configured = config(corpus, "model=bert-crf", "training.epochs=1")
    with (
        locked(tmp_path / "run" / ".lock", work="run"),
        pytest.raises(ConfigError, match="another process works on it"),
    ):
        train(configured, tmp_path / "run")


def test_what_is_not_of_the_run_is_left_alone(corpus, tmp_path):
    configured = config(corpus, "model=bert-crf", "training.epochs=2")
    (tmp_path / "other" / "checkpoints").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"holds checkpoints but no config\.yaml"):
        train(configured, tmp_path / "other")
    killed(configured, tmp_path / "run", epoch=2)
    mine = tmp_path / "run" / "checkpoints" / "epoch-of-mine"
    mine.mkdir()
    (tmp_path / "run" / "checkpoints" / ".DS_Store").write_text("")
    train(configured, tmp_path / "run")
    assert mine.is_dir()
    assert (tmp_path / "run" / "checkpoints" / ".DS_Store").is_file()


def test_weights_of_other_types_are_refused_and_the_run_stays_as_it_was(corpus, tmp_path):
    data = shutil.copytree(folder_of(corpus), tmp_path / "data")
    configured = config(corpus, f"data.folder={data}", "model=bert-crf", "training.epochs=2")
    killed(configured, tmp_path / "run", epoch=2)
    before = (tmp_path / "run" / "provenance.json").read_text()
    path = data / "train.txt"
    path.write_text(path.read_text().replace("B-PER", "B-FILM", 1))
    with pytest.raises(CheckpointError, match="entity types"):
        train(configured, tmp_path / "run", accept_changes=True)
    assert (tmp_path / "run" / "provenance.json").read_text() == before


CODE = '''
from gmf.models.gmf import Gmf
from gmf.models.registry import models

@models.register("gmf-of-mine")
class Mine(Gmf):
    """GMF, mine."""
'''


def other_tag(data, code):
    path = data / "train.txt"
    path.write_text(path.read_text().replace("B-PER", "B-LOC", 1))


def other_pixels(data, code):
    shutil.copy(data / "images" / "train1.jpg", data / "images" / "train0.jpg")


def no_image(data, code):
    (data / "images" / "dev0.jpg").unlink()


def other_code(data, code):
    code.write_text(code.read_text() + "# changed\n")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (other_tag, r"data: train"),
        (other_pixels, r"images: train"),
        (no_image, r"images: dev"),
        (other_code, r"code: mine\.py"),
    ],
)
def test_a_run_stops_when_what_it_began_with_changed(corpus, tmp_path, change, text, monkeypatch):
    monkeypatch.setenv("GMF_CODE", "")
    monkeypatch.setattr(models, "_registered", dict(models._registered))
    data = shutil.copytree(folder_of(corpus), tmp_path / "data")
    code = tmp_path / "mine.py"
    code.write_text(CODE.replace("gmf-of-mine", name := f"gmf-{change.__name__}"))
    load_code(code)
    configured = config(corpus, f"data.folder={data}", f"model={name}", "training.epochs=2")
    run, notes = tmp_path / "run", []
    killed(configured, run, epoch=2)
    before = json.loads((run / "provenance.json").read_text())
    change(data, code)
    with pytest.raises(ConfigError, match=text):
        train(configured, run)
    assert json.loads((run / "provenance.json").read_text()) == before
    state, _ = train(configured, run, accept_changes=True, on_note=notes.append)
    assert state.finished
    key = text.partition(":")[0]
    assert any(f"these changed: {key}" in note for note in notes)
    provenance = json.loads((run / "provenance.json").read_text())
    assert provenance[key] != before[key]
    assert provenance["continued"] == [{"after_epoch": 1, "before": {key: before[key]}}]
    kept = json.loads((RunFolder(run).checkpoint(2) / "gmf.json").read_text())
    assert kept["provenance"]["continued"] == provenance["continued"]


def other_library(folder, patch):
    patch.setattr(
        "gmf.training.run.package_versions", lambda: package_versions() | {"torch": "1.0"}
    )


def other_encoder(folder, patch):
    weights = folder / "tiny-bert" / "model.safetensors"
    tensors = load_file(weights)
    save_file({name: value + 0.01 for name, value in tensors.items()}, weights, {"format": "pt"})


def other_tokenizer(folder, patch):
    path = folder / "tiny-bert" / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["normalizer"]["lowercase"] ^= True
    path.write_text(json.dumps(content), encoding="utf-8")


def other_dropout(folder, patch):
    path = folder / "tiny-bert" / "config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "hidden_dropout_prob": 0.4}), encoding="utf-8")


def other_context(folder, patch):
    path = folder / "data" / "context.jsonl"
    path.write_text(path.read_text().replace("sea", "fog"), encoding="utf-8")


def other_start(folder, patch):
    weights = folder / "start" / "model.safetensors"
    tensors = load_file(weights)
    save_file({name: value + 0.01 for name, value in tensors.items()}, weights, {"format": "pt"})


def other_precision(folder, patch):
    patch.setattr("gmf.training.run.resolve_precision", lambda *_: "bf16")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (other_library, r"versions: torch \(.* there, 1\.0 now"),
        (other_encoder, r"encoders: text"),
        (other_tokenizer, r"encoders: text"),
        (other_dropout, r"encoders: text"),
        (other_context, r"context: dev, train"),
        (other_start, r"init: digest"),
        (other_precision, r"precision: fp32 there, bf16 now"),
    ],
)
def test_a_run_stops_when_what_stands_beside_its_data_changed(tmp_path, change, text, monkeypatch):
    options = [*tiny_run(tmp_path, train=24, dev=8), "model=bert-crf", "training.batch_size=24"]
    ids = [f"{split}{n}" for split, count in (("train", 24), ("dev", 8)) for n in range(count)]
    lines = [json.dumps({"id": name, "context": {"caption": "the sea"}}) for name in ids]
    (tmp_path / "data" / "context.jsonl").write_text("\n".join(lines), encoding="utf-8")
    train(config(options, "training.epochs=1"), tmp_path / "first")
    start = shutil.copytree(RunFolder(tmp_path / "first").best(), tmp_path / "start")
    more = ("training.epochs=2", 'data.context=["caption"]', f"init={start}")
    configured, run = config(options, *more), tmp_path / "run"
    killed(configured, run, epoch=2)
    change(tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match=text):
        train(configured, run)
    assert train(configured, run, accept_changes=True)[0].finished


def test_a_finished_run_tells_what_changed(corpus, tmp_path):
    data = shutil.copytree(folder_of(corpus), tmp_path / "data")
    configured = config(corpus, f"data.folder={data}", "model=bert-crf", "training.epochs=1")
    train(configured, tmp_path / "run")
    other_tag(data, None)
    notes = []
    train(configured, tmp_path / "run", on_note=notes.append)
    assert "trained with other inputs (data: train" in notes[0]


KILLED = """
import os, sys
from pathlib import Path
from gmf.experiments.presets import load_run_config
from gmf.training.run import train

run, epoch, batch, *overrides = sys.argv[1:]

def on_step(at, number, *_):
    if (at, number) == (int(epoch), int(batch)):
        os._exit(9)

train(load_run_config("twitter2017", overrides), Path(run), on_step=on_step, on_note=print)
"""


@pytest.mark.slow
def test_two_processes_killed_end_as_two_that_are_not(corpus, tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def run(name, epoch, batch, processes=2):
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"),
            *(str(processes), str(tmp_path / "killed.py"), str(tmp_path / name), str(epoch)),
            *(str(batch), *corpus, "training.epochs=3"),
        ]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    assert run("unbroken", 3, 1).returncode
    assert run("broken", 2, 4).returncode
    assert run("broken", 3, 1).returncode
    same(tmp_path / "unbroken", tmp_path / "broken", 2)
    other = run("broken", 9, 9, processes=1)
    assert other.returncode == 0, other.stderr
    assert "goes on with processes 1, 2 before" in other.stdout
    assert RunFolder(tmp_path / "broken").state().finished
