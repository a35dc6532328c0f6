"""The fusion blocks of the baselines in float64 against plain loops."""

import math

import pytest
import torch

from gmf.core.tags import TagSet
from gmf.inference.decoding import SERVICE_STATES
from gmf.models.modules.bottleneck_fusion import BottleneckFusion
from gmf.models.modules.cross_attention import CrossLayer, masked_softmax
from gmf.models.modules.graph_fusion import GraphFusion
from gmf.models.modules.span_conversion import SPAN_TAGS, SpanConversion, span_labels
from gmf.models.modules.visual_attention import ModulationGate, VisualAttention
from gmf.models.modules.visual_gate import VisualGate
from gmf.models.modules.visual_inputs import VisualItems
from gmf.models.modules.visual_prefix import VisualPrefix


def randn(*shape):
    return torch.randn(*shape, dtype=torch.double)


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def linear(layer, x):
    return layer.weight @ x + (0 if layer.bias is None else layer.bias)


def norm(layer, x):
    centred = x - x.mean()
    return centred / torch.sqrt((centred**2).mean() + layer.eps) * layer.weight + layer.bias


def gelu(x):
    return torch.stack([v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])


def attend(query, keys, values, heads):
    """One query over a list of keys and values; zero when the list is empty."""
    size = len(query) // heads
    parts = []
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        weights = [math.exp(float(query[part] @ k[part]) / math.sqrt(size)) for k in keys]
        mixed = sum(
            (w / sum(weights) * v[part] for w, v in zip(weights, values, strict=True)),
            torch.zeros(size, dtype=torch.double),
        )
        parts.append(mixed)
    return torch.cat(parts)


def scramble(module):
    """Give every parameter a value that shows when it is left out."""
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module.double().eval().requires_grad_(False)


def layer_by_hand(layer, states, others):
    keys = [linear(layer.key, o) for o in others]
    values = [linear(layer.value, o) for o in others]
    result = []
    for state in states:
        mixed = attend(linear(layer.query, state), keys, values, layer.num_heads)
        state = norm(layer.attention_norm, state + linear(layer.mix, mixed))
        first, _, second = layer.feed_forward
        state = norm(layer.norm, state + linear(second, gelu(linear(first, state))))
        result.append(state)
    return result


def items(batch, count, dim, mask):
    mask = torch.tensor(mask)
    return VisualItems(randn(batch, count, dim) * mask[:, :, None], mask)


def test_masked_softmax_of_nothing_is_zero_and_has_a_gradient():
    scores = randn(2, 3).requires_grad_()
    mask = torch.tensor([[True, False, True], [False] * 3])
    weights = masked_softmax(scores, mask)
    assert weights[1].tolist() == [0, 0, 0]
    assert weights[0].sum().item() == pytest.approx(1)
    assert weights[0, 1] == 0
    weights.square().sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert masked_softmax(randn(2, 0), torch.zeros(2, 0, dtype=torch.bool)).shape == (2, 0)


def test_cross_layer_is_a_bert_layer_over_another_stream():
    layer = scramble(CrossLayer(6, num_heads=2, dropout=0.5))
    states, others = randn(2, 3, 6), randn(2, 4, 6)
    mask = torch.tensor([[True, False, True, True], [False] * 4])
    result = layer(states, others, mask=mask)
    for b in range(2):
        seen = [o for o, there in zip(others[b], mask[b], strict=True) if there]
        torch.testing.assert_close(result[b], torch.stack(layer_by_hand(layer, states[b], seen)))


def test_cross_layer_refuses_heads_that_do_not_divide():
    with pytest.raises(ValueError, match="expected a divisor of the width 6"):
        CrossLayer(6, num_heads=4, dropout=0.0)


def test_visual_gate_keeps_text_and_gates_the_visual_half():
    gate = scramble(VisualGate(3))
    text, visual = randn(2, 2, 3), randn(2, 2, 3)
    result = gate(text, visual, has_image=torch.tensor([True, False]))
    for word in range(2):
        keep = sigmoid(linear(gate.gate, torch.cat([text[0, word], visual[0, word]])))
        torch.testing.assert_close(
            result[0, word], torch.cat([text[0, word], keep * visual[0, word]])
        )
        torch.testing.assert_close(result[1, word], torch.cat([text[1, word], torch.zeros(3)]))


