"""Two readings of one batch, and by how much they differ."""

import pytest
import torch
from fixtures.context_batches import with_context

from gmf.testing.batches import labelled_batch
from gmf.testing.subject import Subject
from gmf.training.agreement import divergence, read_twice


def test_divergence_by_hand():
    one = torch.tensor([[[0.0, 0.0], [1.0, 3.0]]])
    other = torch.tensor([[[0.0, 1.0], [9.0, 9.0]]])
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0]).softmax(0)
    expected = (p * (p / q).log()).sum() / 2 + (q * (q / p).log()).sum() / 2
    mean = divergence(one, other, torch.tensor([[True, False]]))
    torch.testing.assert_close(mean.total, expected)
    assert float(mean.count) == 1
    assert float(divergence(one, one, torch.tensor([[True, True]])).total) == 0


@pytest.mark.parametrize("second", ["dropout", "context"])
def test_losses_are_the_means_of_two_readings_and_what_they_differ_by(second):
    subject, batch = Subject("bert-crf"), with_context(labelled_batch())
    model = subject.build(dropout=second == "dropout")
    torch.manual_seed(3)
    first = model(batch)
    other = model(batch.without_context() if second == "context" else batch)
    assert not torch.equal(first.emissions, other.emissions)
    torch.manual_seed(3)
    output = read_twice(model, batch, second=second, weight=0.5)
    between = divergence(first.emissions, other.emissions, model.head.mask(batch)).value
    assert between > 0
    torch.testing.assert_close(output.losses["agreement"], between)
    torch.testing.assert_close(output.losses["ner"], (first.loss + other.loss) / 2)
    torch.testing.assert_close(output.loss, (first.loss + other.loss) / 2 + 0.5 * between)
    output.loss.backward()
    assert model.head.emission.weight.grad is not None


def test_one_reading_is_the_models_own():
    model, batch = Subject("bert-crf").build(dropout=False), labelled_batch()
    output = read_twice(model, batch, second="none", weight=1.0)
    torch.testing.assert_close(output.loss, model(batch).loss)
    assert "agreement" not in output.losses


def test_a_stand_in_has_nothing_to_agree_on():
    subject, batch = Subject("bert-crf", {"subword_labels": "x"}), with_context(labelled_batch())
    output = read_twice(subject.build(), batch.stand_in(), second="dropout", weight=1.0)
    assert float(output.losses["agreement"].detach()) == 0
