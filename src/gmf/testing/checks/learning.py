"""Checks of training."""

from dataclasses import replace
from unittest.mock import patch

import torch
from torch import Tensor

from gmf.models.text_encoders import bert_like
from gmf.testing.processes import differences
from gmf.testing.subject import Subject

#: Relative error of float64 gradients over several processes.
MAX_DIFFERENCE = 1e-6


def overfits_eight_samples(subject: Subject, **options: str) -> None:
    """Eight samples are learnt by heart in 120 steps."""
    model, batch = subject.build(dropout=False, **options), subject.batch
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(120):
        optimizer.zero_grad()
        _loss(subject, model(batch).loss).backward()
        optimizer.step()
    model.eval()
    decoded = [decoded.tags for decoded in model.decode(model(batch), batch)]
    wrong = [
        f"{' '.join(tags)} instead of {' '.join(sample.tags or ())}"
        for tags, sample in zip(decoded, batch.samples, strict=True)
        if tags != sample.tags
    ]
    subject.require(not wrong, f"120 steps on 8 samples, and it still tags {'; '.join(wrong)}")


def learns_the_older_subword_convention(subject: Subject) -> None:
    """The same holds with labels on every subword."""
    overfits_eight_samples(subject, subword_labels="x")


def gradients_reach_every_trainable_parameter(subject: Subject) -> None:
    """One step moves all that is trainable."""
    model = subject.build()
    _loss(subject, model(subject.batch).loss).backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    subject.require(not without, f"no gradient reaches {', '.join(without)}")


def open_tags_cost_less(subject: Subject) -> None:
    """What an annotation leaves open is not learnt as O, where the model says that it can."""
    model, batch = subject.build(dropout=False), subject.batch
    if not model.learns_from_open_tags or batch.labels is None:
        return
    one = torch.nn.functional.one_hot(batch.labels, len(model.tags)).bool()
    losses: list[Tensor] = []
    for possible in (None, one, one | (batch.labels == 0)[:, :, None], one | True):
        torch.manual_seed(1)  # Some contrasts draw.
        losses.append(_loss(subject, model(replace(batch, possible=possible)).loss))
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-4, atol=1e-5)
    subject.require(
        bool(losses[0] > losses[2] > losses[3]),
        f"the loss of what is annotated is {losses[0]:.3f}; with open tags where it is O "
        f"{losses[2]:.3f}, with all open {losses[3]:.3f}: it should fall",
    )


def states_left_out_are_read_by_nobody(subject: Subject) -> None:
    """Positions that the model does not ask the text encoder for do not enter its results."""
    labels = ("first", "x") if "subword_labels" in subject.kind.Options.model_fields else (None,)
    for convention in labels:
        options = {} if convention is None else {"subword_labels": convention}
        model, batch = subject.build(dropout=False, **options), subject.batch
        results: list[tuple[Tensor, Tensor]] = []
        for together in (1, batch.first_subword.numel() * 9):
            with patch.object(bert_like, "READ_TOGETHER", together):
                torch.manual_seed(1)
                output = model(batch)
            loss = _loss(subject, output.loss)
            results.append((output.emissions[model.head.mask(batch)], loss))
        torch.testing.assert_close(
            *results,
            rtol=1e-4,
            atol=1e-5,
            msg=lambda text: f"{subject.name}: states that it did not ask for matter: {text}",
        )


def trains_without_any_image(subject: Subject) -> None:
    """A batch in which no sample has an image gives a loss and gradients."""
    model = subject.build()
    loss = _loss(subject, model(subject.batch.without_images()).loss)
    loss.backward()
    _require_finite(subject, model, loss, "without images")


def step_in_bf16_is_finite(subject: Subject) -> None:
    """A step in mixed precision gives numbers."""
    model = subject.build()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(subject.batch)
    loss = _loss(subject, output.loss)
    loss.backward()
    _require_finite(subject, model, loss, "in bf16")


def processes_train_as_one(subject: Subject) -> None:
    """Two and three processes get the losses and gradients of the whole batch."""
    for difference in differences(subject):
        subject.require(
            difference.error < MAX_DIFFERENCE,
            f"{len(difference.parts)} processes with the samples {difference.parts} get another "
            f"{difference.name} than one with all of them (relative error {difference.error:.1e}); "
            "return sums and counts as Mean, and gather rows that are compared with each other",
        )


def _loss(subject: Subject, loss: Tensor | None) -> Tensor:
    subject.require(loss is not None, "returns no loss for a batch with labels")
    assert loss is not None
    return loss


def _require_finite(subject: Subject, model: torch.nn.Module, loss: Tensor, where: str) -> None:
    subject.require(bool(loss.isfinite()), f"the loss of a step {where} is {loss.item()}")
    wrong = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    subject.require(not wrong, f"a step {where} has infinite gradients of {', '.join(wrong)}")
