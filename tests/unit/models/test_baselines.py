"""What single baselines do beyond the contract."""

import math

import pytest
import torch

from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.core.types import ImageInput, Region, Sample
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.models.base import ModelParts
from gmf.models.modules.consistency_matching import contrastive_loss
from gmf.models.modules.visual_inputs import grid_regions, object_vectors, real_images
from gmf.models.registry import model_options, models
from gmf.testing import synthetic_samples, tiny_batch, tiny_image_encoder, tiny_text_encoder

SMALL_GRAPH = {
    "node_dim": 8,
    "num_graph_layers": 2,
    "num_graph_heads": 2,
    "feed_forward_dim": 8,
}


def build(name, samples=(), **options):
    torch.manual_seed(0)
    kind = models.get(name)
    parts = ModelParts(
        tags=TagSet(),
        text_encoder=lambda: tiny_text_encoder(
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        ),
        image_encoder=lambda **o: tiny_image_encoder(**o),
        training_samples=samples,
    )
    return kind.build(model_options(name, {"dropout": 0.0, **options}), parts)


def changed(batch, **fields):
    return Batch(**{**vars(batch), **fields})


BATCH = {"slots": ((0, 1), (2,), (), (3,)), "lengths": (4, 2, 3, 5), "num_views": 4}


def test_grid_regions_are_the_cells_of_whole_images():
    batch = tiny_batch(slots=((1, 0), (), (2,)))
    maps = (torch.randn(3, 2, 4, 4), torch.randn(3, 5, 2, 2))
    regions = grid_regions(batch, maps, channels=5)
    assert regions.mask.tolist() == [[True] * 4, [False] * 4, [True] * 4]
    assert torch.equal(regions.values[0, 1], maps[1][1, :, 0, 1])
    assert torch.equal(regions.values[2, 2], maps[1][2, :, 1, 0])
    assert regions.values[1].abs().sum() == 0


def test_masked_items_are_zero_even_where_a_picture_is_not_a_number():
    batch = tiny_batch(slots=((0,), (), (2,)))
    maps = (torch.full((3, 5, 2, 2), torch.nan),)
    assert grid_regions(batch, maps, channels=5).values[1].abs().sum() == 0


def test_objects_are_regions_or_else_the_whole_image():
    batch = tiny_batch(slots=((1, 0), (2,), ()))
    maps = (torch.randn(3, 5, 2, 2),)
    objects = object_vectors(batch, maps, channels=5)
    assert objects.mask.tolist() == [[False, True], [True, False], [False, False]]
    torch.testing.assert_close(objects.values[0, 1], maps[0][0].mean((1, 2)))
    torch.testing.assert_close(objects.values[1, 0], maps[0][2].mean((1, 2)))


def test_real_images_leave_regions_and_blanks_out():
    batch = tiny_batch(slots=((1, 0), (2,), ()))
    blank = torch.zeros_like(batch.view_is_blank)
    blank[1, 0] = True
    rows, views = real_images(changed(batch, view_is_blank=blank))
    assert rows.tolist() == [True, False, False]
    assert views.tolist() == [1]
    rows, views = real_images(batch.without_images())
    assert not rows.any()
    assert not len(views)


def test_umt_adds_half_of_the_span_loss_and_half_of_its_emissions():
    model, batch = build("umt").eval(), tiny_batch(**BATCH)
    output = model(batch)
    assert set(output.losses) == {"ner", "span"}
    torch.testing.assert_close(output.loss, output.losses["ner"] + 0.5 * output.losses["span"])
    spans_only = build("umt", conversion_weight=1.0).eval()(batch).emissions
    torch.testing.assert_close(spans_only[..., 1], spans_only[..., 3])
    typed_only = build("umt", conversion_weight=0.0).eval()(batch).emissions
    torch.testing.assert_close(output.emissions, (spans_only + typed_only) / 2)


def test_maf_weighs_tagging_against_matching_and_alignment():
    model, batch = build("maf", task_weight=0.6).train(), tiny_batch(**BATCH)
    output = model(batch)
    assert set(output.losses) == {"ner", "matching", "alignment"}
    others = output.losses["matching"] + output.losses["alignment"]
    torch.testing.assert_close(output.loss, 0.6 * output.losses["ner"] + 0.4 * others)


