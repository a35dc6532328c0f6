import pytest
import torch
from fixtures.text_families import CONFIGS, WITH_CLUES, WITHOUT_CLUES, tiny_family_encoder
from transformers import AutoModel

from gmf.core.errors import EncoderError
from gmf.models.kernels.attention import fast_attention
from gmf.models.modules import visual_clue_guidance
from gmf.models.modules.text_encoder import TextEncoder
from gmf.models.modules.visual_clue_guidance import VisualClues
from gmf.models.text_encoders import TEXT_FAMILIES, bert_like, families_with_clues
from gmf.models.text_encoders.base import TextFamily
from gmf.testing import tiny_batch
from gmf.testing.encoders import TEXT_CONFIGS

BERT_LIKE = sorted({*TEXT_CONFIGS, "electra", "xlm-roberta"})
FAMILIES = sorted({*TEXT_CONFIGS, *WITH_CLUES})


def clues_for(encoder, batch=3, count=5, mask=True):
    shape = (encoder.num_layers, batch, encoder.num_heads, count, 4)
    torch.manual_seed(9)
    kept = torch.full((batch, count), mask)
    return VisualClues(list(torch.randn(shape)), list(torch.randn(shape)), kept)


@pytest.mark.parametrize("family", sorted({*FAMILIES, *CONFIGS}))
def test_without_clues_it_is_the_librarys_own_model(family):
    encoder = tiny_family_encoder(family).eval()
    plain = AutoModel.from_config(encoder.config, attn_implementation="eager").eval()
    plain.load_state_dict(encoder.model.state_dict(), strict=False)
    inputs = tiny_batch().text_inputs
    expected = plain(**inputs).last_hidden_state
    real = inputs["attention_mask"].bool()
    torch.testing.assert_close(encoder(inputs, None)[real], expected[real], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_clues_change_every_word_and_masked_clues_change_nothing(family):
    encoder = tiny_family_encoder(family).eval()
    inputs = tiny_batch().text_inputs
    plain = encoder(inputs, None)
    guided = encoder(inputs, clues_for(encoder))
    real = inputs["attention_mask"].bool()
    assert ((guided - plain).abs().amax(-1)[real] > 1e-4).all()
    masked = encoder(inputs, clues_for(encoder, mask=False))
    torch.testing.assert_close(masked[real], plain[real], rtol=1e-5, atol=1e-5)


#: Options of each family that drop something: attention's probabilities and states.
DROPOUTS = {
    "distilbert": ("attention_dropout", "dropout"),
    "modernbert": ("attention_dropout", "mlp_dropout"),
}


@pytest.mark.parametrize("dropped", [0, 1], ids=["attention", "states"])
@pytest.mark.parametrize("family", FAMILIES)
def test_each_dropout_of_the_text_encoder_acts_in_training_only(family, dropped):
    """Alone: one of them must not stand in for the other."""
    names = DROPOUTS.get(family, ("attention_probs_dropout_prob", "hidden_dropout_prob"))
    encoder = tiny_family_encoder(
        family, **{name: 0.5 * (place == dropped) for place, name in enumerate(names)}
    )
    inputs, clues = tiny_batch().text_inputs, clues_for(encoder)
    for given in (None, clues):
        kept = encoder.eval()(inputs, given)
        assert torch.equal(encoder(inputs, given), kept)
        assert ((encoder.train()(inputs, given) - kept).abs().amax(dim=(1, 2)) > 1e-3).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_clues_enter_the_chosen_layers_only(family):
    encoder = tiny_family_encoder(family).eval()
    inputs = tiny_batch().text_inputs
    clues = clues_for(encoder)
    mass = []
    first = VisualClues(clues.keys, clues.values, clues.mask, mass, layers=(0,))
    encoder(inputs, first)
    assert len(mass) == 1
    assert mass[0].shape == (3, inputs["input_ids"].shape[1], 5)


@pytest.mark.parametrize("family", BERT_LIKE)
def test_last_layer_may_leave_out_what_is_not_read(family, monkeypatch):
    monkeypatch.setattr(bert_like, "READ_TOGETHER", 4)
    encoder = tiny_family_encoder(family).eval()
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


@pytest.mark.parametrize("family", WITHOUT_CLUES)
def test_families_without_a_way_in_for_clues_refuse_them(family):
    encoder = tiny_family_encoder(family).eval()
    clues = clues_for(tiny_family_encoder("bert"))
    with pytest.raises(EncoderError, match=rf"cannot enter .*'{family}'.*bert, .*modernbert"):
        encoder(tiny_batch().text_inputs, clues)


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_under_autocast_states_are_the_same_but_for_rounding(family):
    encoder = tiny_family_encoder(family).eval()
    inputs, clues = tiny_batch().text_inputs, clues_for(encoder)
    exact = encoder(inputs, clues)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = encoder(inputs, clues).float()
    real = inputs["attention_mask"].bool()
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded[real], exact[real], rtol=0.05, atol=0.1)


