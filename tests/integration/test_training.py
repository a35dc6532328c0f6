import json
import os
import subprocess
import sys

import pytest
import torch
from fixtures.training import KillError, config, kill_at, tiny_run
from safetensors.torch import load_file

from gmf.core.errors import CheckpointError, ConfigError, TrainingError
from gmf.core.plain import plain
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.presets import load_run_config, preset_names
from gmf.models.checkpoint import load_tagger
from gmf.training.run import train
from gmf.training.run_folder import RunFolder, checkpoint_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return [*tiny_run(tmp_path_factory.mktemp("training")), "training.epochs=3"]


def weights(run):
    return load_file(checkpoint_of(run) / "model.safetensors")


def test_a_run_leaves_all_that_its_reader_needs(corpus, tmp_path):
    rows = []
    state, images = train(config(corpus), tmp_path / "run", on_epoch=rows.append)
    assert state.finished
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert images.images["read"] == 16
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in metrics] == [1, 2, 3]
    assert json.loads(metrics[0])["dev"]["lenient"]["micro"]["gold"] == 4
    provenance = json.loads((tmp_path / "run" / "provenance.json").read_text())
    assert set(provenance) >= {"encoders", "data", "seed", "versions", "precision"}
    assert load_run_config(str(tmp_path / "run" / "config.yaml")) == config(corpus)
    best = checkpoint_of(tmp_path / "run")
    assert {path.name for path in best.iterdir()} == {
        "gmf.json",
        "model.safetensors",
        "tokenizer",
        "image_processor",
    }
    result = evaluate_run(tmp_path / "run")
    assert result.report.scores.lenient.micro.gold == 4
    assert result.warnings == ()
    assert evaluate_run(tmp_path / "run", split="dev").warnings == ()


@pytest.mark.parametrize("model", ["gmf", "bert-crf"])
def test_a_run_killed_twice_ends_with_the_weights_of_an_unbroken_one(corpus, tmp_path, model):
    options = config(corpus, f"model={model}", "model.dropout=0.3")
    train(options, tmp_path / "unbroken")
    for epoch in (2, 3):
        with pytest.raises(KillError):
            train(options, tmp_path / "broken", on_step=kill_at(epoch, 2))
    train(options, tmp_path / "broken")
    one, other = weights(tmp_path / "unbroken"), weights(tmp_path / "broken")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert RunFolder(tmp_path / "broken").state().finished


def test_another_configuration_in_the_same_folder_is_refused(corpus, tmp_path):
    train(config(corpus, "training.epochs=1"), tmp_path)
    with pytest.raises(ConfigError, match=r"training\.epochs: 1 there, 2 asked for"):
        train(config(corpus, "training.epochs=2"), tmp_path)


def test_a_loss_that_is_no_number_names_epoch_batch_and_samples(corpus, tmp_path):
    options = config(corpus, "training.learning_rate=1e30", "training.warmup_ratio=0.0")
    with pytest.raises(TrainingError, match=r"epoch \d+, batch \d+ of \d+ \(samples train\d+"):
        train(options, tmp_path)


def test_weights_that_are_no_numbers_are_never_saved(corpus, tmp_path):
    """One update ruins the weights, and no batch comes after it whose loss would tell."""
    options = config(
        corpus,
        *("training.epochs=1", "training.batch_size=64", "training.warmup_ratio=0.0"),
        *(f"training.{n}learning_rate=1e38" for n in ("", "new_", "transitions_")),
    )
    with pytest.raises(TrainingError, match=r"is not finite after the epoch; lower the learning"):
        train(options, tmp_path)
    assert not list(tmp_path.glob("checkpoints/*/*.safetensors"))


def test_early_stopping(corpus, tmp_path):
    options = config(
        corpus,
        "training.patience=1",
        "training.epochs=9",
        "training.learning_rate=1e-12",
        "training.new_learning_rate=1e-12",
        "training.transitions_learning_rate=1e-12",
    )
    state, _ = train(options, tmp_path)
    assert state.epochs_done == 2
    assert state.best_epoch == 1
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["epoch-001", "epoch-002"]
    assert not (tmp_path / "checkpoints" / "epoch-001" / "optimizer.pt").exists()


def test_accumulated_gradients_are_those_of_the_whole_batch(corpus, tmp_path):
    same = [
        "model=bert-crf",
        "model.dropout=0.0",
        "training.epochs=1",
        "training.max_grad_norm=1e9",
    ]
    train(config(corpus, *same, "training.batch_size=12"), tmp_path / "a")
    train(
        config(corpus, *same, "training.batch_size=4", "training.accumulation_steps=3"),
        tmp_path / "b",
    )
    one, other = weights(tmp_path / "a"), weights(tmp_path / "b")
    # Adam makes a step of full size out of the rounding noise of a vanishing gradient, so only
    # parameters with a real one can be compared; one step moves them by about 1e-3.
    for name in ("head.emission.weight", "head.crf.transitions"):
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=1e-5)


