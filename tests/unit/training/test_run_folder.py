"""The configuration that a run folder holds."""

import json
from dataclasses import asdict

import pytest
import yaml

from gmf.core.errors import CheckpointError, ConfigError
from gmf.encoders.resolve import resolve_pair
from gmf.experiments.presets import load_run_config
from gmf.training.config import RunConfig
from gmf.training.resuming import note_changes
from gmf.training.run_files import STATE
from gmf.training.run_folder import RunFolder
from gmf.training.run_state import RunState


def test_a_run_of_an_earlier_version_goes_on_without_options_that_came_later(tmp_path):
    config = load_run_config("gmf.twitter2017")
    folder = RunFolder(tmp_path / "run")
    folder.begin(config, {})
    path = tmp_path / "run" / "config.yaml"
    options = yaml.safe_load(path.read_text())
    del options["training"]["order"], options["model"]["legal_moves"]
    path.write_text(yaml.safe_dump(options))
    assert folder.open(config, {}).epochs_done == 0
    other = load_run_config("gmf.twitter2017", ["training.order=random"])
    with pytest.raises(
        ConfigError, match=r"\(training.order: 'length' there, 'random' asked for\);"
    ):
        folder.open(other, {})
    path.write_text(yaml.safe_dump({**options, "unknown": 1}))
    with pytest.raises(ConfigError, match="unknown: 1 there, None asked for"):
        folder.open(config, {})


def test_a_packaged_pair_may_be_named_and_one_of_it_replaced():
    def encoders(value):
        config = RunConfig.model_validate({"encoders": value, "model": "bert-crf"})
        return config.encoders.text, config.encoders.image

    pair = resolve_pair("minilm-mobilenet")
    assert encoders("minilm-mobilenet") == encoders({"name": "minilm-mobilenet"}) == pair
    assert encoders({"name": "minilm-mobilenet", "text": "own"}) == ("own", pair[1])
    assert encoders({"text": "own", "image": "other"}) == ("own", "other")


def test_what_a_run_goes_on_with_is_told_and_noted():
    before = {"processes": 1, "device": "cpu", "images": "a", "continued": [{"after_epoch": 1}]}
    now, notes = {"processes": 2, "device": "cpu", "images": "b"}, []
    note_changes(before, now, RunState(epochs_done=3), notes.append)
    assert notes == [
        "goes on with processes 2, 1 before: the batches are the same, dropout and rounding are "
        "not",
        "warning: goes on though these changed: images",
    ]
    earlier = {"processes": 1, "images": "a"}
    assert now["continued"] == [{"after_epoch": 1}, {"after_epoch": 3, "before": earlier}]
    same = dict(before)
    note_changes(before, same, RunState(epochs_done=3), notes.append)
    assert same["continued"] == before["continued"]
    assert len(notes) == 2


def test_the_best_checkpoint_of_a_run_is_that_of_its_best_epoch(tmp_path):
    folder = RunFolder(tmp_path)
    with pytest.raises(CheckpointError, match="no complete epoch"):
        folder.best()
    state = RunState(epochs_done=3, best_epoch=2, best_f1=0.5)
    (tmp_path / STATE).write_text(json.dumps(asdict(state)))
    assert folder.state() == state
    assert folder.best() == tmp_path / "checkpoints" / "epoch-002"
