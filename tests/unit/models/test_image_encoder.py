"""The image encoder: a frozen backbone reads few views at a time."""

from copy import deepcopy

import pytest
import torch

from gmf.models.kernels.microbatch import VIEWS_AT_ONCE
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.testing import tiny_image_encoder


@pytest.mark.parametrize("family", ["resnet", "mobilenet_v2"])
def test_reading_few_views_at_a_time_changes_nothing(family):
    encoder = tiny_image_encoder(family)
    views = torch.randn(2 * VIEWS_AT_ONCE + 1, 3, 64, 64)
    with torch.no_grad():
        whole = encoder.run(views)
    for part, stage in zip(encoder(views), whole, strict=True):
        torch.testing.assert_close(part, stage)
        assert not part.requires_grad


def test_a_trained_backbone_reads_all_views_at_once():
    encoder = tiny_image_encoder(trainable=True).train()
    sizes = []
    encoder.model.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    maps = encoder(torch.randn(VIEWS_AT_ONCE + 1, 3, 64, 64))
    assert sizes == [VIEWS_AT_ONCE + 1]
    assert all(stage.requires_grad for stage in maps)


@pytest.mark.parametrize("family", ["resnet", "mobilenet_v2"])
def test_folding_the_normalisation_of_a_frozen_backbone_keeps_its_maps(family):
    plain = tiny_image_encoder(family, trainable=True).double().eval()
    norms = [part for part in plain.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    for norm in norms:
        torch.nn.init.normal_(norm.running_mean)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2)
        torch.nn.init.uniform_(norm.weight, 0.5, 2)
        torch.nn.init.normal_(norm.bias)
    folded = ImageEncoder(deepcopy(plain.model))
    assert norms
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded.modules())
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    views = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    for stage, expected in zip(folded(views), plain(views), strict=True):
        torch.testing.assert_close(stage, expected.detach())


def test_building_a_trained_backbone_leaves_its_statistics_alone():
    model = tiny_image_encoder("mobilenet_v2", trainable=True).model
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    assert ImageEncoder(model, trainable=True).training
    for name, buffer in model.named_buffers():
        torch.testing.assert_close(buffer, before[name], msg=name)


@pytest.mark.parametrize("family", ["resnet", "mobilenet_v2"])
def test_maps_are_in_bf16_in_training_and_where_they_are_asked_for_so(family):
    encoder = tiny_image_encoder(family)
    views = torch.randn(2 * VIEWS_AT_ONCE + 1, 3, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        trained, exact = encoder.train()(views), encoder.encode(views)
        used = encoder.eval()(views)
    for low, stage, high, seen in zip(
        encoder.encode(views, precision="bf16"), trained, exact, used, strict=True
    ):
        assert (low.dtype, high.dtype) == (torch.bfloat16, torch.float32)
        torch.testing.assert_close(low, stage, rtol=0, atol=0)
        torch.testing.assert_close(seen, high, rtol=0, atol=0)
        torch.testing.assert_close(low.float(), high, rtol=0.1, atol=0.1)


def test_a_frozen_encoder_stays_in_evaluation_mode():
    frozen, trained = (tiny_image_encoder(trainable=trainable) for trainable in (False, True))
    for encoder in (frozen, trained):
        parent = torch.nn.ModuleList([encoder]).train()
        assert parent[0].training
    assert not any(module.training for module in frozen.model.modules())
    assert all(module.training for module in trained.model.modules())
