"""Options by which a model follows its public code."""

import pytest
import torch
from torch import nn

from gmf.core.tags import TagSet
from gmf.models.base import ModelParts
from gmf.models.modules.graph_fusion import GraphFusion
from gmf.models.modules.image_text_matching import ImageTextMatching
from gmf.models.registry import model_options, models
from gmf.testing import tiny_batch, tiny_image_encoder, tiny_text_encoder

WITH_CONTRAST = ("gmf", "maf", "bfcl", "debiascl")


def build(name, **options):
    torch.manual_seed(0)
    kind = models.get(name)
    parts = ModelParts(
        tags=TagSet(), text_encoder=tiny_text_encoder, image_encoder=tiny_image_encoder
    )
    return kind.build(model_options(name, {**kind.small_options, **options}), parts)


@pytest.mark.parametrize("name", WITH_CONTRAST)
@pytest.mark.parametrize("blanks", [False, True])
def test_blank_stand_ins_take_part_in_the_contrast_where_asked_for(name, blanks):
    batch = tiny_batch(slots=((0,), (1,), (2,)))
    blank = torch.zeros_like(batch.view_is_blank)
    blank[1:, 0] = True
    object.__setattr__(batch, "view_is_blank", blank)
    model = build(name, contrast_blanks=blanks).train()
    terms = set(model(batch).losses)
    values = [value for term, value in model(batch).losses.items() if term != "ner"]
    assert any(value > 0 for value in values) == blanks, terms
    rows, views = model.pairs_of(batch)
    assert rows.tolist() == ([0, 1, 2] if blanks else [0])
    assert views.tolist() == ([0, 1, 2] if blanks else [0])


@pytest.mark.parametrize("name", ["umt", "maf"])
def test_layers_like_berts_have_its_weights_biases_and_epsilon(name):
    model = build(name, initialisation="bert", norm_epsilon=1e-12)
    own = [
        part
        for child, module in model.named_children()
        if not child.endswith("_encoder")
        for part in module.modules()
    ]
    linears = [part for part in own if isinstance(part, nn.Linear)]
    weights = torch.cat([part.weight.flatten() for part in linears])
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
    assert weights.abs().max() > 0.04  # No uniform distribution of this deviation.
    assert all(not part.bias.any() for part in linears if part.bias is not None)
    assert {part.eps for part in own if isinstance(part, nn.LayerNorm)} == {1e-12}
    assert model.head.crf.transitions.abs().max() > 0.05  # Its own, up to 0.1.


@pytest.mark.parametrize("name", ["umt", "maf"])
def test_dropout_stands_after_the_text_encoder_and_not_before_the_emissions(name):
    model = build(name, dropout=0.0, head_dropout=0.0, text_dropout=0.5)
    seen = {}
    model.dropout.register_forward_hook(lambda _, given, made: seen.update(a=given[0], b=made))
    model.train()(tiny_batch())
    assert model.head.dropout.p == 0.0
    share = (seen["b"] == 0).float().mean() - (seen["a"] == 0).float().mean()
    assert 0.3 < share < 0.7
    torch.testing.assert_close(seen["b"][seen["b"] != 0], 2 * seen["a"][seen["b"] != 0])


def test_mafs_alignment_reads_the_text_before_dropout():
    model = build("maf", dropout=0.0, text_dropout=0.9).train()
    model.text_encoder.eval()
    seen = []
    model.alignment.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    batch = tiny_batch(slots=((0,), (1,), (2,)))
    model(batch)
    torch.testing.assert_close(seen[0], model.text_encoder(batch.text_inputs, None)[:, 0])


def test_umgf_starts_as_its_public_code_does():
    torch.manual_seed(0)
    fusion = GraphFusion(64, num_layers=3, num_heads=4, feed_forward=32, dropout=0.4)
    fusion.start_as_published()
    first = fusion.to_text[0]
    gate = torch.cat([first.own.weight, first.other.weight], dim=1)
    bound = (6 / (3 * 64)) ** 0.5
    assert 0.98 * bound < gate.abs().max() <= bound
    assert not first.own.bias.any()
    assert torch.equal(fusion.text_attention[1].query.weight, fusion.text_attention[0].key.weight)
    assert torch.equal(fusion.to_text[2].own.weight, first.own.weight)
    assert fusion.to_text[2].own.weight is not first.own.weight
    assert not torch.equal(fusion.to_objects[0].own.weight, first.own.weight)
    model = build("umgf", initialisation="published")
    assert not model.object_nodes[1].bias.any()
    assert model.object_nodes[0].bias.any()  # The classifier of ResNet starts as torch does it.


def test_matching_is_still_of_pooled_states():
    """The departure that MAF's published setting lists; a test that falls when it is mended."""
    assert ImageTextMatching(8).classifier.in_features == 16


def test_published_departures_are_whole():
    for name in models:
        published = models.get(name).published
        for departure in published.departures if published else ():
            assert all(departure), name
            assert not any(text.endswith(".") for text in departure)
