"""A model of others that breaks its contract: one error names it and says what came."""

from dataclasses import replace

import pytest
import torch

from gmf.core.errors import ConfigError, ModelError
from gmf.data.config import DataConfig
from gmf.models.base import Mean, MnerModel
from gmf.models.baselines.bert import BertTagger
from gmf.models.output import check_terms
from gmf.models.registry import models
from gmf.models.tagger import build_tagger
from gmf.testing import save_tiny_encoders, tiny_batch, tiny_tagger


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(models, "_registered", {})


@pytest.fixture
def forward():
    """Run a model whose forward is a function of a sound model and a batch."""

    def run(function, *, training=False, labels=True):
        @models.register("mine")
        class Mine(BertTagger):
            def forward(self, batch):
                return function(self, batch)

            def sound(self, batch):
                return super().forward(batch)

        model = tiny_tagger("mine").model.train(training)
        batch = tiny_batch()
        return model(batch if labels else replace(batch, labels=None))

    return run


def emissions_of(change):
    return lambda model, batch: model.output(change(model.sound(batch).emissions), batch)


def output_with(**fields):
    def function(model, batch):
        output = model.sound(batch)
        for name, value in fields.items():  # Tests check the types of what a class is made of.
            object.__setattr__(output, name, value)
        return output

    return function


FAULTS = [
    (lambda *_: None, r"forward: expected what self.output\(emissions, batch\) returns, got None"),
    (lambda m, b: m.sound(b).emissions, r"forward: expected what self.output\(.*, got tensor\("),
    (emissions_of(lambda e: e[:, :-1]), r"emissions: expected \(.*\), samples x words x states"),
    (emissions_of(lambda e: e[..., 1:]), r"emissions: expected .*self.head\(hidden, batch\) gives"),
    (output_with(emissions=[1.0]), r"emissions: expected a tensor of floats, got \[1.0\]"),
    (output_with(emissions=torch.ones(2, 3, 4).int()), "expected a tensor of floats, got tensor"),
    (output_with(loss=None), "loss: expected a tensor of one number .* labels, got None"),
    (output_with(loss=torch.ones(3)), r"loss: expected a tensor of one number .*, got \(3,\)"),
    (output_with(losses={"ner": 0.5}), "ner: expected a tensor of one number .*, got 0.5"),
    (lambda *_: 1 / 0, rf"ZeroDivisionError: division by zero \(raised at {__file__}:\d+\)"),
]


@pytest.mark.parametrize(("function", "told"), FAULTS)
def test_what_is_no_output_names_the_model(forward, function, told):
    with pytest.raises(ModelError, match=rf"(?s)model 'mine' of {__file__}: .*{told}"):
        forward(function)


@pytest.mark.parametrize(
    ("term", "told"),
    [
        (torch.ones(()), "expected its weight and its loss, a tensor, as in extra=.*, got tensor"),
        ((0.3, 2.5), r".*as in extra=\(0.3, loss\), got \(0.3, 2.5\)"),
        ((0.3, torch.ones(4)), r"expected one number, got \(4,\) of them; give its mean, or gmf"),
    ],
)
def test_a_term_of_the_loss_has_a_weight_and_one_number(term, told):
    check_terms({"sound": (0.3, torch.ones(())), "mean": (1, Mean(torch.ones(()), 4))})
    with pytest.raises(TypeError, match=f"term 'extra': {told}"):
        check_terms({"extra": term})


def test_a_loss_without_gradients_is_told_in_training(forward):
    def detached(model, batch):
        output = model.sound(batch)
        return replace(output, loss=output.loss.detach())

    forward(detached)
    with pytest.raises(ModelError, match="loss: it depends on no parameter"):
        forward(detached, training=True)


@pytest.mark.parametrize("labels", [True, False])
def test_a_sound_model_is_left_alone(forward, labels):
    output = forward(lambda model, batch: model.sound(batch), training=True, labels=labels)
    assert (output.loss is None) is not labels


@pytest.fixture
def built(tmp_path):
    """Build a model as training does."""
    text, image = save_tiny_encoders(tmp_path)

    def run(kind):
        models.register("mine")(kind)
        return build_tagger(
            kind.Options(name="mine"),
            tags=tiny_tagger("bert").model.tags,
            text_encoder=text,
            image_encoder=image,
            data=DataConfig(max_subwords=16),
        )

    return run


class Headless(MnerModel):
    """It has no head."""

    def forward(self, batch):
        raise NotImplementedError


class Encoderless(Headless):
    """It forgets its encoders."""

    def __init__(self, options, tags, **encoders):
        super().__init__(options, tags)


class Buildless(Headless):
    """It builds nothing."""

    @classmethod
    def build(cls, options, parts):
        cls(options, parts.tags)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Headless, r"it has no head; its __init__ sets one: self.head = TaggingHead\(dim"),
        (Encoderless, r"it has no text_encoder; its __init__ begins with super\(\).__init__\(opt"),
        (Buildless, "build: expected a model, got None"),
    ],
)
def test_a_model_that_lacks_a_part_is_told_when_it_is_built(built, kind, told):
    with pytest.raises(ConfigError, match=rf"model 'mine' of {__file__}: TypeError: {told}"):
        built(kind)