def launch(count, *arguments):
    """Run ``gmf train`` in so many processes."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"),
        *(str(count), "-m", "--", "gmf", "train", "twitter2017", *arguments),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "count"), [("gmf", 2), ("bert", 3)])
def test_several_processes_train_and_score_as_one(corpus, tmp_path, model, count):
    # Batches of 2 leave a third process idle, and the last group of batches is a short one.
    options = [
        *corpus,
        f"model={model}",
        "model.dropout=0.0",
        "training.epochs=2",
        "training.batch_size=2",
        "training.accumulation_steps=4",
    ]
    if model == "bert":  # Whose lessons are shared out too.
        train(config(corpus, "model=bert-crf", "training.epochs=1"), tmp_path / "teacher")
        options.append(f"training.teacher={tmp_path / 'teacher'}")
    told = []
    for number in (1, count):
        done = launch(number, *options, "--run", str(tmp_path / str(number)))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("best dev F1") == 1
        told.append([line for line in done.stderr.splitlines() if line.startswith("images: ")])
    assert told[0] == told[1]
    assert bool(told[0]) == (model == "gmf")
    one, other = (RunFolder(tmp_path / str(number)).state() for number in (1, count))
    for left, right in zip(one.history, other.history, strict=True):
        assert right["losses"] == pytest.approx(left["losses"], abs=2e-4)
    left, right = weights(tmp_path / "1"), weights(tmp_path / str(count))
    # Adam makes a full step out of the rounding noise of a vanishing gradient; not so of these.
    for name in ("head.emission.weight", "head.crf.transitions"):
        torch.testing.assert_close(left[name], right[name], rtol=0, atol=1e-4)
    scored = evaluate_run(tmp_path / str(count), split="dev").report.scores
    assert plain(scored) == other.history[other.best_epoch - 1]["dev"]


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_all_processes_with_one_message(corpus, tmp_path):
    code = tmp_path / "one_is_infinite.py"
    code.write_text(
        """
import os
from gmf.models.baselines.bert import BertTagger
from gmf.models.registry import models

@models.register("one-is-infinite")
class OneIsInfinite(BertTagger):
    def forward(self, batch):
        factor = float("inf") if os.environ["RANK"] == "1" else 1.0
        return self.output(super().forward(batch).emissions * factor, batch)
""",
        encoding="utf-8",
    )
    options = [*corpus, "model=one-is-infinite", "--code", str(code)]
    done = launch(2, *options, "--run", str(tmp_path / "run"))
    assert done.returncode != 0, done.stderr
    assert done.stderr.count("error: the loss is nan in epoch 1, batch 1 of 3 (samples") == 1


FAILS = """
import os
from gmf.core.errors import ImageError
from gmf.models.baselines.bert import BertTagger
from gmf.models.registry import models

@models.register("one-fails")
class OneFails(BertTagger):
    steps = 0

    def forward(self, batch):
        self.steps += self.training
        if os.environ["RANK"] == "1" and self.steps == 2:
            raise ImageError("its disk is full")
        return super().forward(batch)
"""


@pytest.mark.slow
def test_an_error_of_one_process_ends_all_with_one_message(corpus, tmp_path):
    code = tmp_path / "one_fails.py"
    code.write_text(FAILS, encoding="utf-8")
    options = [*corpus, "model=one-fails", "--code", str(code)]
    done = launch(2, *options, "--run", str(tmp_path / "run"))
    assert done.returncode != 0
    assert done.stderr.count("error: its disk is full") == 1
    # That of the launcher: the other process says nothing of the exchange that failed for it.
    assert done.stderr.count("Traceback") == 1, done.stderr


def test_damaged_checkpoint_is_one_clear_error(corpus, tmp_path):
    train(config(corpus, "training.epochs=1"), tmp_path)
    (checkpoint_of(tmp_path) / "model.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match="incomplete or damaged"):
        load_tagger(checkpoint_of(tmp_path))
    with pytest.raises(CheckpointError, match=r"expected a checkpoint with gmf\.json"):
        load_tagger(tmp_path / "nowhere")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid(name):
    assert load_run_config(name).model.model_dump()["name"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", r"training\.epoch: Extra inputs"),
        ("training.epochs=two", r"training\.epochs: .*integer.*'two'"),
        ("training.epochs=0", r"greater than or equal to 1 \(got 0\)"),
        ("model.name=gmff", r"'gmff': expected one of .*bert-crf"),
        ("model.temperature=0", r"model.*greater than 0"),
        ("encoders=large", r"'large': not a packaged pair"),
        ("training", r"'training': expected key=value"),
    ],
)
def test_a_wrong_option_fails_before_any_work(override, message):
    with pytest.raises(ConfigError, match=message):
        load_run_config("twitter2017", [override])


def test_presets_carry_the_papers_settings():
    for name, batch, epochs, tau in (("twitter2015", 16, 30, 0.21), ("twitter2017", 32, 50, 0.174)):
        preset = load_run_config(name)
        assert preset.encoders.text == "bert-base-uncased"
        assert preset.encoders.image == "microsoft/resnet-50"
        assert (preset.training.batch_size, preset.training.epochs) == (batch, epochs)
        assert preset.model.model_dump()["temperature"] == tau
        assert preset.seed == 1234


def test_scientific_notation_is_a_number():
    assert (
        load_run_config("twitter2017", ["training.learning_rate=2e-4"]).training.learning_rate
        == 2e-4
    )


def test_runs_of_one_process_may_compute_in_different_precisions(corpus, tmp_path):
    losses = {}
    for precision in ("fp32", "bf16", "fp32"):
        run = config(corpus, f"training.precision={precision}", "training.epochs=1")
        state, _ = train(run, tmp_path / f"{precision}-{len(losses)}")
        losses.setdefault(precision, []).append(state.history[0]["losses"]["total"])
    assert losses["fp32"][0] == losses["fp32"][1] != losses["bf16"][0]
    assert losses["bf16"][0] == pytest.approx(losses["fp32"][0], rel=0.05)


def test_training_keeps_its_images_where_the_options_say(corpus, tmp_path):
    cache = tmp_path / "cache"
    options = ["training.epochs=1", "data.cache.kind=pixels", f"data.cache.folder={cache}"]
    train(config(corpus, *options), tmp_path / "run")
    assert any(path.is_file() for path in cache.rglob("*"))
