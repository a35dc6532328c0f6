"""Images that count in part: between what a post is without them and what it is with them."""

import pickle
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
import torch
from fixtures.command import exit_status

import gmf
from gmf.core.errors import ConfigError
from gmf.data.batch import Batch
from gmf.experiments.evaluate import evaluate_run
from gmf.inference.image_trust import ImageTrust
from gmf.models.registry import models
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import mixed_samples, tiny_checkpoint, tiny_tagger

PICTURED = [name for name in models if models.get(name).visual_inputs]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return mixed_samples(tmp_path_factory.mktemp("samples"))


def found(engine, samples):
    return [(p.tags, [e.confidence for e in p.entities]) for p in engine.predict(samples)]


@pytest.mark.parametrize("name", PICTURED)
def test_trust_in_every_model_goes_from_no_image_to_the_image(name, samples):
    if models.get(name).reads_words:
        pytest.skip("made from words, not by tiny_tagger")
    tagger = tiny_tagger(name)
    batch = tagger.collator()(samples).to("cpu")
    with torch.no_grad():
        without, real = (tagger.model(b).emissions for b in (batch.without_images(), batch))
        quarter = ImageTrust(tagger.model, 0.25, Batch.without_images)(batch).emissions
        none = ImageTrust(tagger.model, 0.0, Batch.without_images)(batch).emissions
    torch.testing.assert_close(quarter, without + 0.25 * (real - without))
    torch.testing.assert_close(none, without)
    assert (real - without).abs().max() > 1e-3


def test_where_blanks_stand_in_a_post_without_images_is_read_with_one(samples):
    samples = [*samples, replace(samples[0], images=())]
    bare = [replace(sample, images=()) for sample in samples]
    tagger = tiny_tagger()
    tagger = replace(tagger, data=tagger.data.model_copy(update={"missing_image": "blank"}))
    none, whole = TorchEngine(tagger, image_trust=0), TorchEngine(tagger)
    expected = found(whole, bare)
    assert expected != found(TorchEngine(tiny_tagger()), bare)
    explained = [p.explanation for p in whole.predict(samples, explain=True)]
    for (tags, scores), (wanted, confidences), explanation in zip(
        found(none, samples), expected, explained, strict=True
    ):
        assert tags == wanted
        assert scores == pytest.approx(confidences, abs=1e-5)
        without = [entity.confidence for entity in explanation.without_images]
        assert without == pytest.approx(confidences, abs=1e-5)


def test_at_0_a_post_is_tagged_as_without_its_images_and_says_that_they_were_read(samples):
    bare = [replace(sample, images=()) for sample in samples]
    none = TorchEngine(tiny_tagger(), image_trust=0)
    expected = found(TorchEngine(tiny_tagger()), bare)
    for (tags, scores), (wanted, confidences) in zip(found(none, samples), expected, strict=True):
        assert tags == wanted
        assert scores == pytest.approx(confidences, abs=1e-5)
    assert none.report.images["read"] > 0
    assert next(none.predict(samples[:1])).saw_image


def test_posts_without_images_take_one_pass_and_others_two(samples):
    calls = []

    class Counted(type(tiny_tagger().model)):
        def forward(self, batch):
            calls.append(batch.has_views)
            return super().forward(batch)

    tagger = tiny_tagger()
    tagger.model.__class__ = Counted
    engine = TorchEngine(tagger, image_trust=0.5)
    list(engine.predict(samples[:1]))
    list(engine.predict([replace(samples[0], images=())]))
    assert calls == [True, False, False]


def test_an_explanation_compares_with_no_image_at_all(samples):
    engine = TorchEngine(tiny_tagger(), image_trust=0.5)
    explained = next(engine.predict(samples[:1], explain=True)).explanation
    plain = next(engine.predict([replace(samples[0], images=())]))
    assert explained.without_images == plain.entities


def test_it_is_what_every_road_asks_for(run, samples, tmp_path, monkeypatch, capsys):
    half = gmf.load(run, image_trust=0.5)
    whole = gmf.load(run)
    image = Path(copy(samples[0].images[0].source, tmp_path))
    text = " ".join(samples[0].tokens)
    expected = half(text, image=image)
    assert expected != whole(text, image=image)
    assert pickle.loads(pickle.dumps(half))(text, image=image) == expected
    words = ("predict", str(run), "--text", text, "--image", str(image), "--json")
    assert exit_status(monkeypatch, *words, "--image-trust", "0.5") == 0
    assert f'"confidence": {expected.entities[0].confidence}' in capsys.readouterr().out
    (tmp_path / "posts.jsonl").write_text(f'{{"text": "{text}", "image": "{image.name}"}}\n')
    for trust in (1, 0.5):
        out = tmp_path / f"out-{trust}.jsonl"
        gmf.predict_files(run, tmp_path / "posts.jsonl", out, image_trust=trust)
        wanted = expected if trust == 0.5 else whole(text, image=image)
        assert f'"confidence": {wanted.entities[0].confidence}' in out.read_text()
    with pytest.raises(ConfigError, match="another way of predicting"):
        gmf.predict_files(run, tmp_path / "posts.jsonl", out, image_trust=0.75)


def test_an_evaluation_computes_with_it_and_says_so(run, tmp_path):
    (tmp_path / "test.txt").write_text("IMGID:1\nRocky\tB-PER\nin\tO\nOslo\tB-LOC\nsnow\tO\n")
    evaluated = evaluate_run(run, folder=tmp_path, image_trust=0.5)
    assert evaluated.report.provenance.image_trust == 0.5
    assert evaluate_run(run, folder=tmp_path).report.provenance.image_trust == 1


@pytest.mark.parametrize("trust", [-0.1, 1.1, float("nan"), True, "0.5", None])
def test_what_is_no_trust_is_refused(run, trust):
    with pytest.raises(ConfigError, match=r"^image_trust .*: expected a number from 0 .* to 1"):
        gmf.load(run, image_trust=trust)


def test_commands_refuse_what_is_out_of_range(run, monkeypatch, capsys):
    for words in (("predict", str(run), "--text", "Rocky"), ("evaluate", str(run)), ("serve",)):
        assert exit_status(monkeypatch, *words, "--image-trust", "2") == 2
        assert "--image-trust" in capsys.readouterr().err


def test_a_model_without_images_refuses_it(tmp_path):
    folder = tiny_checkpoint(tmp_path / "text", "bert-crf")
    with pytest.raises(ConfigError, match=r"image_trust 0\.5: model bert-crf reads text only"):
        gmf.load(folder, image_trust=0.5)
    assert gmf.load(folder, image_trust=1).types


def test_a_model_that_decodes_in_its_own_way_says_what_is_between_or_refuses():
    class Own(type(tiny_tagger().model)):
        def decode(self, output, batch):
            return super().decode(output, batch)

    tagger = tiny_tagger()
    tagger.model.__class__ = Own
    TorchEngine(tagger)
    with pytest.raises(ConfigError, match=r"image_trust 0\.5: model gmf decodes in its own way"):
        TorchEngine(tagger, image_trust=0.5)

    class Between(Own):
        def between(self, without, real, *, trust):
            return super().between(without, real, trust=trust)

    tagger.model.__class__ = Between
    TorchEngine(tagger, image_trust=0.5)
