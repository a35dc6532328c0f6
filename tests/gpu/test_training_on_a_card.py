"""A run on a card is killed and goes on there, or on the CPU, and the other way round."""

import pytest
import torch
from fixtures.training import KillError, config, kill_at, tiny_run
from safetensors.torch import load_file

from gmf.models.registry import models
from gmf.training.run import train
from gmf.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    quick = ["training.epochs=3", "training.deterministic=true"]
    return [*tiny_run(tmp_path_factory.mktemp("card")), *quick]


def weights(run, epoch):
    return load_file(RunFolder(run).checkpoint(epoch) / "model.safetensors")


def test_a_killed_run_ends_as_an_unbroken_one(corpus, tmp_path, training_on, device):
    training_on(device)
    configured = config(corpus, "model.dropout=0.3")
    train(configured, tmp_path / "unbroken")
    with pytest.raises(KillError):
        train(configured, tmp_path / "broken", on_step=kill_at(3))
    train(configured, tmp_path / "broken")
    one, other = (weights(tmp_path / name, 3) for name in ("unbroken", "broken"))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("devices", "model"),
    [
        (("cpu", "cpu"), "gmf"),
        pytest.param(("cuda", "cpu"), "gmf", marks=pytest.mark.gpu),
        pytest.param(("cpu", "cuda"), "gmf", marks=pytest.mark.gpu),
        pytest.param(("cuda", "cpu"), "hbilstm-crf", marks=pytest.mark.gpu),
        pytest.param(("cpu", "cuda"), "hbilstm-crf", marks=pytest.mark.gpu),
    ],
)
def test_a_run_goes_on_elsewhere(corpus, tmp_path, training_on, devices, model):
    configured, notes = config(corpus, f"model={model}", "data.cache.kind=none"), []
    training_on(devices[0])
    with pytest.raises(KillError):
        train(configured, tmp_path, on_step=kill_at(3))
    training_on(devices[1])
    state, _ = train(configured, tmp_path, on_note=notes.append)
    assert state.finished
    changed = [note for note in notes if note.startswith("goes on with device")]
    assert len(changed) == (devices[0] != devices[1])


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["pixels", "maps", "pooled_maps"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_cache_serves_a_card(corpus, tmp_path, training_on, kind, precision):
    training_on("cuda")
    more = [f"data.cache.kind={kind}", f"data.cache.folder={tmp_path}", "training.epochs=1"]
    state, report = train(
        config(corpus, *more, f"training.precision={precision}"), tmp_path / "run"
    )
    assert state.finished
    assert report.images["read"] == 16


@pytest.mark.gpu
@pytest.mark.parametrize("model", models)
def test_every_model_trains_on_a_card(corpus, tmp_path, training_on, model):
    training_on("cuda")
    more = (f"model={model}", "training.epochs=1", "training.deterministic=false")
    state, _ = train(config(corpus, *more, "training.precision=auto"), tmp_path / "run")
    assert state.finished
