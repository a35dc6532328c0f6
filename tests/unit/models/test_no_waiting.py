"""A training step asks an accelerator for nothing: the meta device, without values, shows it."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gmf.models.kernels.clipping import fast_clip_gradients
from gmf.models.registry import models
from gmf.testing.subject import Subject
from gmf.training.config import TrainingConfig
from gmf.training.optimization import build_optimizer
from gmf.training.step_losses import StepLosses

COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class NoWaiting(TorchDispatchMode):
    """Refuses copies between the CPU and another device for which the CPU waits."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func in COPIES:
            source = args[0] if func is COPIES[0] else args[1]
            waits = not (kwargs.get("non_blocking") or args[2:] == (True,))
            assert source.device == out.device or not waits, f"waits for {tuple(source.shape)}"
        return out


def on_meta(name, **options):
    subject = Subject(name)
    return subject.build(**options).to("meta"), subject.batch.to("meta")


@pytest.mark.parametrize("name", models)
def test_a_training_step_waits_for_nothing(name):
    model, batch = on_meta(name)
    optimizer = build_optimizer(model, TrainingConfig())
    losses = StepLosses()
    with NoWaiting():
        output = model(batch)
        output.loss.backward()
        losses.add({**output.losses, "total": output.loss})
        fast_clip_gradients(optimizer, 1.0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gmf", {"consistency_text": "guided"}),
        ("gmf", {"hide_images": 0.5, "type_presence_weight": 1.0}),
        ("gmf", {"subword_labels": "x", "contrast_blanks": True}),
        ("bfcl", {"contrast": "decoupled"}),
    ],
)
def test_nor_do_options_make_it_wait(name, options):
    model, batch = on_meta(name, **options)
    with NoWaiting():
        model(batch).loss.backward()


@pytest.mark.parametrize("wait", [lambda t: t.item(), lambda t: t[t > 0], lambda t: t.cpu()])
def test_what_waits_is_refused(wait):
    with NoWaiting(), pytest.raises(Exception, match=r"meta|waits|nonzero"):
        wait(torch.ones(3, device="meta").sum(dim=0, keepdim=True))
    with NoWaiting(), pytest.raises(AssertionError, match="waits"):
        torch.ones(3).to("meta")
    with NoWaiting():
        torch.ones(3).to("meta", non_blocking=True)
