from types import SimpleNamespace

import pytest
import torch

from gmf.core.errors import CheckpointError, ConfigError, EncoderError
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.config import DataConfig
from gmf.models.base import ModelParts
from gmf.models.registry import model_options, models
from gmf.models.tagger import Tagger
from gmf.models.warm_start import TrainedWeights, freeze_layers, warm_start
from gmf.prediction.onnx import quantise
from gmf.prediction.onnx.export import export_onnx
from gmf.testing.batches import tiny_words
from gmf.testing.encoders import tiny_image_encoder, tiny_text_encoder
from gmf.testing.processors import tiny_image_processor, tiny_tokenizer
from gmf.testing.taggers import tiny_checkpoint, tiny_tagger
from gmf.training import run
from gmf.training.config import RunConfig

SAMPLES = [Sample(str(row), tiny_words(6, row=row)) for row in range(4)]


def untrained(name, types, **sizes):
    """Return a tagger with other random weights."""
    torch.manual_seed(99)
    kind = models.get(name)
    encoder = tiny_text_encoder(**sizes)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter)
    parts = ModelParts(TagSet(types), lambda: encoder, lambda **o: tiny_image_encoder(**o))
    return Tagger(
        kind.build(model_options(name, {}), parts).eval(),
        tiny_tokenizer(),
        tiny_image_processor() if kind.uses_images else None,
        DataConfig(max_subwords=48),
        {"encoders": {role: {"name": "small", "digest": ""} for role in ("text", "image")}},
    )


@pytest.mark.parametrize("name", ["bert-crf", "gmf", "umt"])
def test_with_the_same_types_it_begins_as_the_trained_model_ends(name):
    source, own = tiny_tagger(name), untrained(name, TagSet().types)
    started = warm_start(own, TrainedWeights.of_tagger(source), name="runs/a")
    assert started.new == started.new_types == ()
    one, other = (list(t.predict(SAMPLES)) for t in (source, own))
    assert [p.tags for p in one] == [p.tags for p in other]
    assert [e.confidence for p in one for e in p.entities] == pytest.approx(
        [e.confidence for p in other for e in p.entities]
    )


def test_matching_types_keep_their_rows_and_only_those_of_new_tags_are_new():
    source, own = tiny_tagger("bert-crf"), untrained("bert-crf", ("LOC", "EVENT", "PER"))
    before = {key: value.clone() for key, value in own.model.state_dict().items()}
    started = warm_start(own, TrainedWeights.of_tagger(source), name="runs/a")
    assert started.new_types == ("EVENT",)
    assert "types that are new: EVENT" in started.describe()
    old, new = source.model.head, own.model.head
    for i, tag in enumerate(new.states):
        knows = tag in old.states
        expected = old.emission.weight[old.states.index(tag)] if knows else before[W][i]
        assert torch.equal(new.emission.weight[i], expected)
        for j, other in enumerate(new.states):
            both = knows and other in old.states
            wanted = (
                old.crf.transitions[old.states.index(tag), old.states.index(other)]
                if both
                else before["head.crf.transitions"][i, j]
            )
            assert new.crf.transitions[i, j] == wanted


W = "head.emission.weight"


def test_another_model_takes_the_encoder_and_a_head_of_its_width():
    source, own = tiny_tagger("bert-crf"), untrained("gmf", TagSet().types)
    started = warm_start(own, TrainedWeights.of_tagger(source), name="runs/a")
    assert W in started.taken
    assert any(key.startswith("guidance.") for key in started.new)
    assert not any(key.startswith("image_encoder.") for key in started.new)
    key = "text_encoder.model.embeddings.word_embeddings.weight"
    assert torch.equal(own.model.state_dict()[key], source.model.state_dict()[key])


def test_encoders_of_other_sizes_or_words_are_refused():
    source = tiny_tagger("bert-crf")
    with pytest.raises(ConfigError, match=r"init=runs/a: .* encoder tiny, .* encoders\.text=tiny"):
        warm_start(
            untrained("bert-crf", ("PER",), hidden_size=8),
            TrainedWeights.of_tagger(source),
            name="runs/a",
        )
    own = untrained("bert-crf", ("PER",))
    own.tokenizer.add_tokens(["oslo"])
    with pytest.raises(ConfigError, match="kind, size or vocabulary than small"):
        warm_start(own, TrainedWeights.of_tagger(source), name="runs/a")


def test_frozen_layers_are_the_first_ones_and_the_embeddings():
    model = tiny_tagger("bert-crf").model
    freeze_layers(model, 1)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert not any("embeddings" in name or "layer.0." in name for name in trained)
    assert all(
        name in trained
        for name, _ in model.named_parameters()
        if "layer.1." in name or name.startswith("head.")
    )
    with pytest.raises(ConfigError, match=r"training\.freeze 3: .*'bert-crf' has 2 layers"):
        freeze_layers(model, 3)


@pytest.mark.parametrize("int8", [False, True])
def test_an_exported_model_gives_its_weights_back(tmp_path, int8, monkeypatch):
    # Small matrices are quantised too; no two weights are alike, which the exporter would merge.
    monkeypatch.setattr(quantise, "MIN_WEIGHTS", 100)
    source, own = tiny_tagger("bert-crf"), untrained("bert-crf", ("LOC", "EVENT", "PER"))
    for weight in source.model.parameters():
        weight.data += 0.1 * torch.rand_like(weight)
    exported = TrainedWeights.of_export(export_onnx(source, tmp_path / "e", int8=int8).folder)
    known = TrainedWeights.of_tagger(source)
    assert (exported.states, exported.types) == (known.states, known.types)
    assert exported.vocabulary == known.vocabulary
    for key, weight in known.weights.items():
        step = weight.abs().max().item() / 63 if int8 else 0
        torch.testing.assert_close(exported.weights[key], weight, rtol=0, atol=step)
    started = warm_start(own, exported, name="starter")
    assert started.new == ()
    assert started.new_types == ("EVENT",)


def test_an_exported_model_that_reads_images_is_refused(tmp_path, monkeypatch):
    info = SimpleNamespace(images="some", model="gmf")
    monkeypatch.setattr("gmf.models.exported_weights.read_info", lambda _: info)
    with pytest.raises(ConfigError, match="its graph merges weights; give the run"):
        TrainedWeights.of_export(tmp_path)


LABELLED = [Sample("1", ("Ann", "sings"), ("B-PER", "O"))]


def config_of(folder, init):
    """Return a run whose encoders are not there."""
    absent = str(folder / "absent")
    encoders = {"text": absent, "image": absent}
    return RunConfig.model_validate(
        {"init": init, "encoders": encoders, "model": {"name": "bert-crf"}}
    )


@pytest.mark.parametrize(
    ("name", "hint"), [("startr", r"; did you mean 'starter'\?"), ("runs/none", "")]
)
def test_what_is_no_trained_model_is_told_with_what_is_near(name, hint, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "installed_models", lambda: [SimpleNamespace(name="starter")])
    expected = rf"^init={name}: expected a run folder, a checkpoint .* or an installed model{hint}$"
    with pytest.raises(CheckpointError, match=expected):
        run.untrained_tagger(config_of(tmp_path, name), LABELLED)


def test_an_encoder_that_is_not_there_is_told_with_that_of_the_trained_model(tmp_path):
    folder = tiny_checkpoint(tmp_path / "model", "bert-crf")
    with pytest.raises(EncoderError, match=r"; init=.* was trained with the text encoder tiny$"):
        run.untrained_tagger(config_of(tmp_path, str(folder)), LABELLED)
