"""Corpora with different types: one model, scores of each, the same when killed or shared out."""

import json

import pytest
import torch
from safetensors.torch import load_file

from gmf.core.errors import ConfigError
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.presets import load_run_config
from gmf.models.baselines.bert import BertTagger
from gmf.models.checkpoint import load_tagger
from gmf.prediction.onnx.export import export_onnx
from gmf.testing import save_tiny_encoders
from gmf.training import calibration
from gmf.training.run import train
from gmf.training.run_folder import checkpoint_of


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    text, image = save_tiny_encoders(folder)
    posts = {"people": "Ann\tB-PER\nin\tO\nOslo\tO\n", "places": "Ann\tO\nin\tO\nOslo\tB-town\n"}
    for name, post in posts.items():
        (folder / name).mkdir()
        for split, count in (("train", 8), ("dev", 4), ("test", 2)):
            (folder / name / f"{split}.txt").write_text("\n".join([post] * count))
    folders = [str(folder / "people"), {"folder": str(folder / "places"), "types": {"town": "LOC"}}]
    return [
        f"data.folders={json.dumps(folders)}",
        *("data.mix.people=1", "data.mix.places=1"),
        *(f"encoders.text={text}", f"encoders.image={image}", "training.precision=fp32"),
        *("training.epochs=3", "training.batch_size=4", "training.learning_rate=1e-2"),
        *("training.new_learning_rate=3e-2", "model.dropout=0.3"),
    ]


def config(options, *more):
    return load_run_config("bert-crf.twitter2017", [*options, *more])


def test_a_model_learns_the_types_of_all_and_is_scored_on_those_of_each(options, tmp_path):
    state, _ = train(config(options, "training.epochs=8"), tmp_path)
    row = state.history[-1]
    assert row["corpora"]["people"]["lenient"]["micro"]["gold"] == 4
    # Neither is told that what the other calls a name is none; both are found, and judged nowhere.
    assert {name: s["lenient"]["micro"]["f1"] for name, s in row["corpora"].items()} == {
        "people": 1.0,
        "places": 1.0,
    }
    result = evaluate_run(tmp_path)
    assert result.report.metrics["corpora"]["places"]["gold"] == 2
    assert result.report.scores.lenient.micro.f1 == 1
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert [item["source"] for item in provenance["data"]] == [
        *("people/train.txt", "places/train.txt"),
        *("people/dev.txt", "places/dev.txt"),
    ]
    places = config(options).data.folders[1].folder
    alone = evaluate_run(tmp_path, folder=places)
    assert alone.report.scores.lenient.micro.gold == 2
    assert alone.report.scores.lenient.micro.predicted == 2


def test_a_finished_run_keeps_the_temperature_of_its_best_checkpoint(
    options, tmp_path, monkeypatch
):
    monkeypatch.setattr(calibration, "MIN_ENTITIES", 1)
    monkeypatch.setattr(calibration, "MIN_OF_EACH", 0)
    state, _ = train(config(options), tmp_path)
    fitted = state.calibration
    assert fitted == json.loads((checkpoint_of(tmp_path) / "calibration.json").read_text())
    assert fitted["temperature"] != 1
    tagger = load_tagger(checkpoint_of(tmp_path))
    assert tagger.model.head.crf.temperature == fitted["temperature"]
    reports = [evaluate_run(tmp_path, split="dev", temperature=t).report for t in (None, 1.0)]
    errors = [report.metrics["calibration"]["expected_error"] for report in reports]
    assert errors == pytest.approx(
        [fitted["expected_error_after"], fitted["expected_error_before"]], abs=1e-4
    )
    assert reports[0].provenance.calibration == fitted
    assert reports[0].scores == reports[1].scores


def test_a_run_begins_with_the_weights_of_another_and_says_so(options, tmp_path, monkeypatch):
    train(config(options, "training.epochs=8"), tmp_path / "first")
    people = config(options).data.folders[0].folder
    own = [option for option in options if not option.startswith("data.")]
    warm = load_run_config(
        "bert-crf.twitter2017",
        [
            *own,
            f"data.folder={people}",
            f"init={tmp_path / 'first'}",
            *("training.epochs=1", "training.freeze=2", "training.new_learning_rate=1e-9"),
            *("training.transitions_learning_rate=1e-9", "model.dropout=0"),
        ],
    )
    notes = []
    state, _ = train(warm, tmp_path / "second", on_note=notes.append)
    assert state.best_f1 == 1
    assert any("tensors are taken" in note for note in notes)
    provenance = json.loads((tmp_path / "second" / "provenance.json").read_text())
    assert provenance["init"]["name"] == str(tmp_path / "first")
    first, second = (
        load_file(checkpoint_of(tmp_path / name) / "model.safetensors")
        for name in ("first", "second")
    )
    frozen = [name for name in first if name.startswith("text_encoder.")]
    assert all(torch.equal(first[name], second[name]) for name in frozen)

    class Installed:
        def check(self):
            return export_onnx(
                load_tagger(checkpoint_of(tmp_path / "first")), tmp_path / "e"
            ).folder

    monkeypatch.setattr("gmf.training.run.installed_model", {"starter": Installed()}.get)
    installed = warm.model_copy(update={"init": "starter"})
    state, _ = train(installed, tmp_path / "third")
    third = load_file(checkpoint_of(tmp_path / "third") / "model.safetensors")
    assert state.best_f1 == 1
    assert all(torch.equal(first[name], third[name]) for name in frozen)


def test_a_killed_run_on_several_corpora_ends_as_an_unbroken_one(options, tmp_path):
    class KillError(Exception):
        pass

    def kill(epoch, number, *_):
        if (epoch, number) == (3, 2):
            raise KillError

    train(config(options), tmp_path / "unbroken")
    with pytest.raises(KillError):
        train(config(options), tmp_path / "broken", on_step=kill)
    train(config(options), tmp_path / "broken")
    one, other = (
        load_file(checkpoint_of(tmp_path / name) / "model.safetensors")
        for name in ("unbroken", "broken")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_changed_corpus_is_named_when_a_run_goes_on(options, tmp_path):
    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config(options), tmp_path, on_epoch=stop)
    path = config(options).data.folders[1].folder / "train.txt"
    before = path.read_text()
    path.write_text(before + "\nnew\tO\n")
    try:
        with pytest.raises(ConfigError, match=r"data: train of places\)"):
            train(config(options), tmp_path)
    finally:
        path.write_text(before)


def test_a_model_with_a_loss_of_its_own_is_refused(options, tmp_path, monkeypatch):
    monkeypatch.setattr(BertTagger, "output", lambda self, *rest: None)
    with pytest.raises(ConfigError, match=r"'bert-crf': its loss is its own.*take a model with"):
        train(config(options), tmp_path)
