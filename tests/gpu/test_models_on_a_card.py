"""Every model gives on a card what it gives on a CPU.

Tolerances in fp32 and bf16, as shares: of the loss 1e-4 and 1e-2; of the norm of emissions and of
all gradients together 1e-3 and 1e-1. Tags are the same in fp32, nine in ten in bf16.
"""

import pytest
import torch
from torch import nn

from gmf.models.kernels.attention import attention_weights, fast_attention
from gmf.models.kernels.clipping import fast_clip_gradients, plain_clip_gradients
from gmf.models.modules.recurrence import run_lstm
from gmf.models.registry import models
from gmf.models.runtime import computing_in, deterministic
from gmf.prediction.onnx.engine import OnnxEngine
from gmf.prediction.onnx.export import export_onnx
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import mixed_samples, tiny_tagger
from gmf.testing.subject import Subject
from gmf.training.config import TrainingConfig
from gmf.training.optimization import build_optimizer

LOSS = {"fp32": 1e-4, "bf16": 1e-2}
NORM = {"fp32": 1e-3, "bf16": 1e-1}
TAGS = {"fp32": 1.0, "bf16": 0.9}


def step(subject, device, precision="fp32", **options):
    """Return a model after a step, its loss, and its gradients as one vector on the CPU."""
    model, batch = subject.build(dropout=False, **options).to(device), subject.batch.to(device)
    with computing_in(precision, torch.device(device)):
        loss = model(batch).loss
    loss.backward()
    parts = [p.grad.flatten().cpu() for p in model.parameters() if p.grad is not None]
    return model, loss.item(), torch.cat(parts)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_losses_and_gradients(device, name, precision):
    subject = Subject(name)
    _, loss, gradient = step(subject, device, precision)
    _, expected, exact = step(subject, "cpu")
    assert loss == pytest.approx(expected, rel=LOSS[precision])
    assert (gradient - exact).norm() < NORM[precision] * exact.norm()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_emissions_and_tags(device, name, precision):
    subject = Subject(name)
    expected, tags = read(subject.model, subject.batch)
    with computing_in(precision, torch.device(device)):
        found, others = read(subject.build().eval().to(device), subject.batch.to(device))
    kept = subject.model.head.mask(subject.batch)
    difference = (found - expected)[kept]
    assert difference.norm() <= NORM[precision] * expected[kept].norm()
    same = sum(map(str.__eq__, tags, others))
    assert same >= TAGS[precision] * len(tags) == TAGS[precision] * len(others)


@torch.no_grad()
def read(model, batch):
    """Return emissions on the CPU, and the tags of all words."""
    output = model(batch)
    tags = [tag for decoded in model.decode(output, batch) for tag in decoded.tags]
    return output.emissions.float().cpu(), tags


def test_deterministic_steps_are_the_same(device, name):
    with deterministic(True):
        gradients = [step(Subject(name), device)[2] for _ in range(2)]
    assert torch.equal(*gradients)


@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
def test_a_step_waits_for_nothing(device, name):
    subject = Subject(name)
    model, batch = subject.build().to(device), subject.batch.to(device)
    optimizer = build_optimizer(model, TrainingConfig())
    for watched in (False, True):
        if watched and device == "cuda":
            torch.cuda.set_sync_debug_mode("error")
        try:
            model(batch).loss.backward()
            fast_clip_gradients(optimizer, 1.0)
            optimizer.step()
            optimizer.zero_grad()
        finally:
            if device == "cuda":
                torch.cuda.set_sync_debug_mode("default")


def test_clipping_is_torchs(device):
    results = []
    for clip in (fast_clip_gradients, plain_clip_gradients):
        model, _, _ = step(Subject("bert-crf"), device)
        optimizer = build_optimizer(model, TrainingConfig(max_grad_norm=0.1))
        clip(optimizer, 0.1)
        optimizer.step()
        results.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mask", [False, True])
def test_attention_drops_weights(device, mask):
    query, key = torch.randn(4, 8, 50, 32), torch.randn(4, 8, 32, 32)
    value = torch.eye(32).expand(4, 8, 32, 32)
    seen = torch.arange(32)[None, None, None] < torch.tensor([32, 20, 9, 1])[:, None, None, None]
    inputs = [part.to(device) for part in (query, key, value)]
    bias = seen.to(device) if mask else None
    weights = attention_weights(query, key, seen if mask else None, scale=0.5)
    whole = fast_attention(*inputs, bias, scale=0.5).cpu()
    torch.testing.assert_close(whole, weights, rtol=1e-4, atol=1e-5)
    read = fast_attention(*inputs, bias, scale=0.5, dropout=0.25).cpu()
    kept = read != 0
    share = 1 - kept[weights > 0].float().mean().item()
    assert share == pytest.approx(0.25, abs=0.02)
    torch.testing.assert_close(read[kept] * 0.75, weights[kept], rtol=1e-3, atol=1e-5)


def test_lstms_compute_in_single_precision_on_a_card(device):
    lstm = nn.LSTM(8, 4, batch_first=True, bidirectional=True).to(device)
    vectors, mask = torch.randn(3, 5, 8, device=device), torch.ones(3, 5, dtype=torch.bool)
    with torch.autocast(device, torch.bfloat16):
        states = run_lstm(lstm, vectors, mask)
    assert states.dtype == (torch.bfloat16 if device == "cpu" else torch.float32)


def test_predictions(device, tmp_path):
    samples = mixed_samples(tmp_path)
    expected = list(TorchEngine(tiny_tagger(), device="cpu").predict(samples))
    agree(TorchEngine(tiny_tagger(), device=device).predict(samples, explain=True), expected)


@pytest.mark.gpu
def test_export_from_a_card(tmp_path):
    samples, tagger = mixed_samples(tmp_path), tiny_tagger()
    expected = list(TorchEngine(tagger, device="cuda").predict(samples))
    exported = OnnxEngine(export_onnx(tagger, tmp_path / "exported").folder)
    agree(exported.predict(samples), expected)


def agree(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.tags == other.tags
        confidences = ([entity.confidence for entity in p.entities] for p in (one, other))
        assert next(confidences) == pytest.approx(next(confidences), abs=1e-3)


def test_every_model_is_looked_at():
    assert len(list(models)) > 10
