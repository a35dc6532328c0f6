"""Every family of image encoders: maps, strides, caches, models, export."""

import numpy as np
import onnxruntime
import pytest
import torch
from fixtures.image_families import FAMILIES, save_tiny_family, tiny_family_encoder
from transformers import (
    AutoModel,
    CLIPConfig,
    CLIPModel,
    Dinov2Config,
    ResNetConfig,
    ResNetModel,
    SiglipConfig,
    SiglipModel,
)

from gmf.core.errors import ConfigError, EncoderError
from gmf.core.tags import TagSet
from gmf.data.config import CacheConfig, DataConfig
from gmf.models.checkpoint import load_tagger, save_tagger
from gmf.models.image_encoders import IMAGE_FAMILIES
from gmf.models.image_encoders.convolutional import ResNet
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.registry import model_options
from gmf.models.tagger import build_tagger
from gmf.prediction.onnx.graphs import write_image_graph
from gmf.testing import save_tiny_encoders, synthetic_samples

VISION_TRANSFORMERS = [name for name, (_, strides, _) in FAMILIES.items() if len(set(strides)) == 1]


def test_every_family_is_tested():
    assert {*FAMILIES, "clip", "siglip"} == set(IMAGE_FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_strides_and_widths_are_those_of_the_maps(family):
    encoder = tiny_family_encoder(family)
    assert (encoder.strides, encoder.stage_channels) == FAMILIES[family][1:]
    for height, width in ((64, 64), (128, 96)):
        maps = encoder(torch.randn(3, 3, height, width))
        assert [tuple(stage.shape) for stage in maps] == [
            (3, channels, height // stride, width // stride)
            for stride, channels in zip(encoder.strides, encoder.stage_channels, strict=True)
        ]
        assert not any(stage.requires_grad for stage in maps)


@pytest.mark.parametrize("family", ["resnet", "convnext", "convnextv2", "mobilenet_v2"])
def test_maps_of_a_backbone_are_the_last_before_it_halves_them(family):
    encoder, last = tiny_family_encoder(family), {}
    blocks = ("encoder.stages", "layer", "conv_1x1")
    for name, module in encoder.model.named_modules():
        if name.removesuffix(f".{name.split('.')[-1]}") in blocks or name in blocks[2:]:
            module.register_forward_hook(lambda *parts: last.update({parts[2].shape[2]: parts[2]}))
    maps = encoder(torch.randn(2, 3, 64, 64))
    for stage, stride in zip(maps, (4, 8, 16, 32), strict=True):
        # No closeness: the states of random weights are tiny.
        assert torch.equal(stage, last[64 // stride])


def test_a_map_of_swin_has_passed_all_blocks_up_to_its_own():
    encoder = tiny_family_encoder("swin")
    views = torch.randn(1, 3, 64, 64)
    before = encoder(views)
    for number, stage in enumerate(encoder.model.encoder.layers):
        weights = stage.blocks[0].layernorm_before
        with torch.no_grad():
            weights.bias += 1
        moved = [not torch.equal(*maps) for maps in zip(before, encoder(views), strict=True)]
        assert moved == [later >= number for later in range(4)]
        with torch.no_grad():
            weights.bias -= 1


@pytest.mark.parametrize("family", [*VISION_TRANSFORMERS, "swin"])
def test_a_cell_shows_what_is_at_its_place(family):
    """A changed corner moves the cell of that corner more than the opposite one, in each stage."""
    encoder = tiny_family_encoder(family)
    views = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    changed = views.clone()
    changed[:, :, :16, 48:] += 5
    for before, after in zip(encoder(views), encoder(changed), strict=True):
        moved = (after - before).abs().sum(dim=1)[0]
        assert moved[0, -1] > 1.1 * moved[-1, 0]


@pytest.mark.parametrize("family", VISION_TRANSFORMERS)
def test_maps_of_a_vision_transformer_are_its_layers_states_without_extra_tokens(family):
    encoder = tiny_family_encoder(family)
    states = []
    for name, module in encoder.model.named_modules():
        if name.endswith(("layer.1", "layers.1", "layer.2", "layers.2")):
            module.register_forward_hook(lambda *parts: states.append(parts[2]))
    maps = encoder(torch.randn(2, 3, 64, 64))
    extra = {"dinov2_with_registers": 4, "siglip_vision_model": 0}.get(family, 1)
    assert len(states) == 2
    for stage, state in zip(maps[1:3], states, strict=True):
        state = state[0] if isinstance(state, tuple) else state
        assert state.shape[1] == 16 + extra
        torch.testing.assert_close(stage.flatten(2).mT, state[:, extra:])


@pytest.mark.parametrize("family", FAMILIES)
def test_frozen_stays_fixed_and_trainable_trains_whatever_maps_depend_on(family):
    frozen = tiny_family_encoder(family).train()
    assert not frozen.model.training
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    encoder = tiny_family_encoder(family, trainable=True).train()
    assert encoder.model.training
    sum(stage.square().sum() for stage in encoder(torch.randn(2, 3, 64, 64))).backward()
    for name, parameter in encoder.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
    assert sum(p.requires_grad for p in encoder.parameters()) > 10


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory):
    return save_tiny_encoders(tmp_path_factory.mktemp("text"))[0]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return synthetic_samples(tmp_path_factory.mktemp("samples"), count=6)


def build(name, family, folder, text_folder, *, cache=None, **options):
    torch.manual_seed(0)
    return build_tagger(
        model_options(name, options),
        tags=TagSet(),
        text_encoder=text_folder,
        image_encoder=save_tiny_family(folder / family, family),
        data=DataConfig(max_subwords=64, cache=cache or CacheConfig()),
    )


def emissions(tagger, samples, **options):
    with torch.no_grad():
        return tagger.model.eval()(tagger.collator(**options)(samples).to("cpu")).emissions


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("name", "options"),
    [("gmf", {}), ("gmf", {"finetune_image_encoder": True}), ("umt", {}), ("maf", {})],
)
def test_models_train_a_step_save_and_reload(name, options, family, tmp_path, text_folder, samples):
    tagger = build(name, family, tmp_path, text_folder, **options)
    model = tagger.model.train()
    before = emissions(tagger, samples)
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    model.train()(tagger.collator()(samples).to("cpu")).loss.backward()
    optimizer.step()
    after = emissions(tagger, samples)
    assert torch.isfinite(after).all()
    assert not torch.equal(before, after)
    save_tagger(tagger, tmp_path / "checkpoint")
    again = load_tagger(tmp_path / "checkpoint")
    torch.testing.assert_close(emissions(again, samples), after, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["maps", "pooled_maps"])
def test_cached_maps_are_the_encoders_own(kind, family, tmp_path, text_folder, samples):
    cache = CacheConfig(kind=kind, folder=str(tmp_path / "cache"))
    tagger = build("gmf", family, tmp_path, text_folder, cache=cache)
    direct = emissions(tagger, samples)
    for _ in range(2):  # written, then read
        batch = tagger.collator(cached=True)(samples).to("cpu")
        assert batch.views is None
        assert [stage.shape[1] for stage in batch.stage_maps] == list(FAMILIES[family][2])
        with torch.no_grad():
            found = tagger.model.eval()(batch).emissions
        torch.testing.assert_close(found, direct, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_exported_graphs_give_the_same_maps(family, tmp_path):
    encoder = tiny_family_encoder(family).eval()
    shapes = write_image_graph(
        encoder, tmp_path / "image.onnx", image_shape=(3, 96, 96), pooled_size=None
    )
    assert [shape[0] for shape in shapes] == list(encoder.stage_channels)
    session = onnxruntime.InferenceSession(tmp_path / "image.onnx")
    for count in (1, 3):
        views = torch.randn(count, 3, 96, 96)
        found = session.run(None, {"views": views.numpy()})
        for array, stage in zip(found, encoder(views), strict=True):
            np.testing.assert_allclose(array, stage.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("config_class", "model_class", "kind"),
    [(CLIPConfig, CLIPModel, "clip"), (SiglipConfig, SiglipModel, "siglip")],
)
def test_the_image_side_of_a_folder_that_holds_both_sides(
    config_class, model_class, kind, tmp_path
):
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = config_class(
        text_config={**small, "intermediate_size": 16, "vocab_size": 50},
        vision_config={**FAMILIES[f"{kind}_vision_model"][0].to_dict()},
    )
    both = model_class(config)
    both.save_pretrained(tmp_path)
    encoder = ImageEncoder.load(str(tmp_path))
    assert encoder.config.model_type == f"{kind}_vision_model"
    own = dict(both.vision_model.named_parameters())
    for name, parameter in encoder.model.named_parameters():
        torch.testing.assert_close(parameter, own[name])


def test_unknown_families_are_refused_by_name():
    with pytest.raises(EncoderError, match=r"'beit': expected one of clip, .*--code FILE"):
        ImageEncoder.from_config({"model_type": "beit"})


def test_maps_of_other_strides_than_stated_are_refused(monkeypatch):
    monkeypatch.setattr(ResNet, "strides", lambda *_: (4, 8, 16))
    with pytest.raises(EncoderError, match=r"states the strides \(4, 8, 16\)"):
        tiny_family_encoder("resnet")


def test_what_is_no_family_is_refused(monkeypatch):
    monkeypatch.setattr(IMAGE_FAMILIES, "_registered", dict(IMAGE_FAMILIES._registered))
    with pytest.raises(
        ConfigError, match=r"image encoder family 'mine' .*: expected a class .*Image"
    ):
        IMAGE_FAMILIES.register("mine")(dict)


def test_patches_that_are_no_squares_are_refused():
    with pytest.raises(EncoderError, match="expected squares"):
        ImageEncoder(AutoModel.from_config(Dinov2Config(patch_size=(14, 7), hidden_size=24)))


def test_a_family_of_a_stranger_is_one_class(monkeypatch):
    monkeypatch.setattr(IMAGE_FAMILIES, "_registered", {})

    class LateConfig(ResNetConfig):
        model_type = "late_resnet"

    @IMAGE_FAMILIES.register("late_resnet")
    class LateResNet(ResNet):
        def strides(self, config):
            return super().strides(config)[2:]

        def stages(self, model, views):
            return super().stages(model, views)[2:]

    sizes = {"embedding_size": 16, "hidden_sizes": [16, 16, 32, 32], "depths": [1] * 4}
    encoder = ImageEncoder(ResNetModel(LateConfig(**sizes)))
    assert (encoder.strides, encoder.stage_channels) == ((16, 32), (32, 32))
    assert IMAGE_FAMILIES.origin("late_resnet").source == __file__
