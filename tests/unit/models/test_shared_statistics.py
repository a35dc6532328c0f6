"""Batch normalisation over several processes, as it computes in one."""

import pytest
import torch
from torch import nn

from gmf.models.modules.normalisation import (
    GuardedBatchNorm,
    reach_exchanged,
    shared_batch_norm,
)


def made(kind, channels=3):
    """Return two equal normalisations whose weights and statistics are not those of the start."""
    torch.manual_seed(0)
    one, other = kind(channels).double(), kind(channels).double()
    for part in (one.weight.data, one.bias.data, one.running_mean):
        part.normal_()
    one.running_var.uniform_(0.5, 2)
    other.load_state_dict(one.state_dict())
    return one, other


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d])
def test_it_is_torchs_batch_normalisation_with_its_running_statistics(kind):
    ours, torchs = made(kind)
    values = torch.randn(4, 5, 3).double()
    columns = values.mT if kind is nn.BatchNorm1d else values.mT[..., None]
    for _ in range(2):
        found, exchanged = shared_batch_norm(values, ours, weights=None, least_views=2)
        expected = torchs(columns)
        torch.testing.assert_close(found, expected.reshape(4, 3, 5).mT)
    for name, value in torchs.state_dict().items():
        if kind is nn.BatchNorm2d or name != "num_batches_tracked":
            torch.testing.assert_close(ours.state_dict()[name], value)
    rows = values.flatten(0, 1)
    torch.testing.assert_close(exchanged, (rows.mean(0) + rows.var(0, unbiased=False)).sum())


def test_weights_count_a_view_once_however_often_it_is_there():
    ours, torchs = made(nn.BatchNorm1d)
    values = torch.randn(3, 5, 3).double()
    twice = torch.cat([values, values[:1]])
    weights = torch.tensor([0.5, 1.0, 1.0, 0.5])
    found, _ = shared_batch_norm(twice, ours, weights=weights, least_views=2)
    torch.testing.assert_close(found[:3], torchs(values.mT).mT)
    torch.testing.assert_close(found[3], found[0])
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(ours.state_dict()[name], torchs.state_dict()[name])


@pytest.mark.parametrize("views", [0, 1])
def test_running_statistics_stand_in_for_too_few_views(views):
    ours, torchs = made(nn.BatchNorm1d)
    values = torch.randn(views, 5, 3).double()
    found, _ = shared_batch_norm(values, ours, weights=None, least_views=2)
    torch.testing.assert_close(found, torchs.eval()(values.mT).mT)
    torch.testing.assert_close(ours.running_mean, torchs.running_mean)
    torch.testing.assert_close(ours.running_var, torchs.running_var)


def test_the_loss_depends_on_what_was_exchanged_and_keeps_its_value():
    model = nn.Sequential(GuardedBatchNorm(2), GuardedBatchNorm(2))
    # Where no process has a view all statistics are zero.
    exchanged = torch.zeros((), requires_grad=True)
    model[1].exchanged = exchanged
    loss = reach_exchanged(model, torch.tensor(3.0))
    assert loss.item() == 3.0
    loss.backward()
    assert exchanged.grad.item() == 0.0
    assert model[1].exchanged is None
    assert reach_exchanged(model, torch.tensor(3.0)).requires_grad is False
