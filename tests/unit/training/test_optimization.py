import pytest
import torch
from torch import nn

from gmf.models.kernels.clipping import fast_clip_gradients
from gmf.training.config import TrainingConfig
from gmf.training.optimization import build_optimizer, build_schedule


@pytest.mark.parametrize("size", [1e-3, 10.0])
def test_clipping_is_torchs_whether_the_norm_is_below_or_above(size):
    shapes = ((30, 7), (5,), (4, 3, 3, 3), ())
    torch.manual_seed(0)
    ours, torchs = ([nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    optimizers = [torch.optim.AdamW(part, lr=0.1, fused=True) for part in (ours, torchs)]
    for _ in range(4):
        for own, other in zip(ours, torchs, strict=True):
            own.grad = torch.randn(own.shape) * size
            other.grad = own.grad.clone()
        ours[1].grad = torchs[1].grad = None
        fast_clip_gradients(optimizers[0], 0.5)
        nn.utils.clip_grad_norm_(torchs, 0.5)
        for optimizer in optimizers:
            optimizer.step()
        for own, other in zip(ours, torchs, strict=True):
            torch.testing.assert_close(own, other)
            if own.grad is not None:
                # Both leave the clipped gradient behind.
                torch.testing.assert_close(own.grad, other.grad)


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 2), nn.LayerNorm(2)
        self.crf = nn.Module()
        self.crf.transitions = nn.Parameter(torch.zeros(2, 2))

    def parameter_group(self, name):
        return "transitions" if "crf" in name else "new"


@pytest.mark.parametrize(
    ("decayed", "names"),
    [
        ("weights", {"layer.weight"}),
        ("scores", {"layer.weight", "crf.transitions"}),
        (
            "all",
            {"layer.weight", "layer.bias", "norm.weight", "norm.bias", "crf.transitions"},
        ),
    ],
)
def test_an_option_names_what_decays(decayed, names):
    model = Tiny()
    optimizer = build_optimizer(model, TrainingConfig(decayed=decayed, weight_decay=0.5))
    name_of = {parameter: name for name, parameter in model.named_parameters()}
    assert names == {
        name_of[parameter]
        for group in optimizer.param_groups
        for parameter in group["params"]
        if group["weight_decay"] == 0.5
    }


def test_rates_fall_by_a_fifth_after_every_two_epochs_as_steplr_does():
    epochs, per_epoch = 6, 3
    config = TrainingConfig(schedule="steps", epochs=epochs, warmup_ratio=0.5)
    ours, torchs = (torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5) for _ in range(2))
    schedule = build_schedule(ours, config, epochs * per_epoch)
    other = torch.optim.lr_scheduler.StepLR(torchs, 2, gamma=0.8)
    for _ in range(epochs):
        for _ in range(per_epoch):
            assert schedule.get_last_lr() == pytest.approx(other.get_last_lr())
            ours.step()
            schedule.step()
        torchs.step()
        other.step()
