import pytest
import torch
from torch import nn

from gmf.models.kernels.clipping import fast_clip_gradients, plain_clip_gradients
from gmf.testing import tiny_tagger
from gmf.training.config import TrainingConfig
from gmf.training.optimization import build_optimizer, build_schedule


@pytest.mark.parametrize("clip", [fast_clip_gradients, plain_clip_gradients])
@pytest.mark.parametrize("size", [1e-3, 10.0])
def test_clipping_is_torchs_whether_the_norm_is_below_or_above(size, clip):
    shapes = ((30, 7), (5,), (4, 3, 3, 3), ())
    torch.manual_seed(0)
    ours, torchs = ([nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    optimizers = [torch.optim.AdamW(part, lr=0.1, fused=True) for part in (ours, torchs)]
    for _ in range(4):
        for own, other in zip(ours, torchs, strict=True):
            own.grad = torch.randn(own.shape) * size
            other.grad = own.grad.clone()
        ours[1].grad = torchs[1].grad = None
        clip(optimizers[0], 0.5)
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


def test_training_is_by_default_what_the_paper_and_the_recipe_say():
    config = TrainingConfig()
    assert (config.epochs, config.batch_size, config.accumulation_steps) == (30, 16, 1)
    assert (config.learning_rate, config.image_learning_rate) == (5e-5, 1e-5)
    assert (config.new_learning_rate, config.transitions_learning_rate) == (1e-3, 1e-2)
    assert (config.warmup_ratio, config.weight_decay, config.max_grad_norm) == (0.1, 0.01, 1.0)
    assert (config.schedule, config.order, config.decayed) == ("linear", "length", "weights")
    assert (config.patience, config.precision) == (None, "auto")


def test_rates_rise_over_the_warm_up_and_then_fall_to_zero():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = build_schedule(optimizer, TrainingConfig(warmup_ratio=0.2), 10)
    rates = []
    for _ in range(11):
        rates.append(schedule.get_last_lr()[0] / 0.5)
        optimizer.step()
        schedule.step()
    falling = [rest / 8 for rest in range(8, -1, -1)]
    assert rates == pytest.approx([0, 1 / 2, *falling])


def test_each_group_has_its_rate_and_only_its_weights_decay():
    model = tiny_tagger(finetune_image_encoder=True).model
    config = TrainingConfig(
        learning_rate=1.0,
        image_learning_rate=2.0,
        transitions_learning_rate=3.0,
        new_learning_rate=4.0,
        weight_decay=0.5,
    )
    name_of = {parameter: name for name, parameter in model.named_parameters()}
    found = {
        name_of[parameter]: (group["lr"], group["weight_decay"])
        for group in build_optimizer(model, config).param_groups
        for parameter in group["params"]
    }
    assert found.keys() == {n for n, p in model.named_parameters() if p.requires_grad}
    expected = {
        "text_encoder.model.encoder.layer.0.output.dense.weight": (1.0, 0.5),
        "text_encoder.model.encoder.layer.0.output.dense.bias": (1.0, 0.0),
        "text_encoder.model.encoder.layer.0.output.LayerNorm.weight": (1.0, 0.0),
        "guidance.projections.0.weight": (1.0, 0.5),
        "image_encoder.model.embedder.embedder.convolution.weight": (2.0, 0.5),
        "image_encoder.model.embedder.embedder.normalization.weight": (2.0, 0.0),
        "head.crf.transitions": (3.0, 0.0),
        "head.crf.start": (3.0, 0.0),
        "head.emission.weight": (4.0, 0.5),
        "head.emission.bias": (4.0, 0.0),
        "attention.0.channel_norm.norm.weight": (4.0, 0.0),
        "mapping.norms.0.norm.weight": (4.0, 0.0),
        "mapping.convolutions.0.weight": (4.0, 0.5),
    }
    assert {name: found[name] for name in expected} == expected


def test_rates_fall_from_layer_to_layer_of_the_text_encoder():
    model = tiny_tagger("bert-crf").model
    config = TrainingConfig(layer_decay=0.5, learning_rate=8e-5, new_learning_rate=1e-3)
    optimizer = build_optimizer(model, config)
    name_of = {parameter: name for name, parameter in model.named_parameters()}
    rate_of = {name_of[p]: g["lr"] for g in optimizer.param_groups for p in g["params"]}
    layers = model.text_encoder.num_layers
    for layer in range(layers):
        query = f"text_encoder.model.encoder.layer.{layer}.attention.self.query.weight"
        assert rate_of[query] == pytest.approx(8e-5 * 0.5 ** (layers - 1 - layer))
    embeddings = "text_encoder.model.embeddings.word_embeddings.weight"
    assert rate_of[embeddings] == pytest.approx(8e-5 * 0.5**layers)
    assert rate_of["head.emission.weight"] == 1e-3
    assert rate_of.keys() == {name_of[p] for p in model.parameters() if p.requires_grad}
