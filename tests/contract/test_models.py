"""What every registered model must do, on tiny encoders."""

import pytest
import torch

from gmf.core.tags import TagSet, is_legal_move
from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.data.config import DataConfig
from gmf.evaluation.scores import score
from gmf.models.base import ModelParts
from gmf.models.checkpoint import Tagger, load_tagger, save_tagger
from gmf.models.registry import model_options, models
from gmf.models.text_encoders import bert_like
from gmf.testing import (
    tiny_batch,
    tiny_image_encoder,
    tiny_image_processor,
    tiny_text_encoder,
    tiny_tokenizer,
)

MULTIMODAL = [name for name in models if models.get(name).uses_images]
#: Sizes that keep wide models quick.
SMALL = {
    "umgf": {"node_dim": 16, "num_graph_layers": 2, "num_graph_heads": 4, "feed_forward_dim": 16},
    "hvpnet": {"mixing_dim": 32},
}


def words(length, row):
    return tuple(f"word{(row * 7 + i) % 23}" for i in range(length))


def build(name, **options):
    torch.manual_seed(0)
    kind = models.get(name)
    samples = tuple(Sample(str(r), words(4, r), ("B-PER", "O", "O", "O")) for r in range(6))
    parts = ModelParts(
        tags=TagSet(),
        text_encoder=tiny_text_encoder,
        image_encoder=lambda **o: tiny_image_encoder(**o),
        training_samples=samples,
    )
    return kind.build(model_options(name, {**SMALL.get(name, {}), **options}), parts)


def build_without_dropout(name, **options):
    fields = models.get(name).Options.model_fields
    none = {field: 0.0 for field in fields if field.endswith("dropout")}
    model = build(name, **none, **options)
    for module in model.modules():  # the text encoder's own
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def gold_batch(name) -> Batch:
    """Eight posts with legal tags, some with pictures and some without, as the model reads them."""
    lengths = (4, 2, 3, 5, 4, 1, 6, 3)
    slots = ((0, 1), (2,), (), (3,), (), (4, 5, 6), (7,), (0,))
    batch = tiny_batch(lengths, slots=slots, num_views=8)
    names = TagSet().names
    generator = torch.Generator().manual_seed(11)
    labels = torch.zeros_like(batch.labels)
    for row, length in enumerate(lengths):
        previous = None
        for word in range(length):
            legal = [i for i, name in enumerate(names) if is_legal_move(previous, name)]
            pick = legal[int(torch.randint(len(legal), (1,), generator=generator))]
            labels[row, word], previous = pick, names[pick]
    samples = tuple(
        Sample(str(row), words(length, row), tuple(names[i] for i in labels[row, :length]))
        for row, length in enumerate(lengths)
    )
    batch = Batch(**{**vars(batch), "labels": labels, "samples": samples})
    return as_words(batch) if models.get(name).reads_words else batch


def as_words(batch: Batch) -> Batch:
    """The batch that a collator without tokenizer makes."""
    place = torch.arange(batch.word_mask.shape[1]).expand_as(batch.word_mask)
    words = {
        "text_inputs": {},
        "first_subword": place * batch.word_mask,
        "subword_words": place.where(batch.word_mask, -1),
    }
    return Batch(**{**vars(batch), **words})


def rows(batch: Batch, keep, *, pad=0) -> Batch:
    """Some rows of a batch, with more padding."""

    def cut(tensor, fill):
        wide = torch.nn.functional.pad(tensor[keep], (0, pad), value=fill)
        return wide

    return Batch(
        samples=tuple(batch.samples[row] for row in keep),
        text_inputs={key: cut(value, 0) for key, value in batch.text_inputs.items()},
        first_subword=cut(batch.first_subword, 0),
        word_mask=cut(batch.word_mask, False),
        subword_words=cut(batch.subword_words, -1),
        labels=cut(batch.labels, 0),
        views=batch.views,
        stage_maps=None,
        view_index=cut(batch.view_index, -1),
        view_is_region=cut(batch.view_is_region, False),
        view_is_blank=cut(batch.view_is_blank, False),
    )