def test_maf_alignment_gives_lambda_to_text_to_image():
    model, batch = build("maf", direction_weight=1.0).train(), tiny_batch(**BATCH)
    maps = model.image_encoder(batch.views)
    states = model.text_encoder(batch.text_inputs, None)
    rows = [0, 1, 3]
    text, image = model.alignment(states[rows, 0], maps[-1][[0, 2, 3]].mean((2, 3)))
    expected = contrastive_loss(text, image, temperature=0.179, direction_weight=0.0)
    torch.testing.assert_close(model(batch).losses["alignment"], expected)


def test_maf_learns_which_pairs_are_its_own_and_keeps_what_it_takes_for_matched():
    model, batch = build("maf", swap_share=1.0, task_weight=0.5), tiny_batch(**BATCH)
    logits = torch.tensor([0.0, 2.0])
    torch.nn.init.zeros_(model.matching.classifier.weight)
    model.matching.classifier.bias.data = logits.clone()
    # Of three samples with images a pair is swapped: two are not matched, one is.
    swapped, matched = (-logits.log_softmax(0)).tolist()
    losses = model.train()(batch).losses
    assert losses["matching"].item() == pytest.approx((2 * swapped + matched) / 3)
    seen = []
    model.gate.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    for mode in (model.train, model.eval):
        mode()
        for difference, share in ((2.0, 1 / (1 + math.exp(-2))), (0.0, 0.5)):
            model.matching.classifier.bias.data = torch.tensor([0.0, difference])
            torch.manual_seed(0)
            model(batch)
            seen.append(seen.pop() / share)
    torch.testing.assert_close(seen[0], seen[1])
    torch.testing.assert_close(seen[2], seen[3])


def test_maf_swaps_in_training_only_and_can_do_without():
    batch = tiny_batch(**BATCH)
    model = build("maf")
    assert not torch.equal(model.train()(batch).emissions, model.eval()(batch).emissions)
    plain = build("maf", use_matching=False)
    assert not hasattr(plain, "matching")
    assert torch.equal(plain.train()(batch).emissions, plain.eval()(batch).emissions)
    assert "matching" not in plain.train()(batch).losses


@pytest.mark.parametrize("name", ["maf", "bfcl", "debiascl"])
@pytest.mark.parametrize("blanks", [False, True])
def test_training_terms_are_there_and_zero_below_two_real_images(name, blanks):
    model = build(name).train()
    one = tiny_batch(slots=((0, 1), (2,) if blanks else (), ()))
    if blanks:
        blank = torch.zeros_like(one.view_is_blank)
        blank[1, 0] = True
        one = changed(one, view_is_blank=blank)
    others = {term: loss.item() for term, loss in model(one).losses.items() if term != "ner"}
    assert set(others) == set(model(tiny_batch(**BATCH)).losses) - {"ner"}
    assert set(others.values()) == {0.0}
    assert set(model.eval()(tiny_batch(**BATCH)).losses) == {"ner"}


def test_bfcl_has_two_readings_of_decoupled():
    batch = tiny_batch(**BATCH)
    plain = build("bfcl").train()(batch)
    decoupled = build("bfcl", contrast="decoupled").train()(batch)
    assert plain.losses["contrast"] > decoupled.losses["contrast"]
    torch.testing.assert_close(plain.loss, plain.losses["ner"] + 0.1 * plain.losses["contrast"])


def test_debiascl_leans_on_posts_with_many_objects():
    model, batch = build("debiascl").train(), tiny_batch(**BATCH)

    def with_regions(*counts):
        samples = tuple(
            Sample(s.id, s.tokens, images=(ImageInput(b"", (Region((0, 0, 1, 1)),) * count),))
            for s, count in zip(batch.samples, counts, strict=True)
        )
        return model(changed(batch, samples=samples)).losses["contrast"]

    alike = with_regions(0, 0, 0, 0)
    torch.testing.assert_close(with_regions(3, 3, 0, 3), alike)
    single = [with_regions(*row) for row in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 9, 1))]
    torch.testing.assert_close(sum(single) / 3, alike)
    assert len({round(loss.item(), 4) for loss in single}) == 3


def test_umgf_reads_four_regions_and_can_train_its_backbone():
    model = build("umgf", finetune_image_encoder=True, **SMALL_GRAPH).train()
    assert model.max_regions == 4
    model(tiny_batch(**BATCH)).loss.backward()
    assert all(p.grad is not None for p in model.image_encoder.parameters())
    frozen = build("umgf", **SMALL_GRAPH)
    assert not any(p.requires_grad for p in frozen.image_encoder.parameters())


