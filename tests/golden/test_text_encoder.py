import pytest
import torch
from transformers import AutoModel

from gmf.core.errors import EncoderError
from gmf.models.modules import text_encoder
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_clue_guidance import VisualClues
from gmf.testing import tiny_batch, tiny_text_encoder
from gmf.testing.encoders import TEXT_CONFIGS

FAMILIES = sorted(TEXT_CONFIGS)


def clues_for(encoder, batch=3, count=5, mask=True):
    shape = (encoder.num_layers, batch, encoder.num_heads, count, 4)
    torch.manual_seed(9)
    kept = torch.full((batch, count), mask)
    return VisualClues(torch.randn(shape), torch.randn(shape), kept)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_clues_it_is_the_librarys_own_model(family):
    encoder = tiny_text_encoder(family).eval()
    plain = AutoModel.from_config(encoder.config, attn_implementation="eager").eval()
    plain.load_state_dict(encoder.model.state_dict(), strict=False)
    inputs = tiny_batch().text_inputs
    expected = plain(**inputs).last_hidden_state
    real = inputs["attention_mask"].bool()
    torch.testing.assert_close(encoder(inputs, None)[real], expected[real], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_clues_change_every_word_and_masked_clues_change_nothing(family):
    encoder = tiny_text_encoder(family).eval()
    inputs = tiny_batch().text_inputs
    plain = encoder(inputs, None)
    guided = encoder(inputs, clues_for(encoder))
    real = inputs["attention_mask"].bool()
    assert ((guided - plain).abs().amax(-1)[real] > 1e-4).all()
    masked = encoder(inputs, clues_for(encoder, mask=False))
    torch.testing.assert_close(masked[real], plain[real], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_clues_enter_the_chosen_layers_only(family):
    encoder = tiny_text_encoder(family).eval()
    inputs = tiny_batch().text_inputs
    clues = clues_for(encoder)
    mass = []
    first = VisualClues(clues.keys, clues.values, clues.mask, mass, layers=(0,))
    encoder(inputs, first)
    assert len(mass) == 1
    assert mass[0].shape == (3, inputs["input_ids"].shape[1], 5)


@pytest.mark.parametrize("family", FAMILIES)
def test_last_layer_may_leave_out_what_is_not_read(family, monkeypatch):
    monkeypatch.setattr(text_encoder, "_READ_TOGETHER", 4)
    encoder = tiny_text_encoder(family).eval()
    inputs = tiny_batch().text_inputs
    clues = clues_for(encoder)
    read = torch.rand(inputs["input_ids"].shape, generator=torch.Generator().manual_seed(1)) < 0.3
    results = []
    for wanted in (None, read):
        encoder.zero_grad()
        states = encoder(inputs, clues, read=wanted)
        states[read].square().sum().backward()
        results.append([states[read], *(p.grad for p in encoder.parameters())])
    for whole, part in zip(*results, strict=True):
        torch.testing.assert_close(part, whole, rtol=1e-4, atol=1e-5)
    computed = (states != 0).any(-1)
    assert computed[read].all()
    assert computed.sum() == -(-read.sum() // 4) * 4 < computed.numel()


def test_other_families_are_refused_by_name():
    model = torch.nn.Module()
    model.config = type("C", (), {"model_type": "gpt2"})()
    with pytest.raises(EncoderError, match=r"'gpt2'.*bert.*mpnet"):
        TextEncoder(model)
