"""What is written for speed against its plain twin: values and gradients, in fp32 and in bf16."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from gmf.models.kernels import refinement
from gmf.models.kernels.attention import attention_weights, fast_attention, plain_attention
from gmf.models.kernels.folding import fast_normalised, plain_normalised
from gmf.models.kernels.linear import fast_linears, fast_pointwise, plain_linears, plain_pointwise
from gmf.models.kernels.microbatch import VIEWS_AT_ONCE, fast_by_view, plain_by_view
from gmf.models.kernels.normalisation import fast_batch_norm, plain_batch_norm
from gmf.models.kernels.pooling import fast_cell_means, plain_cell_means
from gmf.models.kernels.refinement import fast_refine, plain_refine

TOLERANCES = {
    torch.float32: {"rtol": 1e-5, "atol": 1e-6},
    torch.bfloat16: {"rtol": 0.05, "atol": 0.05},
}
DTYPES = pytest.mark.parametrize("dtype", TOLERANCES, ids=["fp32", "bf16"])


def agree(fast, plain, inputs, module=None, dtype=torch.float32):
    """Run both on the same inputs; compare the output and the gradient of all that is trained."""
    results = []
    for function in (fast, plain):
        leaves = [x.detach().clone(memory_format=torch.preserve_format) for x in inputs]
        for leaf in leaves:
            leaf.requires_grad_()
        trained = [*leaves, *(module.parameters() if module is not None else ())]
        output = function(*leaves)
        weights = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).view(output.shape)
        gradients = torch.autograd.grad((output * weights).sum(), trained)
        assert output.dtype == dtype
        results.append([output, *gradients])
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, **TOLERANCES[dtype])


@DTYPES
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (5, 8, 7, 3), (2, 1, 1, 1)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("max_kept", [0, refinement.MAX_KEPT])
def test_refinement(dtype, shape, order, max_kept, monkeypatch):
    monkeypatch.setattr(refinement, "MAX_KEPT", max_kept)
    views, channels, height, width = shape
    inputs = (
        torch.randn(shape, dtype=dtype).contiguous(memory_format=order),
        torch.randn(views, channels, 1, 1, dtype=dtype),
        torch.randn(views, 1, height, width, dtype=dtype),
    )
    agree(fast_refine, plain_refine, inputs, dtype=dtype)
    pool = nn.AdaptiveAvgPool2d(1)
    agree(
        lambda *parts: fast_refine(*parts, pool=pool),
        lambda *parts: pool(plain_refine(*parts)),
        inputs,
        dtype=dtype,
    )


@DTYPES
@pytest.mark.parametrize(("layers", "rows", "out"), [(1, 1, 1), (3, 5, 4), (12, 2, 7)])
def test_linear_layers_of_one_input(dtype, layers, rows, out):
    module = nn.ModuleList(nn.Linear(6, out) for _ in range(layers)).to(dtype)
    inputs = (torch.randn(rows, 6, dtype=dtype),)
    agree(
        lambda x: fast_linears(x, module), lambda x: plain_linears(x, module), inputs, module, dtype
    )


@DTYPES
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (4, 5, 2, 2), (2, 8, 3, 4)])
def test_pointwise_convolution(dtype, shape):
    module = nn.Conv2d(shape[1], 6, 1).to(dtype)
    inputs = (torch.randn(shape, dtype=dtype),)
    ways = [partial(way, module) for way in (fast_pointwise, plain_pointwise)]
    agree(*ways, inputs, module, dtype)


@DTYPES
@pytest.mark.parametrize("shape", [(2, 3, 1), (4, 1, 5), (3, 6, 4)])
@pytest.mark.parametrize("use_batch", [True, False])
def test_batch_normalisation(dtype, shape, use_batch):
    fast = nn.BatchNorm1d(shape[2])
    fast.running_mean.normal_()
    nn.init.normal_(fast.weight)
    plain = copy.deepcopy(fast)
    values = torch.randn(shape, dtype=dtype)
    results = []
    for function, norm in ((fast_batch_norm, fast), (plain_batch_norm, plain)):
        inputs = values.clone().requires_grad_()
        output = function(inputs, norm, use_batch=use_batch)
        (output * torch.linspace(-1, 1, output.numel()).view(shape)).sum().backward()
        gradients = (inputs.grad, norm.weight.grad, norm.bias.grad)
        results.append([output, *gradients, norm.running_mean, norm.running_var])
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, **TOLERANCES[dtype])


@DTYPES
@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 2, 7, 4), (3, 5, 8, 8), (2, 3, 2, 2)])
def test_means_of_cells(dtype, side, shape):
    inputs = (torch.randn(shape, dtype=dtype),)
    agree(
        lambda maps: fast_cell_means(maps, side),
        lambda maps: plain_cell_means(maps, side),
        inputs,
        dtype=dtype,
    )


@DTYPES
@pytest.mark.parametrize("kind", ["none", "numbers", "truth values"])
@pytest.mark.parametrize(("queries", "items"), [(1, 1), (5, 9)])
def test_attention(dtype, kind, queries, items):
    seen = torch.arange(items) < torch.tensor([items, (items + 1) // 2])[:, None, None, None]
    biases = {"none": None, "numbers": torch.randn(2, 1, 1, items, dtype=dtype)}
    bias = biases.get(kind, seen)
    inputs = [torch.randn(2, 3, count, 4, dtype=dtype) for count in (queries, items, items)]
    agree(
        lambda q, k, v: fast_attention(q, k, v, bias, scale=0.5),
        lambda q, k, v: plain_attention(q, k, v, bias, scale=0.5),
        inputs,
        dtype=dtype,
    )


def test_attention_drops_weights_and_scales_the_others():
    query, key = torch.randn(4, 8, 50, 30), torch.randn(4, 8, 30, 30)
    value = torch.eye(30).expand(4, 8, 30, 30)
    weights = attention_weights(query, key, None, scale=0.5)
    for attention in (fast_attention, plain_attention):
        read = attention(query, key, value, None, scale=0.5, dropout=0.25)
        assert (read == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
        torch.testing.assert_close(read[read != 0] * 0.75, weights[read != 0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("views", [1, VIEWS_AT_ONCE, 3 * VIEWS_AT_ONCE + 1])
@pytest.mark.parametrize("is_low", [True, False], ids=["bf16", "fp32"])
def test_parts_of_a_batch_are_the_batch(views, is_low):
    sizes = []

    def sums(maps, scores):
        sizes.append(len(maps))
        return maps.square() + scores, maps * scores

    inputs = [torch.randn(views, 3, 2, 2), torch.randn(views, 3, 1, 1)]
    for output in range(2):
        with torch.autocast("cpu", torch.bfloat16, enabled=is_low):
            agree(
                lambda *given, output=output: fast_by_view(sums, *given)[output],
                lambda *given, output=output: plain_by_view(sums, *given)[output],
                inputs,
            )
    most = VIEWS_AT_ONCE * (2 if is_low else 1)
    parts = -(-views // most)
    # The plain twin ran last.
    assert (sizes[-1], max(sizes[:parts]), sum(sizes[:parts])) == (views, min(most, views), views)


def test_a_convolution_with_its_normalisation_folded_in():
    convolution, norm = nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5)
    for values in (norm.running_mean, norm.bias):
        nn.init.normal_(values)
    for values in (norm.running_var, norm.weight):
        nn.init.uniform_(values, 0.5, 2)
    inputs = [torch.randn(2, 3, 6, 7)]
    agree(
        fast_normalised(convolution.eval(), norm.eval()),
        plain_normalised(convolution, norm),
        inputs,
    )


@DTYPES
def test_attention_pays_nothing_to_what_a_mask_hides(dtype):
    query, key = torch.randn(2, 3, 5, 4, dtype=dtype), torch.randn(2, 3, 9, 4, dtype=dtype)
    mask = torch.rand(2, 1, 1, 9) > 0.5
    mask[..., 4] = True
    weights = attention_weights(query, key, mask, scale=0.5)
    for row in (0, 1):
        kept = mask[row, 0, 0]
        alone = attention_weights(query[[row]], key[[row]][:, :, kept], None, scale=0.5)
        assert not weights[row][..., ~kept].any()
        torch.testing.assert_close(weights[[row]][..., kept], alone)
