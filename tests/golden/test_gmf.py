import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.models.base import ModelOptions
from gmf.models.baselines.bert import BertTagger
from gmf.models.gmf import Gmf, GmfConfig
from gmf.models.modules.consistency_matching import contrastive_loss
from gmf.models.modules.visual_inputs import real_images
from gmf.models.registry import model_options
from gmf.testing import tiny_batch, tiny_image_encoder, tiny_text_encoder


def make(family="bert", image_family="resnet", **options):
    torch.manual_seed(0)
    return Gmf(
        GmfConfig(**options),
        TagSet(),
        text_encoder=tiny_text_encoder(family),
        image_encoder=tiny_image_encoder(image_family),
    )


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet"])
def test_with_zero_images_it_is_the_text_only_model_bit_for_bit(family):
    gmf = make(family).eval()
    plain = BertTagger(ModelOptions(), TagSet(), text_encoder=gmf.text_encoder).eval()
    plain.head = gmf.head
    batch = tiny_batch().without_images()
    assert torch.equal(gmf(batch).emissions, plain(batch).emissions)
    assert torch.equal(gmf(batch).loss, plain(batch).loss)


def test_joint_loss_is_equation_22():
    model = make(task_weight=0.6, dropout=0.0).train()
    without_dropout(model)
    output = model(tiny_batch())
    expected = 0.6 * output.losses["ner"] + 0.4 * output.losses["consistency"]
    torch.testing.assert_close(output.loss, expected)


def test_contrast_reads_text_without_clues_and_only_real_whole_images():
    model = make(dropout=0.0).train()
    without_dropout(model)
    batch = tiny_batch(slots=((1, 0), (2,), ()))
    maps = model.image_encoder(batch.views)
    first = model.text_encoder(batch.text_inputs, None)[:2, 0]
    text, image = model.matching(first, maps[-1][[1, 2]].mean((2, 3)))
    expected = contrastive_loss(text, image, temperature=0.21, direction_weight=0.7)
    torch.testing.assert_close(model(batch).losses["consistency"], expected)


ABLATIONS = {
    "use_visual_clues": ("mapping", "gating", "guidance", "attention"),
    "use_cross_scale_attention": ("attention",),
    "use_consistency_matching": ("matching",),
}


@pytest.mark.parametrize("switch", ABLATIONS)
def test_an_ablation_leaves_out_its_module(switch):
    model = make(**{switch: False})
    for part in ABLATIONS[switch]:
        assert not hasattr(model, part)
    model.train()(tiny_batch()).loss.backward()


def test_all_three_ablations_leave_the_text_only_model():
    model = make(**dict.fromkeys(ABLATIONS, False)).eval()
    batch = tiny_batch()
    assert torch.equal(model(batch).emissions, model(batch.without_images()).emissions)


def test_explanation_has_gates_and_attention_of_each_picture():
    model = make().eval()
    batch = tiny_batch()
    with_two, with_one, bare = model.explain(batch)
    assert with_two.gates.shape == (2, 2, 4)
    assert with_two.gates.sum(-1) == pytest.approx(1, abs=1e-5)
    assert with_two.slot_attention.shape == (2, 4, 2)
    assert ((with_one.slot_attention > 0) & (with_one.slot_attention < 1)).all()
    assert (bare.gates, bare.slot_attention) == (None, None)


def test_order_of_images_does_not_matter():
    model = make().eval()
    one = model(tiny_batch(slots=((0, 1, 2), (), ()))).emissions
    other = model(tiny_batch(slots=((2, 0, 1), (), ()))).emissions
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_frozen_backbone_stays_in_evaluation_mode_and_has_no_gradient():
    model = make().train()
    assert not model.image_encoder.model.training
    model(tiny_batch()).loss.backward()
    assert all(p.grad is None for p in model.image_encoder.parameters())


@pytest.mark.parametrize("consistency_text", ["plain", "guided"])
def test_both_readings_in_one_batch_are_the_readings_one_by_one(consistency_text):
    model = make(consistency_text=consistency_text).train()
    without_dropout(model)
    seen = []
    model.matching.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    batch = tiny_batch()
    emissions = model(batch).emissions
    clues = None
    if consistency_text == "guided":
        fused = model._pyramid(model.image_encoder.maps_of(batch))[0]
        clues = model._clues(fused, batch, model._visible(batch))
    rows, _ = real_images(batch)
    first = model.text_encoder(batch.text_inputs, clues)[rows, 0]
    assert len(first) > 0
    torch.testing.assert_close(seen[0], first, atol=1e-5, rtol=1e-4)
    model.options = model.options.model_copy(update={"use_consistency_matching": False})
    torch.testing.assert_close(emissions, model(batch).emissions, atol=1e-5, rtol=1e-4)


def test_fine_tuning_the_backbone():
    torch.manual_seed(0)
    model = Gmf(
        GmfConfig(finetune_image_encoder=True),
        TagSet(),
        text_encoder=tiny_text_encoder(),
        image_encoder=tiny_image_encoder(trainable=True),
    ).train()
    model(tiny_batch()).loss.backward()
    assert any(p.grad is not None for p in model.image_encoder.parameters())