def test_gvatt_attention_weighs_regions_by_the_query():
    module = scramble(VisualAttention(3, 4, attention_dim=5))
    query, regions = randn(2, 3), items(2, 3, 4, [[True, True, False], [False] * 3])
    context, weights = module(query, regions)
    scores = []
    for region in regions.values[0, :2]:
        inner = torch.tanh(linear(module.text, query[0]) + linear(module.image, region))
        scores.append(math.exp(float(linear(module.score, inner))))
    expected = [score / sum(scores) for score in scores]
    assert weights[0].tolist() == pytest.approx([*expected, 0])
    by_hand = sum(w * v for w, v in zip(expected, regions.values[0, :2], strict=True))
    torch.testing.assert_close(context[0], by_hand)
    assert context[1].tolist() == [0] * 4
    other, _ = module(query + 1, regions)
    assert (other[0] - context[0]).abs().max() > 1e-3


def test_gvatt_gate_is_equations_of_the_adaptive_gate():
    gate = scramble(ModulationGate(3, 4))
    states, context = randn(2, 2, 3), randn(2, 4)
    result = gate(states, context)
    rows = [slice(0, 3), slice(3, 6), slice(6, 9)]
    for b in range(2):
        for word in range(2):
            visual, own, mixed = (
                gate.text.weight[r] @ states[b, word]
                + gate.image.weight[r] @ context[b]
                + gate.text.bias[r]
                for r in rows
            )
            expected = sigmoid(own) * states[b, word] + sigmoid(visual) * torch.tanh(mixed)
            torch.testing.assert_close(result[b, word], expected)


def test_bottleneck_exchange_by_hand():
    module = scramble(BottleneckFusion(4, num_heads=2, num_layers=3, num_bottlenecks=2, dropout=0))
    text, mask = randn(2, 3, 4), torch.tensor([[True, True, False], [True, True, True]])
    image = items(2, 2, 4, [[True, False], [False, False]])
    result = module(text, mask, image)
    assert len(module.image_layers) == 2
    for b in range(2):
        words = [w for w, there in zip(text[b], mask[b], strict=True) if there]
        regions = [r for r, there in zip(image.values[b], image.mask[b], strict=True) if there]
        shared = list(module.bottlenecks)
        for index, layer in enumerate(module.text_layers):
            joint = layer_by_hand(layer, [*words, *shared], [*words, *shared])
            from_text = joint[len(words) :]
            if index < 2 and regions:
                seen = [*regions, *shared]
                other = layer_by_hand(module.image_layers[index], seen, seen)
                regions, from_image = other[: len(regions)], other[len(regions) :]
                shared = [(t + v) / 2 for t, v in zip(from_text, from_image, strict=True)]
            else:
                shared = from_text
            words = joint[: len(words)]
        torch.testing.assert_close(result[b, : len(words)], torch.stack(words))


@pytest.mark.parametrize("bad", [{"num_layers": 1}, {"num_bottlenecks": 0}])
def test_bottleneck_that_lets_nothing_through_is_refused(bad):
    with pytest.raises(ValueError, match="expected at least"):
        BottleneckFusion(
            4, **{"num_heads": 2, "num_layers": 2, "num_bottlenecks": 1, "dropout": 0, **bad}
        )


def nodes_by_hand(attention, nodes):
    keys = [linear(attention.key, n) for n in nodes]
    project = isinstance(attention.value, torch.nn.Linear)
    values = [linear(attention.value, n) for n in nodes] if project else nodes
    result = []
    for node in nodes:
        mixed = attend(linear(attention.query, node), keys, values, attention.num_heads)
        mixed = linear(attention.mix, mixed) if project else mixed
        result.append(norm(attention.norm, node + mixed))
    return result


def messages_by_hand(module, nodes, others):
    result = []
    for node in nodes:
        total = torch.zeros_like(node)
        for other in others:
            gate = sigmoid(linear(module.own, node) + linear(module.other, other))
            total = total + gate * other
        node = norm(module.message_norm, node + total)
        first, _, second = module.feed_forward
        hidden = linear(first, node).clamp(min=0)
        result.append(norm(module.norm, node + linear(second, hidden)))
    return result


