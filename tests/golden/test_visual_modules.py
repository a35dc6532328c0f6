"""Each visual equation in float64 against plain loops."""

import math

import pytest
import torch

from gmf.models.kernels import attention, refinement
from gmf.models.kernels.microbatch import VIEWS_AT_ONCE
from gmf.models.kernels.pooling import CellPool
from gmf.models.modules.consistency_matching import ConsistencyMatching, contrastive_loss
from gmf.models.modules.csa import CrossScaleAttention
from gmf.models.modules.feature_mapping import FeatureMapping
from gmf.models.modules.gating import DynamicGating
from gmf.models.modules.visual_clue_guidance import VisualClueGuidance, VisualClues, clue_attention


def batch_norm(values, norm, training):
    """Plain batch norm of (views, channels, cells) with statistics per channel."""
    result = torch.empty_like(values)
    for c in range(values.shape[1]):
        cells = values[:, c].flatten()
        mean = sum(cells) / len(cells) if training else norm.norm.running_mean[c]
        var = (
            sum((x - mean) ** 2 for x in cells) / len(cells)
            if training
            else norm.norm.running_var[c]
        )
        scaled = (values[:, c] - mean) / torch.sqrt(var + norm.norm.eps)
        result[:, c] = scaled * norm.norm.weight[c] + norm.norm.bias[c]
    return result


def convolve(values, conv):
    """Plain convolution with zero padding and dilation."""
    out_channels, in_channels, height, width = conv.weight.shape
    padding, dilation = conv.padding[0], conv.dilation[0]
    views, _, rows, columns = values.shape
    result = torch.zeros(views, out_channels, rows, columns, dtype=values.dtype)
    for v in range(views):
        for o in range(out_channels):
            for y in range(rows):
                for x in range(columns):
                    total = conv.bias[o]
                    for i in range(in_channels):
                        for ky in range(height):
                            for kx in range(width):
                                sy, sx = y - padding + ky * dilation, x - padding + kx * dilation
                                if 0 <= sy < rows and 0 <= sx < columns:
                                    total = total + conv.weight[o, i, ky, kx] * values[v, i, sy, sx]
                    result[v, o, y, x] = total
    return result


@pytest.mark.parametrize("training", [True, False])
def test_cross_scale_attention_is_equations_1_to_4(training):
    module = CrossScaleAttention(6, reduction_ratio=2).double().train(training)
    for norm in (module.channel_norm.norm, module.spatial_norm.norm):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        torch.nn.init.normal_(norm.weight)
    maps = torch.randn(2, 6, 5, 5, dtype=torch.double)
    first, _, second = module.channel
    hidden = (maps.mean((2, 3)) @ first.weight.T + first.bias).clamp(min=0)
    channel = batch_norm(
        (hidden @ second.weight.T + second.bias)[:, :, None], module.channel_norm, training
    )
    states = maps
    convolutions = [layer for layer in module.spatial if isinstance(layer, torch.nn.Conv2d)]
    for index, conv in enumerate(convolutions):
        states = convolve(states, conv)
        if index < 3:
            states = states.clamp(min=0)
    spatial = batch_norm(states.flatten(2), module.spatial_norm, training).reshape(2, 1, 5, 5)
    expected = maps + maps * torch.sigmoid(channel[:, :, :, None] + spatial)
    module.channel_norm.norm.momentum = module.spatial_norm.norm.momentum = 0.0
    torch.testing.assert_close(module(maps), expected)