@pytest.mark.parametrize(
    "name", ["umt", "maf", "umgf", "bfcl", "debiascl", "hvpnet", "gvatt-bert-crf"]
)
def test_the_last_stage_may_be_wider_than_the_one_before(name):
    kind = models.get(name)
    parts = ModelParts(
        tags=TagSet(),
        text_encoder=tiny_text_encoder,
        image_encoder=lambda **o: tiny_image_encoder("mobilenet", **o),
        training_samples=(Sample("1", ("w",), ("O",)),),
    )
    model = kind.build(model_options(name, kind.small_options), parts)
    assert model.image_encoder.stage_channels[-2:] == (16, 1280)
    assert torch.isfinite(model(tiny_batch(**BATCH)).loss)


def test_umgf_starts_as_its_public_code_does():
    """Its first layer of objects is ResNet's there, which keeps what it was trained to."""
    nodes = build("umgf", initialisation="published", **SMALL_GRAPH).object_nodes
    plain, first, second = (nodes[place] for place in (0, 1, 4))
    assert plain.bias.abs().max() > 0
    for layer in (first, second):
        assert layer.bias.abs().max() == 0
        bound = math.sqrt(6 / sum(layer.weight.shape))
        assert 0.9 * bound < layer.weight.abs().max() <= bound


def test_umgf_ignores_the_whole_image_of_a_post_with_regions():
    model, batch = build("umgf", **SMALL_GRAPH).eval(), tiny_batch(slots=((0, 1), (2,), ()))
    before = model(batch).emissions
    views = batch.views.clone()
    views[0] += 1
    assert torch.equal(model(changed(batch, views=views)).emissions[0], before[0])


def test_hvpnet_without_pictures_is_its_text_encoder_and_trains_its_head_like_the_crf():
    model, batch = build("hvpnet", mixing_dim=8).eval(), tiny_batch().without_images()
    plain = model.head(model.text_encoder(batch.text_inputs, None), batch)
    assert torch.equal(model(batch).emissions, plain)
    groups = {name: model.parameter_group(name) for name, _ in model.named_parameters()}
    assert groups["head.emission.weight"] == "transitions"
    assert groups["prefix.mixing.0.weight"] == "new"


def test_t_ner_learns_the_synthetic_tweets_and_keeps_its_dictionaries(tmp_path):
    (tmp_path / "gazetteers").mkdir()
    (tmp_path / "gazetteers" / "city.txt").write_text("oslo\n")
    (tmp_path / "clusters").write_text("0010\trocky\n")
    samples = tuple(synthetic_samples(tmp_path, count=4))
    model = build(
        "t-ner",
        samples,
        gazetteers=str(tmp_path / "gazetteers"),
        clusters=str(tmp_path / "clusters"),
    )
    assert "0:gazetteer=city" in model.index
    assert "0:cluster=0010" in model.index
    assert model.assets["gazetteers"] == {"city": ["oslo"]}


def test_t_ner_without_samples_has_no_features():
    with pytest.raises(ConfigError, match="t-ner: expected training samples"):
        build("t-ner")


def test_t_ner_counts_the_features_that_training_has_seen_and_no_other(tmp_path):
    samples = tuple(synthetic_samples(tmp_path, count=2))
    model = build("t-ner", samples).eval()
    torch.nn.init.ones_(model.weights.weight)
    new = Sample("new", (samples[0].tokens[1], "unheard-of", "!"))
    batch = Collator(tags=TagSet(), encoder=None)([new, samples[0]]).to("cpu")
    known = [[f for f in features if f in model.index] for features in model.features(new.tokens)]
    assert [len(features) for features in known] != [len(f) for f in model.features(new.tokens)]
    assert model(batch).emissions[0, :3, 0].tolist() == [len(features) for features in known]


def test_t_ner_leaves_features_out_in_training_only(tmp_path):
    samples = tuple(synthetic_samples(tmp_path, count=2))
    model = build("t-ner", samples, dropout=0.9)
    torch.nn.init.ones_(model.weights.weight)
    batch = Collator(tags=TagSet(), encoder=None)(samples).to("cpu")
    model.eval()
    assert torch.equal(model(batch).emissions, model(batch).emissions)
    number = len(model.features(samples[0].tokens)[0])
    assert model(batch).emissions[0, 0, 0].item() == number
    model.train()
    assert not torch.equal(model(batch).emissions, model(batch).emissions)
