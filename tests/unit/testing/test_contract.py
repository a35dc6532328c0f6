"""The checks of models can fail, and say why."""

import pytest
import torch

from gmf.core.registry import load_code
from gmf.models.baselines.bert import BertTagger
from gmf.models.registry import models
from gmf.testing import ContractError, check_model, model_checks


class Sound(BertTagger):
    """A model like BERT-CRF."""


class LeaksOthers(Sound):
    """Its emissions depend on the other samples of the batch."""

    def forward(self, batch):
        output = super().forward(batch)
        shift = 100 * batch.word_mask.sum() * torch.eye(output.emissions.shape[-1])[1]
        return self.output(output.emissions + shift * (batch.word_mask.sum() < 20), batch)


class HasUnusedLayer(Sound):
    """A layer of it is never used."""

    def __init__(self, *arguments, **encoders):
        super().__init__(*arguments, **encoders)
        self.unused = torch.nn.Linear(2, 2)


class ForgetsState(Sound):
    """Something that it computes with is not saved."""

    def __init__(self, *arguments, **encoders):
        super().__init__(*arguments, **encoders)
        self.shift = torch.rand(())

    def forward(self, batch):
        return self.output(super().forward(batch).emissions + self.shift, batch)


class LearnsNothing(Sound):
    """Its emissions are constant."""

    def forward(self, batch):
        return self.output(super().forward(batch).emissions * 0, batch)


class IgnoresImages(Sound):
    """It states that it reads images and does not."""

    visual_inputs = ("global",)


class ReadsGold(Sound):
    """It looks at the labels that an evaluation has."""

    exports = False

    def forward(self, batch):
        emissions = super().forward(batch).emissions
        if not self.training and batch.labels is not None:
            emissions = emissions + torch.nn.functional.one_hot(batch.labels, emissions.shape[2])
        return self.output(emissions, batch)


class ReadsNames(Sound):
    """It looks at the identifiers of samples."""

    exports = False

    def forward(self, batch):
        length = sum(len(sample.id) for sample in batch.samples)
        return self.output(super().forward(batch).emissions * (1 + length), batch)


class SaysNothing(Sound):
    """It has no source."""

    source = ""


@pytest.fixture
def failing(monkeypatch):
    """Run one check of a model and return what it says."""

    def run(kind, check):
        monkeypatch.setitem(models._registered, "mine", (kind, "here"))
        checks = {str(one).partition("-")[2]: one for one in model_checks("mine")}
        with pytest.raises(ContractError) as caught:
            checks[check]()
        return str(caught.value)

    return run


@pytest.mark.parametrize(
    ("kind", "check", "text"),
    [
        (LeaksOthers, "padding_and_batch_composition_change_nothing", "other samples enter"),
        (HasUnusedLayer, "gradients_reach_every_trainable_parameter", "unused.weight, unused.bias"),
        (ForgetsState, "saved_model_reloads_bit_for_bit", "not a parameter, a buffer"),
        (LearnsNothing, "overfits_eight_samples", "120 steps on 8 samples"),
        (IgnoresImages, "image_matters_and_a_masked_one_does_not", "has an image and does not"),
        (ReadsGold, "neither_gold_nor_names_are_read", "reads gold labels, or names of samples"),
        (ReadsNames, "neither_gold_nor_names_are_read", "reads gold labels, or names of samples"),
        (SaysNothing, "describes_itself", "source: expected where it was published"),
    ],
)
def test_a_fault_is_found_and_named(failing, kind, check, text):
    told = failing(kind, check)
    assert told.startswith("mine: ")
    assert text in told


CONTRASTS_ALONE = '''
import torch
from gmf.models.baselines.bert import BertTagger
from gmf.models.processes import Mean, gather_rows
from gmf.models.registry import models


class Contrasting(BertTagger):
    """Contrasts the first states of a batch."""

    def forward(self, batch):
        first = self.text_encoder(batch.text_inputs, None)[batch.word_mask.any(dim=1), 0]
        first = GATHER(first)
        loss = torch.pdist(first).mean() if len(first) > 1 else first.sum() * 0
        return self.output(super().forward(batch).emissions, batch, contrast=(1.0, loss))


models.register("NAME")(Contrasting)
'''


@pytest.mark.parametrize(
    ("gather", "is_right"), [("gather_rows", True), ("lambda rows: rows", False)]
)
def test_a_loss_that_each_process_takes_alone_is_told(tmp_path, monkeypatch, gather, is_right):
    monkeypatch.setenv("GMF_CODE", "")
    monkeypatch.setattr(models, "_registered", dict(models._registered))
    name = f"contrasting-{is_right}"
    code = tmp_path / f"{name}.py"
    code.write_text(CONTRASTS_ALONE.replace("GATHER", f"({gather})").replace("NAME", name))
    load_code(code)
    checks = {str(one).rpartition("-")[2]: one for one in model_checks(name)}
    if is_right:
        checks["processes_train_as_one"]()
    else:
        with pytest.raises(ContractError, match=r"processes with the samples .* gather rows that"):
            checks["processes_train_as_one"]()


def test_all_failures_of_a_model_are_raised_together(monkeypatch):
    def passes(subject):
        pass

    def fails(subject):
        subject.require(False, "is wrong")

    monkeypatch.setattr("gmf.testing.contract._ALL", (passes, fails, fails))
    for name in ("_OF_SUBWORDS", "_OF_CONVENTIONS", "_OF_IMAGES"):
        monkeypatch.setattr(f"gmf.testing.contract.{name}", ())
    with pytest.raises(ExceptionGroup, match="bert fails 2 of 3 checks") as caught:
        check_model("bert")
    assert [str(error) for error in caught.value.exceptions] == ["bert: is wrong"] * 2
    assert caught.value.exceptions[0].__notes__ == ["in bert-fails"]


def test_checks_leave_random_numbers_as_they_were():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    next(c for c in model_checks("bert") if "gradients" in str(c))()
    assert torch.equal(torch.rand(3), expected)
