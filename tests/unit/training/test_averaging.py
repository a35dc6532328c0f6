"""The mean of weights over updates."""

import pytest
import torch
from torch import nn

from gmf.training.averaging import WeightAverage


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


def moved(module, average, values):
    """Set every weight and running statistic to each value in turn, an update each."""
    for value in values:
        with torch.no_grad():
            for tensor in (*module.parameters(), module[1].running_mean, module[1].running_var):
                tensor.fill_(value)
        average.update()


def test_the_mean_by_hand_and_the_weights_come_back():
    module = model()
    nn.init.zeros_(module[0].weight)
    average = WeightAverage(module, 0.25)
    moved(module, average, [1.0, 2.0, 3.0])
    expected, decays = 0.0, [2 / 11, 3 / 12, 0.25]
    for decay, value in zip(decays, [1.0, 2.0, 3.0], strict=True):
        expected = decay * expected + (1 - decay) * value
    with average.in_model():
        torch.testing.assert_close(module[0].weight, torch.full((2, 2), expected))
    assert module[0].weight.eq(3).all()


def test_running_statistics_are_averaged_and_counts_are_not():
    module = model()
    average = WeightAverage(module, 0.5)
    moved(module, average, [4.0] * 40)
    module[1].num_batches_tracked.fill_(7)
    with average.in_model():
        assert module[1].running_mean.allclose(torch.tensor(4.0), atol=1e-4)
        assert module[1].num_batches_tracked == 7


def test_the_weights_come_back_after_an_error():
    module = model()
    average = WeightAverage(module, 0.5)
    moved(module, average, [1.0, 2.0])
    with pytest.raises(ValueError, match="stop"), average.in_model():
        raise ValueError("stop")
    assert module[0].weight.eq(2).all()


def test_without_a_decay_nothing_happens():
    module = model()
    average = WeightAverage(module, 0.0)
    moved(module, average, [1.0, 2.0])
    with average.in_model():
        assert module[0].weight.eq(2).all()
        assert average.state() == {}


def test_another_process_goes_on_with_the_weights_and_their_mean():
    one, other = model(), model()
    average = WeightAverage(one, 0.5)
    moved(one, average, [1.0, 2.0, 5.0])
    with average.in_model():
        state = dict(average.state())
        state["weights"] = [weight.clone() for weight in state["weights"]]
        other.load_state_dict(one.state_dict())
    later = WeightAverage(other, 0.5)
    later.restore(state)
    assert other[0].weight.eq(5).all()
    for module, mean in ((one, average), (other, later)):
        moved(module, mean, [3.0])
    with average.in_model(), later.in_model():
        assert torch.equal(one[0].weight, other[0].weight)