def test_families_with_clues_are_those_that_say_so(monkeypatch):
    monkeypatch.setattr(TEXT_FAMILIES, "_registered", dict(TEXT_FAMILIES._registered))
    before = families_with_clues()
    assert {*WITH_CLUES, "bert", "mpnet", "camembert"} == set(before)
    TEXT_FAMILIES.register("blind")(type("Blind", (TextFamily,), {"__doc__": "No clues."}))
    assert families_with_clues() == before


class Blind(TextFamily):
    """States that it takes clues, and leaves them and the mask out."""

    takes_clues = True

    def run(self, model, text_inputs, *, clues, read):
        return model(input_ids=text_inputs["input_ids"]).last_hidden_state


class Careless(Blind):
    """Leaves the clues out."""

    def run(self, model, text_inputs, *, clues, read):
        return model(**text_inputs).last_hidden_state


@pytest.mark.parametrize(
    ("family", "reason"),
    [(Blind, "padding changes its states"), (Careless, "takes clues, and they change no state")],
)
def test_a_family_of_others_is_looked_after(family, reason, monkeypatch):
    monkeypatch.setattr(TEXT_FAMILIES, "_registered", dict(TEXT_FAMILIES._registered))
    TEXT_FAMILIES.register("albert")(family)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    sizes |= {"num_hidden_layers": 1, "vocab_size": 99, "initializer_range": 0.1}
    with pytest.raises(EncoderError, match=reason):
        TextEncoder.from_config({**sizes, "model_type": "albert"})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model_type": "gpt2"}, "generator of text"),
        ({"model_type": "bert", "is_decoder": True}, "generator of text"),
        ({"model_type": "t5"}, "encoder and a decoder"),
        ({"model_type": "resnet"}, "no vocab_size, hidden_size"),
        ({"model_type": "clip"}, "no vocab_size"),
        ({"model_type": "fnet", "num_attention_heads": 2}, "takes no attention_mask"),
        ({"model_type": "clip_text_model"}, "not depend on the words after"),
        ({"model_type": "convbert", "num_attention_heads": 2}, "padding changes its states"),
    ],
)
def test_what_is_no_encoder_of_words_is_refused_with_the_reason(options, reason):
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "vocab_size": 99}
    small = {} if options["model_type"] in ("resnet", "clip", "t5") else small
    heads = {} if options["model_type"] == "gpt2" else {"num_attention_heads": 2}
    with pytest.raises(EncoderError, match=reason):
        TextEncoder.from_config({**small, **heads, **options})


@pytest.mark.parametrize(("family", "limit"), [("bert", 64), ("roberta", 128), ("modernbert", 128)])
def test_limit_on_subwords_is_what_there_are_positions_for(family, limit):
    sizes = {"max_position_embeddings": 130} if family == "roberta" else {}
    encoder = tiny_family_encoder(family, **sizes).eval()
    assert encoder.max_subwords == limit
    ids = torch.full((1, limit), 7)
    assert encoder({"input_ids": ids, "attention_mask": ids * 0 + 1}).shape == (1, limit, 16)
    if family != "modernbert":  # it turns positions instead of looking them up
        ids = torch.full((1, limit + 1), 7)
        with pytest.raises((IndexError, RuntimeError)):
            encoder({"input_ids": ids, "attention_mask": ids * 0 + 1})


@pytest.mark.parametrize("family", sorted({*BERT_LIKE, *WITH_CLUES}))
@pytest.mark.parametrize("has_clues", [True, False])
def test_masks_stay_finite_in_a_narrow_type(family, has_clues, monkeypatch):
    encoder, seen = tiny_family_encoder(family).eval(), []
    inputs = tiny_batch().text_inputs

    def attend(query, key, value, mask, **options):
        seen.append(None if mask is None else mask.to(torch.promote_types(mask.dtype, query.dtype)))
        return fast_attention(query, key, value, mask, **options)

    monkeypatch.setattr(visual_clue_guidance, "fast_attention", attend)
    with torch.autocast("cpu", torch.bfloat16):
        encoder(inputs, clues_for(encoder) if has_clues else None)
    assert len(seen) == encoder.num_layers
    assert all(mask.to(torch.bfloat16).isfinite().all() for mask in seen)
