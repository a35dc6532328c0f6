"""Gradients of several batches of one update against those of all their samples together."""

import pytest
import torch
from fixtures.context_batches import with_context

from gmf.models.base import ModelOutput
from gmf.testing.processes import part_of
from gmf.testing.subject import Subject
from gmf.training.accumulation import shares_of, weighed_loss
from gmf.training.agreement import read_twice

#: Samples of each batch: of different lengths, with and without images, the last one alone.
CPU = torch.device("cpu")
PARTS = ((0, 1, 6), (2, 4, 7), (5,))


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def parts_of(subject):
    whole = [row for part in PARTS for row in part]
    return [part_of(subject.batch, rows) for rows in (*PARTS, whole)]


def gradients(model):
    return {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bert", {}),
        ("bert-crf", {"subword_labels": "x"}),
        ("bert", {"subword_labels": "x"}),
        ("umt", {"decoder": "softmax"}),
        (
            "gmf",
            {
                "use_cross_scale_attention": False,
                "use_consistency_matching": False,
                "normalise_stages": False,
                "type_presence_weight": 0.7,
            },
        ),
    ],
)
def test_gradients_of_an_update_are_those_of_all_its_samples(name, options):
    subject = Subject(name, options)
    *batches, whole = parts_of(subject)
    one, many = (subject.build(dropout=False) for _ in range(2))
    one(whole).loss.backward()
    shares = shares_of(many, batches, sizes=[len(batch) for batch in batches], device=CPU)
    for batch, share in zip(batches, shares, strict=True):
        weighed_loss(many(batch), share).backward()
    expected = gradients(one)
    norm = torch.stack([gradient.norm() for gradient in expected.values()]).norm()
    for parameter, gradient in gradients(many).items():
        assert (gradient - expected[parameter]).norm() < 1e-9 * norm, parameter


@pytest.mark.parametrize("labels", ["first", "x"])
def test_what_two_readings_differ_by_is_weighed_by_their_positions(labels):
    subject = Subject("bert-crf", {"subword_labels": labels})
    *batches, whole = map(with_context, parts_of(subject))
    one, many = (subject.build(dropout=False) for _ in range(2))

    def read(model, batch):
        return read_twice(model, batch, second="context", weight=50.0)

    read(one, whole).loss.backward()
    shares = shares_of(many, batches, sizes=[len(batch) for batch in batches], device=CPU)
    for batch, share in zip(batches, shares, strict=True):
        weighed_loss(read(many, batch), share).backward()
    expected = gradients(one)
    norm = torch.stack([gradient.norm() for gradient in expected.values()]).norm()
    for parameter, gradient in gradients(many).items():
        assert (gradient - expected[parameter]).norm() < 1e-9 * norm, parameter


@pytest.mark.parametrize("name", ["gmf", "maf", "bfcl", "debiascl"])
def test_contrasts_of_an_update_are_weighed_by_their_pairs(name):
    subject = Subject(name)
    *batches, _ = parts_of(subject)
    model = subject.build(dropout=False)
    shares = shares_of(model, batches, sizes=[3, 3, 1], device=CPU)
    # Real images: of the samples 0, 1 and 6; of 7; of 5.
    pairs = [3, 1, 1]
    for batch, share, number, count in zip(batches, shares, [3, 3, 1], pairs, strict=True):
        torch.manual_seed(0)
        output = model(batch)
        torch.manual_seed(0)
        loss = weighed_loss(model(batch), share)
        expected = output.weights["ner"] * output.losses["ner"] * number / 7
        for term in output.losses.keys() - {"ner"}:
            expected = expected + output.weights[term] * output.losses[term] * count / 5
        torch.testing.assert_close(loss, expected)


def test_what_a_model_does_not_count_is_weighed_by_samples():
    subject = Subject("bert")
    *batches, _ = parts_of(subject)
    model = subject.build(dropout=False)
    share = shares_of(model, batches, sizes=[3, 3, 1], device=CPU)[0]
    terms = {"ner": torch.tensor(2.0), "other": torch.tensor(4.0)}
    empty = torch.zeros(1, 1, 1)
    words = int(batches[0].word_mask.sum())
    every = sum(int(batch.word_mask.sum()) for batch in batches)
    both = ModelOutput(empty, terms, torch.tensor(3.0), {"ner": 1.0, "other": 0.25})
    assert weighed_loss(both, share).item() == pytest.approx(2.0 * words / every + 3 / 7)
    own = ModelOutput(empty, terms, torch.tensor(3.0))
    assert weighed_loss(own, share).item() == pytest.approx(3.0 * 3 / 7)
    with pytest.raises(ValueError, match="labels"):
        weighed_loss(ModelOutput(empty), share)


def test_a_batch_alone_has_its_own_loss():
    subject = Subject("gmf")
    (share,) = shares_of(subject.build(), [subject.batch], sizes=[8], device=CPU)
    output = subject.build()(subject.batch)
    assert weighed_loss(output, share) is output.loss