@pytest.mark.parametrize("name", models)
def test_overfits_eight_samples(name):
    model, batch = build_without_dropout(name), gold_batch(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(120):
        optimizer.zero_grad()
        model(batch).loss.backward()
        optimizer.step()
    model.eval()
    decoded = model.decode(model(batch), batch)
    gold = [sample.tags for sample in batch.samples]
    assert score(gold, [d.tags for d in decoded]).strict.micro.f1 == 1.0


@pytest.mark.parametrize("name", models)
def test_gradients_reach_every_trainable_parameter(name):
    model, batch = build(name).train(), gold_batch(name)
    model(batch).loss.backward()
    without = [n for n, p in model.named_parameters() if p.requires_grad and not _reached(p)]
    assert not without


def _reached(parameter):
    return parameter.grad is not None and bool((parameter.grad != 0).any())


@pytest.mark.parametrize("subword_labels", ["first", "x"])
@pytest.mark.parametrize("name", [n for n in models if not models.get(n).reads_words])
def test_states_that_the_last_layer_leaves_out_are_read_by_nobody(
    name, subword_labels, monkeypatch
):
    model = build_without_dropout(name, subword_labels=subword_labels).train()
    batch, found = gold_batch(name), []
    for together in (1, batch.first_subword.numel() * 9):
        monkeypatch.setattr(bert_like, "READ_TOGETHER", together)
        torch.manual_seed(1)
        output = model(batch)
        found.append((output.emissions[model.head.mask(batch)], output.loss))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", models)
def test_padding_and_batch_composition_do_not_change_predictions(name):
    model, batch = build(name).eval(), gold_batch(name)
    whole = model.decode(model(batch), batch)
    for keep in ([3], [6, 0], [5, 4, 2, 1]):
        part = rows(batch, keep, pad=3)
        for decoded, row in zip(model.decode(model(part), part), keep, strict=True):
            assert decoded.tags == whole[row].tags
            for one, other in zip(decoded.entities, whole[row].entities, strict=True):
                assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


@pytest.mark.parametrize("name", models)
def test_tags_are_legal_one_a_word_and_confidences_are_probabilities(name):
    model, batch = build(name).eval(), gold_batch(name)
    for decoded, sample in zip(model.decode(model(batch), batch), batch.samples, strict=True):
        assert len(decoded.tags) == len(sample.tokens)
        assert all(
            is_legal_move(before, after)
            for before, after in zip((None, *decoded.tags), decoded.tags, strict=False)
        )
        assert all(0 < entity.confidence <= 1 for entity in decoded.entities)


@pytest.mark.parametrize("name", MULTIMODAL)
def test_the_image_matters_and_a_masked_image_does_not(name):
    model, batch = build(name).eval(), gold_batch(name)
    before = model(batch).emissions
    other = torch.randn(batch.views.shape)
    after = model(Batch(**{**vars(batch), "views": other})).emissions
    changed = (before - after).abs().amax(dim=(1, 2)) > 1e-5
    has_image = (batch.view_index >= 0).any(dim=1)
    assert changed.tolist() == has_image.tolist()


@pytest.mark.parametrize("name", MULTIMODAL)
def test_posts_without_images_are_the_same_in_any_batch(name):
    model, batch = build(name).eval(), gold_batch(name)
    mixed = model(batch).emissions
    alone = model(batch.without_images()).emissions
    bare = ~(batch.view_index >= 0).any(dim=1)
    torch.testing.assert_close(mixed[bare], alone[bare], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", models)
def test_a_saved_model_reloads_bit_for_bit(name, tmp_path):
    model, batch = build(name).eval(), gold_batch(name)
    tagger = Tagger(
        model,
        tokenizer=None if model.reads_words else tiny_tokenizer(),
        image_processor=tiny_image_processor() if model.uses_images else None,
        data=DataConfig(),
        provenance={"encoders": {}},
    )
    save_tagger(tagger, tmp_path)
    loaded = load_tagger(tmp_path)
    assert torch.equal(loaded.model(batch).emissions, model(batch).emissions)
    assert loaded.model.decode(loaded.model(batch), batch) == model.decode(model(batch), batch)
    assert loaded.model.options == model.options
    assert (loaded.tokenizer is None) == model.reads_words


@pytest.mark.parametrize("name", models)
def test_what_a_model_says_it_reads_is_consistent(name):
    kind = models.get(name)
    assert kind.uses_images == bool(kind.visual_inputs)
    assert model_options(name).name == name
    assert kind.title
    assert kind.source.endswith(".")
    assert all(sentence.endswith(".") for sentence in kind.departures)
    assert (kind.export_obstacle() is None) == (not kind.reads_words)


@pytest.mark.parametrize("name", MULTIMODAL)
def test_cached_maps_stand_for_pixels(name):
    model, batch = build(name).eval(), gold_batch(name)
    maps = model.image_encoder(batch.views)
    cached = Batch(**{**vars(batch), "views": None, "stage_maps": maps})
    assert torch.equal(model(cached).emissions, model(batch).emissions)


@pytest.mark.parametrize("name", models)
def test_a_training_step_without_any_image_works(name):
    model, batch = build(name).train(), gold_batch(name).without_images()
    output = model(batch)
    output.loss.backward()
    assert torch.isfinite(output.loss)


@pytest.mark.parametrize("name", models)
def test_a_step_in_bf16_is_finite(name):
    model, batch = build(name).train(), gold_batch(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(batch)
    output.loss.backward()
    assert torch.isfinite(output.loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", ["bert", "bert-crf", "umt", "gmf"])
def test_the_older_subword_convention(name):
    model, batch = build_without_dropout(name, subword_labels="x"), gold_batch(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(120):
        optimizer.zero_grad()
        model(batch).loss.backward()
        optimizer.step()
    model.eval()
    decoded = model.decode(model(batch), batch)
    assert [d.tags for d in decoded] == [sample.tags for sample in batch.samples]