@pytest.mark.parametrize(("channels", "ratio", "width"), [(256, 16, 16), (256, 4, 64), (64, 16, 8)])
def test_cross_scale_attention_has_the_widths_and_dilations_of_its_record(channels, ratio, width):
    module = CrossScaleAttention(channels, reduction_ratio=ratio)
    first, _, second = module.channel
    assert first.weight.shape == (width, channels)
    assert second.weight.shape == (channels, width)
    convolutions = [layer for layer in module.spatial if isinstance(layer, torch.nn.Conv2d)]
    assert [tuple(layer.weight.shape) for layer in convolutions] == [
        (width, channels, 1, 1),
        (width, width, 3, 3),
        (width, width, 3, 3),
        (1, width, 1, 1),
    ]
    assert [layer.dilation for layer in convolutions] == [(1, 1), (4, 4), (4, 4), (1, 1)]
    assert [layer.padding for layer in convolutions] == [(0, 0), (4, 4), (4, 4), (0, 0)]
    assert CrossScaleAttention(256).channel[0].weight.shape == (16, 256)


def test_attention_of_a_map_in_channels_last_order_is_the_same():
    module = CrossScaleAttention(8).double().train()
    maps = torch.randn(3, 8, 5, 5, dtype=torch.double)
    moved = maps.contiguous(memory_format=torch.channels_last)
    refined = module(moved)
    assert refined.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(refined, module(maps))


@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_cell_pool_is_adaptive_average_pooling(side, order):
    maps = torch.randn(2, 3, 7, 4, dtype=torch.double).contiguous(memory_format=order)
    results = []
    for pool in (CellPool(side), torch.nn.AdaptiveAvgPool2d(side)):
        maps.grad = None
        pooled = pool(maps.requires_grad_())
        pooled.square().sum().backward()
        results.append((pooled, maps.grad))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_cell_pool_of_a_bf16_map():
    maps = torch.randn(2, 3, 8, 8)
    means = CellPool(1)(maps.bfloat16())
    assert means.dtype == torch.bfloat16
    torch.testing.assert_close(means.float(), maps.mean((2, 3), keepdim=True), atol=0.01, rtol=0.02)


def test_cell_pool_first_used_in_inference_mode_trains_later():
    with torch.inference_mode():
        CellPool(2)(torch.randn(1, 2, 11, 11))
    maps = torch.randn(1, 2, 11, 11, requires_grad=True)
    CellPool(2)(maps).sum().backward()
    assert maps.grad is not None


def test_attention_pooled_in_parts_is_the_whole_pooled_with_the_same_gradients(monkeypatch):
    monkeypatch.setattr(refinement, "MAX_KEPT", 0)
    module = CrossScaleAttention(8).double().train()
    pool = torch.nn.AdaptiveAvgPool2d(2)
    maps = torch.randn(2 * VIEWS_AT_ONCE + 1, 8, 5, 5, dtype=torch.double)
    states = {name: value.clone() for name, value in module.state_dict().items()}
    results = []
    for run in (lambda: pool(module(maps)), lambda: module(maps, pool=pool)):
        module.load_state_dict(states)
        module.zero_grad()
        pooled = run()
        pooled.square().sum().backward()
        results.append([pooled, *(parameter.grad.clone() for parameter in module.parameters())])
    for whole, parts in zip(*results, strict=True):
        torch.testing.assert_close(whole, parts)
    module.eval()
    with torch.no_grad():
        assert torch.equal(module(maps, pool=pool), pool(module(maps)))


def test_attention_of_one_picture_in_training_uses_running_statistics():
    module = CrossScaleAttention(8).train()
    assert torch.isfinite(module(torch.randn(1, 8, 4, 4))).all()


def test_feature_mapping_is_equations_5_and_6():
    module = FeatureMapping([3, 2], out_dim=4, cells_per_side=2).double()
    maps = [torch.randn(2, 3, 8, 8).double(), torch.randn(2, 2, 4, 4).double()]
    result = module(maps)
    for s, (conv, stage) in enumerate(zip(module.convolutions, maps, strict=True)):
        half = stage.shape[-1] // 2
        for v in range(2):
            for y in range(2):
                for x in range(2):
                    block = stage[v, :, y * half : (y + 1) * half, x * half : (x + 1) * half]
                    expected = conv.weight[:, :, 0, 0] @ block.mean((1, 2)) + conv.bias
                    torch.testing.assert_close(result[v, s, 2 * y + x], expected)


