"""Every family of text encoders under a text-only, a late-fusion and a guided model."""

import pytest
import torch
from fixtures.text_families import (
    CONFIGS,
    WITH_CLUES,
    WITHOUT_CLUES,
    text_config,
    tiny_text_folder,
)

from gmf.core.errors import ConfigError, EncoderError
from gmf.core.tags import TagSet
from gmf.data.config import DataConfig
from gmf.evaluation.scores import score
from gmf.models.checkpoint import load_tagger, save_tagger
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_clue_guidance import VisualClues
from gmf.models.registry import model_options
from gmf.models.tagger import build_tagger
from gmf.models.text_encoders import TEXT_FAMILIES
from gmf.models.text_encoders.bert_like import BertLike
from gmf.testing import synthetic_samples, tiny_image_encoder, tiny_image_processor


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    tiny_image_encoder(trainable=True).model.save_pretrained(folder)
    tiny_image_processor().save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return synthetic_samples(tmp_path_factory.mktemp("samples"), count=8)


def build(name, family, folder, image_folder, *, max_subwords=64, **options):
    torch.manual_seed(0)
    return build_tagger(
        model_options(name, options),
        tags=TagSet(),
        text_encoder=tiny_text_folder(folder / family, family),
        image_encoder=image_folder,
        data=DataConfig(max_subwords=max_subwords),
    )


def fit(tagger, samples, *, steps):
    batch = tagger.collator()(samples).to("cpu")
    model = tagger.model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=5e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        model(batch).loss.backward()
        optimizer.step()
    model.eval()
    decoded = model.decode(model(batch), batch)
    return score([s.tags for s in samples], [d.tags for d in decoded]).strict.micro.f1


@pytest.mark.parametrize("family", CONFIGS)
def test_a_text_only_model_overfits_saves_and_reloads(family, tmp_path, image_folder, samples):
    tagger = build("bert-crf", family, tmp_path, image_folder)
    assert fit(tagger, samples, steps=120) == 1.0
    without = [
        name
        for name, parameter in tagger.model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert [name for name in without if "mask" not in name] == []
    save_tagger(tagger, tmp_path / "checkpoint")
    again = load_tagger(tmp_path / "checkpoint")
    with torch.no_grad():
        before, after = (
            one.model(one.collator()(samples).to("cpu")).emissions for one in (tagger, again)
        )
    torch.testing.assert_close(after, before, rtol=0, atol=0)


@pytest.mark.parametrize("family", CONFIGS)
def test_a_late_fusion_model_overfits(family, tmp_path, image_folder, samples):
    assert fit(build("umt", family, tmp_path, image_folder), samples, steps=120) == 1.0


@pytest.mark.parametrize("family", WITH_CLUES)
@pytest.mark.parametrize("name", ["gmf", "hvpnet"])
def test_a_guided_model_overfits_where_clues_can_enter(
    name, family, tmp_path, image_folder, samples
):
    options = {"mixing_dim": 32} if name == "hvpnet" else {}
    tagger = build(name, family, tmp_path, image_folder, **options)
    assert fit(tagger, samples, steps=120) == 1.0


@pytest.mark.parametrize("family", WITHOUT_CLUES)
@pytest.mark.parametrize("name", ["gmf", "hvpnet"])
def test_a_guided_model_is_refused_where_they_cannot(name, family, tmp_path, image_folder):
    with pytest.raises(EncoderError, match=rf"model {name}: .*type '{family}'.*bert-crf or umt"):
        build(name, family, tmp_path, image_folder)


def test_gmf_without_visual_clues_takes_any_family(tmp_path, image_folder, samples):
    tagger = build("gmf", "deberta-v2", tmp_path, image_folder, use_visual_clues=False)
    assert fit(tagger, samples, steps=2) >= 0


@pytest.mark.parametrize(("family", "limit"), [("electra", 128), ("roberta", 128)])
def test_posts_longer_than_the_positions_are_refused(family, limit, tmp_path, image_folder):
    with pytest.raises(ConfigError, match=f"max_subwords 129: .* {limit} .*max_subwords={limit}"):
        build("bert-crf", family, tmp_path, image_folder, max_subwords=129)
    assert build("bert-crf", family, tmp_path, image_folder, max_subwords=128)


def test_a_family_of_a_stranger_is_one_class(monkeypatch):
    """Data2Vec is built as RoBERTa is, so one empty class lets clues in."""
    monkeypatch.setattr(TEXT_FAMILIES, "_registered", {})
    config = text_config("roberta").to_dict() | {"model_type": "data2vec-text"}
    assert not TextEncoder.from_config(config).family.takes_clues

    @TEXT_FAMILIES.register("data2vec-text")
    class Data2Vec(BertLike):
        pass

    torch.manual_seed(0)
    encoder = TextEncoder.from_config(config).eval()
    ids = torch.tensor([[0, 5, 6, 2]])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    keys, values = torch.randn(2, 2, 1, 4, 3, 4)
    clues = VisualClues(list(keys), list(values), torch.ones(1, 3, dtype=torch.bool))
    own = encoder.model(**inputs).last_hidden_state
    torch.testing.assert_close(encoder(inputs), own, rtol=1e-5, atol=1e-5)
    assert (encoder(inputs, clues) - own).abs().amax() > 1e-3