def test_graph_fusion_by_hand():
    module = scramble(GraphFusion(6, num_layers=2, num_heads=2, feed_forward=3, dropout=0.4))
    text, mask = randn(2, 3, 6), torch.tensor([[True, True, False], [True, True, True]])
    objects = items(2, 3, 6, [[True, False, True], [False] * 3])
    result = module(text, mask, objects)
    assert isinstance(module.object_attention[0].value, torch.nn.Identity)
    assert len(module.to_objects) == 1
    for b in range(2):
        words = [w for w, there in zip(text[b], mask[b], strict=True) if there]
        nodes = [o for o, there in zip(objects.values[b], objects.mask[b], strict=True) if there]
        for layer in range(2):
            words = nodes_by_hand(module.text_attention[layer], words)
            nodes = nodes_by_hand(module.object_attention[layer], nodes)
            informed = messages_by_hand(module.to_text[layer], words, nodes)
            if layer == 0:
                nodes = messages_by_hand(module.to_objects[0], nodes, words)
            words = informed
        torch.testing.assert_close(result[b, : len(words)], torch.stack(words))


def test_graph_without_layer_is_refused():
    with pytest.raises(ValueError, match="num_layers 0: expected at least 1"):
        GraphFusion(4, num_layers=0, num_heads=2, feed_forward=3, dropout=0)


def test_span_conversion_is_the_matrix_of_umt():
    states = TagSet().names + SERVICE_STATES
    spans = SPAN_TAGS.names + SERVICE_STATES
    matrix = SpanConversion(spans, states).matrix
    for row, span in enumerate(spans):
        for column, state in enumerate(states):
            if span.startswith(("B-", "I-")):
                expected = 0.25 if state.startswith(span[:2]) else 0.0
            else:
                expected = 1.0 if span == state else 0.0
            assert matrix[row, column].item() == expected
    emissions = randn(1, 2, len(spans))
    converted = SpanConversion(spans, states)(emissions)
    assert converted[0, 1, states.index("I-ORG")].item() == pytest.approx(
        emissions[0, 1, spans.index("I-ENTITY")].item() / 4
    )


def test_span_labels_lose_their_types():
    tags = TagSet()
    names = ["O", "B-PER", "I-PER", "B-MISC", "I-ORG"]
    labels = torch.tensor([[tags.index[name] for name in names]])
    spans = [SPAN_TAGS.names[i] for i in span_labels(labels)[0]]
    assert spans == ["O", "B-ENTITY", "I-ENTITY", "B-ENTITY", "I-ENTITY"]


def test_visual_prefix_is_the_arithmetic_of_hvpnet():
    module = scramble(VisualPrefix([3, 5], hidden_dim=6, num_heads=2, num_layers=2, mixing_dim=7))
    maps = [randn(2, 3, 4, 4), randn(2, 5, 2, 2)]
    index = torch.tensor([[1, 0], [0, -1]])
    clues = module(maps, index, slot_mask=index >= 0)
    assert clues.mask.tolist() == [[True] * 8, [True] * 4 + [False] * 4]
    for row, slot, view in [(0, 0, 1), (0, 1, 0), (1, 0, 0)]:
        flat = []
        for stage in maps:
            side = stage.shape[-1] // 2
            for channel in stage[view]:
                for y in range(2):
                    for x in range(2):
                        block = channel[y * side : (y + 1) * side, x * side : (x + 1) * side]
                        flat.append(block.mean())
        width = len(flat) // 4
        levels = []
        for group in range(4):
            values = torch.stack(flat[group * width : (group + 1) * width])
            first, _, second = module.mixing
            levels.append(linear(second, torch.tanh(linear(first, values))).split(12))
        mean = torch.cat([sum(levels[group]) / 4 for group in range(4)])
        for layer, gate in enumerate(module.gates):
            logits = linear(gate, mean)
            logits = torch.where(logits > 0, logits, 0.01 * logits)
            weights = [math.exp(v) for v in logits]
            for group in range(4):
                mixed = sum(
                    w / sum(weights) * level
                    for w, level in zip(weights, levels[group], strict=True)
                )
                for head in range(2):
                    at = (row, head, 4 * slot + group)
                    part = slice(3 * head, 3 * head + 3)
                    torch.testing.assert_close(clues.keys[layer][at], mixed[:6][part])
                    torch.testing.assert_close(clues.values[layer][at], mixed[6:][part])