def test_gating_and_fusion_are_equations_7_to_9():
    module = DynamicGating(4, num_stages=3, num_layers=2).double()
    stages = torch.randn(2, 3, 5, 4, dtype=torch.double)
    gates = module(stages)
    fused = module.fuse(stages, gates)
    for layer, projection in enumerate(module.projections):
        for v in range(2):
            pooled = sum(stages[v, s].mean(0) for s in range(3)) / 3
            logits = projection.weight @ pooled + projection.bias
            logits = torch.where(logits > 0, logits, 0.01 * logits)
            weights = [math.exp(x) for x in logits.tolist()]
            probabilities = torch.tensor([w / sum(weights) for w in weights]).double()
            torch.testing.assert_close(gates[layer, v], probabilities)
            mixed = sum(probabilities[s] * stages[v, s] for s in range(3))
            torch.testing.assert_close(fused[layer, v], mixed)


def test_clues_are_equation_12_with_berts_head_split():
    module = VisualClueGuidance(6, hidden_dim=8, num_heads=2, num_layers=2).double()
    fused = torch.randn(2, 3, 4, 6, dtype=torch.double)
    index = torch.tensor([[2, 0], [1, -1]])
    clues = module(fused, index, slot_mask=index >= 0)
    assert clues.mask.tolist() == [[True] * 8, [True] * 4 + [False] * 4]
    for layer in range(2):
        weight = module.projections[layer].weight
        for row, slot, view in [(0, 0, 2), (0, 1, 0), (1, 0, 1)]:
            for cell in range(4):
                both = weight @ fused[layer, view, cell]
                for head in range(2):
                    part = slice(4 * head, 4 * head + 4)
                    at = (row, head, 4 * slot + cell)
                    torch.testing.assert_close(clues.keys[layer][at], both[:8][part])
                    torch.testing.assert_close(clues.values[layer][at], both[8:][part])


def random_clues(batch=2, heads=2, count=3, dim=4, layers=2):
    shape = (layers, batch, heads, count, dim)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    return VisualClues([*torch.randn(shape).double()], [*torch.randn(shape).double()], mask)


def test_prefix_attention_is_equation_13():
    clues = random_clues()
    query, key, value = (torch.randn(2, 2, 5, 4).double() for _ in range(3))
    bias = torch.zeros(2, 1, 1, 5).double()
    bias[1, :, :, 3:] = torch.finfo(torch.double).min
    result = clue_attention(query, key, value, bias, scale=0.5, clues=clues, layer=1)
    for b in range(2):
        seen = [k for k in range(3) if clues.mask[b, k]]
        words = range(5) if b == 0 else range(3)
        for h in range(2):
            for q in range(5):
                keys = [clues.keys[1][b, h, k] for k in seen] + [key[b, h, w] for w in words]
                values = [clues.values[1][b, h, k] for k in seen] + [value[b, h, w] for w in words]
                weights = [math.exp(0.5 * float(query[b, h, q] @ k)) for k in keys]
                mixed = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
                torch.testing.assert_close(result[b, h, q], mixed)


def test_attention_with_dropout_drops_probabilities(monkeypatch):
    clues = random_clues()
    query, key, value = (torch.randn(2, 2, 5, 4).double() for _ in range(3))
    options = {"scale": 0.5, "clues": clues, "layer": 1}
    plain = clue_attention(query, key, value, None, **options)
    drawn = [clue_attention(query, key, value, None, dropout=0.5, **options) for _ in range(2000)]
    torch.testing.assert_close(torch.stack(drawn).mean(dim=0), plain, atol=0.1, rtol=0)
    assert not torch.allclose(drawn[0], drawn[1])
    monkeypatch.setattr(attention, "fast_dropout", lambda weights, *_, **__: weights)
    kept = clue_attention(query, key, value, None, dropout=0.5, **options)
    torch.testing.assert_close(kept, plain)