def test_hidden_images_leave_the_text_only_result():
    model = make(hide_images=0.999).train()
    without_dropout(model)
    batch = tiny_batch()
    shown = model(batch).emissions
    torch.testing.assert_close(shown, model(batch.without_images()).emissions, atol=1e-5, rtol=1e-4)


def test_type_presence_loss_reads_the_clues():
    model = make(type_presence_weight=0.5).train()
    output = model(tiny_batch())
    assert set(output.losses) == {"ner", "consistency", "type_presence"}
    model(tiny_batch()).loss.backward()
    assert model.type_presence.weight.grad is not None


def test_type_presence_is_the_mean_over_types_of_what_the_visible_clues_say():
    model = make(type_presence_weight=0.5).train()
    without_dropout(model)
    batch = tiny_batch(slots=((1, 0), (2,), ()))
    # Of the third sample, which shows nothing, nothing is asked.
    batch.labels[:] = torch.tensor([[0, 3, 4, 0], [7, 1, 0, 0], [5, 6, 0, 0]])
    assert [model.tags.names[i] for i in (1, 3, 4, 7)] == ["B-PER", "B-LOC", "I-LOC", "B-MISC"]
    present = {0: {"LOC"}, 1: {"PER", "MISC"}}
    fused = model._pyramid(model.image_encoder(batch.views))[0]
    shown, losses = {0: [1, 0], 1: [2]}, []
    for row, views in shown.items():
        clues = [
            fused[layer, view, cell] for layer in range(2) for view in views for cell in range(4)
        ]
        logits = model.type_presence(sum(clues) / len(clues))
        for kind, logit in zip(model.tags.types, logits, strict=True):
            chance = torch.sigmoid(logit)
            losses.append(-torch.log(chance if kind in present[row] else 1 - chance))
    output = model(batch)
    torch.testing.assert_close(output.losses["type_presence"], sum(losses) / len(losses))
    ner, consistency = output.losses["ner"], output.losses["consistency"]
    expected = 0.7 * ner + 0.3 * consistency + 0.5 * output.losses["type_presence"]
    torch.testing.assert_close(output.loss, expected)


def test_each_option_reaches_its_module():
    model = make(
        reduction_ratio=1,
        cells_per_side=3,
        temperature=0.5,
        direction_weight=0.1,
        dropout=0.25,
        max_objects=5,
    )
    assert [part.channel[0].out_features for part in model.attention] == [16, 16, 32, 32]
    assert [part.channel[0].out_features for part in make().attention] == [8, 8, 8, 8]
    assert model.mapping.pool(torch.zeros(1, 1, 9, 9)).shape == (1, 1, 3, 3)
    assert (model.matching.temperature, model.matching.direction_weight) == (0.5, 0.1)
    assert (model.head.dropout.p, model.max_regions) == (0.25, 5)


@pytest.mark.parametrize("normalise", [True, False])
def test_stages_are_normalised_if_asked(normalise):
    model = make(normalise_stages=normalise).train()
    stages = model.mapping(model.image_encoder(tiny_batch().views))
    variances = stages.transpose(0, 1).flatten(1, 2).var(dim=1, unbiased=False)
    assert ((variances - 1).abs() < 0.05).all().item() == normalise


def test_the_paper_s_settings_are_the_defaults():
    options = GmfConfig()
    assert (options.temperature, options.direction_weight, options.task_weight) == (0.21, 0.7, 0.7)
    assert (options.reduction_ratio, options.max_objects, options.dropout) == (16, 3, 0.1)
    assert (options.hide_images, options.type_presence_weight) == (0.0, 0.0)
    assert not options.finetune_image_encoder


def test_layers_of_clues_may_be_written_as_a_list():
    assert model_options("gmf", {"clue_layers": [0, 1]}).clue_layers == (0, 1)


def test_mobilenet_gives_four_stages():
    model = make(image_family="mobilenet").eval()
    assert len(model.image_encoder.stage_channels) == 4
    assert model.explain(tiny_batch())[0].gates.shape == (2, 2, 4)


def test_clue_layers_restricts_guidance():
    model = make(clue_layers=(1,)).eval()
    explained = model.explain(tiny_batch())[0]
    assert len(explained.slot_attention) == len(explained.gates) == 1
    both = make().eval()
    both.load_state_dict(model.state_dict())
    assert np.array_equal(explained.gates[0], both.explain(tiny_batch())[0].gates[1])


def test_no_layer_for_clues_is_refused():
    with pytest.raises(ValidationError, match=r"clue_layers\s+Tuple should have at least 1 item"):
        model_options("gmf", {"clue_layers": []})


def test_a_layer_that_the_text_encoder_lacks_is_refused():
    with pytest.raises(ConfigError, match=r"model\.clue_layers: 2, 7: expected layers from 0 to 1"):
        make(clue_layers=(1, 2, 7))
