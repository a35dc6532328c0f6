"""Passes that are computed side by side give what passes one after another give."""

from contextlib import nullcontext
from threading import Barrier, current_thread

import pytest
import torch

from gmf.core.types import Sample
from gmf.inference.loop import predict
from gmf.testing import tiny_tagger

WORDS = ["Rocky", "New", "York", "snow", "season", "!", "Ann"]


class Together:
    """A model whose passes wait for each other, if more than one is expected."""

    def __init__(self, model, at_once):
        self.model, self.meeting, self.threads = model.eval(), Barrier(at_once), set()

    def __getattr__(self, name):
        return getattr(self.model, name)

    def __call__(self, batch):
        self.meeting.wait(timeout=5)
        self.threads.add(current_thread())
        with torch.no_grad():
            return self.model(batch)


def predictions(tagger, samples, at_once):
    model = Together(tagger.model, at_once)
    collator = tagger.collator()
    found = predict(
        model,
        samples,
        collator=collator,
        prepare=lambda batch: batch.to("cpu"),
        counting=lambda: nullcontext(collator.report),
        batch_size=3,
        explain=False,
        at_once=at_once,
    )
    return list(found), model.threads


def test_two_passes_at_once_say_the_same_in_order():
    samples = [Sample(str(n), tuple(WORDS[: n % 6 + 1])) for n in range(18)]
    tagger = tiny_tagger("bert-crf")
    one, here = predictions(tagger, samples, 1)
    two, there = predictions(tagger, samples, 2)
    assert one == two
    assert [prediction.sample.id for prediction in two] == [sample.id for sample in samples]
    assert here == {current_thread()}
    assert len(there) == 2
    assert current_thread() not in there


def test_few_samples_are_spread_over_all_passes():
    samples = [Sample(str(n), tuple(WORDS[: n + 1])) for n in range(2)]
    tagger = tiny_tagger("bert-crf")
    found, threads = predictions(tagger, samples, 2)
    assert len(found) == len(threads) == 2


def test_a_pass_that_fails_ends_the_loop_with_its_error():
    class Broken:
        def __call__(self, batch):
            raise ZeroDivisionError

    tagger = tiny_tagger("bert-crf")
    found = predict(
        Broken(),
        [Sample("1", ("Rocky",))],
        collator=tagger.collator(),
        prepare=lambda batch: batch,
        counting=lambda: nullcontext(tagger.collator().report),
        batch_size=3,
        explain=False,
        at_once=2,
    )
    with pytest.raises(ZeroDivisionError):
        next(found)