def test_appended_rows_see_no_clues():
    clues = random_clues().with_plain_rows(1)
    query, key, value = (torch.randn(3, 2, 5, 4).double() for _ in range(3))
    result = clue_attention(query, key, value, None, scale=0.5, clues=clues, layer=1)
    plain = clue_attention(query[2:], key[2:], value[2:], None, scale=0.5)
    torch.testing.assert_close(result[2:], plain)
    own = clue_attention(query[:2], key[:2], value[:2], None, scale=0.5, clues=random_clues())
    assert not torch.allclose(result[:1], own[:1])


def test_contrastive_loss_is_equations_14_to_16():
    text, image = torch.randn(4, 3).double(), torch.randn(4, 3).double()
    tau, weight = 0.21, 0.7
    total = 0.0
    for i in range(4):

        def similarity(a, b):
            return float(image[a] @ text[b] / image[a].norm() / text[b].norm()) / tau

        down = sum(math.exp(similarity(i, k)) for k in range(4))
        across = sum(math.exp(similarity(k, i)) for k in range(4))
        own = math.exp(similarity(i, i))
        total -= weight * math.log(own / down) + (1 - weight) * math.log(own / across)
    result = contrastive_loss(text, image, temperature=tau, direction_weight=weight)
    assert result.item() == pytest.approx(total / 4)


def test_what_is_contrasted_are_two_perceptrons_of_the_pooled_text_and_of_the_image():
    module = ConsistencyMatching(3, 2, temperature=1.0, direction_weight=0.5).double()
    first, vectors = torch.randn(4, 3).double() * 2, torch.randn(4, 2).double()

    def perceptron(inputs, weights):
        (one, _, two), outputs = weights, []
        for row in inputs.tolist():
            hidden = [
                max(0.0, sum(w * x for w, x in zip(line, row, strict=True)) + b)
                for line, b in zip(one.weight.tolist(), one.bias.tolist(), strict=True)
            ]
            outputs.append(
                [
                    sum(w * x for w, x in zip(line, hidden, strict=True)) + b
                    for line, b in zip(two.weight.tolist(), two.bias.tolist(), strict=True)
                ]
            )
        return torch.tensor(outputs).double()

    linear = module.pooler[0]
    pooled = [
        [
            math.tanh(sum(w * x for w, x in zip(line, row, strict=True)) + b)
            for line, b in zip(linear.weight.tolist(), linear.bias.tolist(), strict=True)
        ]
        for row in first.tolist()
    ]
    text, image = module(first, vectors)
    torch.testing.assert_close(text, perceptron(torch.tensor(pooled), module.text_head))
    torch.testing.assert_close(image, perceptron(vectors, module.image_head))


def test_contrast_of_one_pair_is_zero_and_keeps_the_graph():
    module = ConsistencyMatching(4, 6, temperature=0.2, direction_weight=0.7)
    text, image = module(torch.randn(1, 4), torch.randn(1, 6))
    assert module.loss(text, image).item() == 0


@pytest.mark.parametrize("bad", [{"temperature": 0.0}, {"direction_weight": 1.5}])
def test_bad_contrast_options(bad):
    with pytest.raises(ValueError, match="expected"):
        ConsistencyMatching(4, 6, **{"temperature": 0.2, "direction_weight": 0.7, **bad})


def test_normalised_mapping_has_unit_variance_over_pictures_and_cells():
    module = FeatureMapping([3], out_dim=4, cells_per_side=2, normalise=True).double().train()
    (values,) = module([5 + torch.randn(6, 3, 8, 8).double()]).unbind(1)
    flat = values.flatten(0, 1).T
    torch.testing.assert_close(flat.mean(1), torch.zeros(4).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(flat.var(1, correction=0), torch.ones(4).double(), atol=1e-2, rtol=0)
