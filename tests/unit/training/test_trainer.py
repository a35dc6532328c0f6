"""What one update of the trainer is made of, looked at before the optimiser takes its step."""

import pytest
import torch

from gmf.testing import synthetic_samples, tiny_tagger, tiny_text_encoder
from gmf.training import updates
from gmf.training.config import EncoderConfig, RunConfig, TrainingConfig
from gmf.training.run_folder import RunFolder
from gmf.training.trainer import Trainer

RATES = ("learning_rate", "new_learning_rate", "transitions_learning_rate")


def made(folder, *, count, dropout=0.0, **options):
    """Return a trainer of a text-only model and the samples that it trains on."""
    tagger = tiny_tagger(
        "bert-crf",
        text_encoder=lambda: tiny_text_encoder(
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        ),
        dropout=dropout,
    )
    samples = synthetic_samples(folder, count=count)
    config = RunConfig(
        encoders=EncoderConfig(text="tiny", image="tiny"),
        model=tagger.model.options,
        training=TrainingConfig(order="file", precision="fp32", **options),
    )
    parts = {"collator": tagger.collator(), "train": samples, "dev": samples[:1]}
    return Trainer(config, tagger=tagger, folder=RunFolder(folder / "run"), **parts)


def updates_of(monkeypatch, one):
    """Return what clipping is given before each update: gradients by name, and the limit."""
    seen, clip = [], updates.fast_clip_gradients

    def watched(optimizer, limit):
        model = one.tagger.model
        gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        seen.append((gradients, limit))
        clip(optimizer, limit)

    monkeypatch.setattr(updates, "fast_clip_gradients", watched)
    one.run({})
    return seen


def test_the_gradient_of_an_update_is_that_of_the_mean_over_its_samples(tmp_path, monkeypatch):
    """Seven samples in batches of two, two batches an update; the last batch is of one sample."""
    options = {"batch_size": 2, "accumulation_steps": 2, "epochs": 1, "max_grad_norm": 0.25}
    # Rates that move nothing, so that both updates see the same weights.
    options |= {**dict.fromkeys(RATES, 1e-30), "weight_decay": 0.0}
    one = made(tmp_path, count=7, **options)
    seen = updates_of(monkeypatch, one)
    assert [limit for _, limit in seen] == [0.25, 0.25]
    model = one.tagger.model.eval()
    for (found, _), samples in zip(seen, (one.train_split[:4], one.train_split[4:]), strict=True):
        model.zero_grad()
        for sample in samples:
            batch = one.collator([sample]).to("cpu")
            (model(batch).loss / len(samples)).backward()
        expected = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        assert found.keys() == expected.keys()
        for name, gradient in expected.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-5)


def test_rates_follow_the_schedule_update_by_update(tmp_path):
    rows, rates = [], dict.fromkeys(RATES, 0.25)
    options = {"batch_size": 2, "accumulation_steps": 2, "epochs": 2, "warmup_ratio": 0.5}
    one = made(tmp_path, count=7, **options, **rates)
    one.on_epoch = rows.append
    one.run({})
    # Four batches make two updates an epoch: up over the first two of four, then down to zero.
    assert [row["learning_rate"] for row in rows] == pytest.approx([0.25, 0.0])


def test_dropout_is_drawn_anew_in_each_epoch(tmp_path):
    rates = dict.fromkeys(RATES, 1e-30)
    rows = []
    one = made(tmp_path, count=2, dropout=0.5, epochs=2, batch_size=2, weight_decay=0.0, **rates)
    one.on_epoch = rows.append
    one.run({})
    first, second = (row["losses"]["total"] for row in rows)
    assert abs(first - second) > 1e-4


def test_a_group_of_gradients_is_forgotten_after_its_update(tmp_path, monkeypatch):
    rates = dict.fromkeys(RATES, 1e-30)
    one = made(tmp_path, count=2, epochs=2, batch_size=2, weight_decay=0.0, **rates)
    (first, _), (second, _) = updates_of(monkeypatch, one)
    for name, gradient in first.items():
        torch.testing.assert_close(second[name], gradient)
