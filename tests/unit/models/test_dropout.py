import pytest
import torch

from gmf.models.kernels.dropout import Dropout, fast_dropout, use_fast_dropout


@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_share_and_scale(probability):
    values = torch.ones(1001, 301, dtype=torch.double)
    dropped = fast_dropout(values, probability, training=True)
    assert (dropped == 0).double().mean().item() == pytest.approx(probability, abs=0.003)
    kept = dropped[dropped != 0].unique()
    assert kept.tolist() == pytest.approx([1 / (1 - probability)], rel=1e-4)


def test_a_probability_that_rounds_to_one_leaves_numbers():
    assert torch.isfinite(fast_dropout(torch.ones(100), 1 - 1e-6, training=True)).all()


def test_rows_and_columns_are_drawn_independently():
    dropped = fast_dropout(torch.ones(2000, 200), 0.5, training=True) != 0
    together = (dropped[:, 1:] & dropped[:, :-1]).double().mean()
    assert together.item() == pytest.approx(0.25, abs=0.005)


def test_gradient_is_that_of_the_kept_elements():
    values = torch.randn(7, 5, requires_grad=True)
    dropped = fast_dropout(values, 0.4, training=True)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad, (dropped / values).detach())


def test_seed_decides_and_evaluation_drops_nothing():
    values, module = torch.randn(64, 64), Dropout(0.3)
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(module(values))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
    assert torch.equal(module.eval()(values), values)
    assert torch.equal(fast_dropout(values, 0.0, training=True), values)


def test_every_dropout_of_a_model_is_replaced():
    inner = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Dropout1d(0.2))
    model = torch.nn.Sequential(inner, torch.nn.Dropout(0.1))
    use_fast_dropout(model)
    assert [type(module) for module in (*inner, model[1])] == [Dropout, torch.nn.Dropout1d, Dropout]
    assert (inner[0].p, model[1].p) == (0.2, 0.1)
