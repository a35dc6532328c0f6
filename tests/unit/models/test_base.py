"""What a model takes from its base: assembly, output, export, a name in its checkpoint."""

from typing import Any

import pytest
import torch

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.registry import Registry
from gmf.core.tags import TagSet
from gmf.data.config import DataConfig
from gmf.models import checkpoint
from gmf.models.base import MnerModel, ModelOptions, ModelParts
from gmf.models.baselines.bert import BertTagger
from gmf.models.checkpoint import load_tagger, save_tagger
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.registry import model_options, models
from gmf.models.tagger import Tagger
from gmf.testing import tiny_batch, tiny_image_encoder, tiny_text_encoder, tiny_tokenizer


class TunedOptions(ModelOptions):
    max_objects: int = 2
    finetune_image_encoder: bool = False


class Tuned(MnerModel[TunedOptions]):
    """Adds nothing of the image to the text, but has an encoder for it."""

    Options = TunedOptions
    visual_inputs = ("objects",)

    def __init__(self, options: TunedOptions, tags: TagSet, **encoders: Any) -> None:
        super().__init__(options, tags, **encoders)
        self.head = TaggingHead(self.text_encoder.hidden_dim, tags=tags, config=options)

    def forward(self, batch):
        hidden = self.text_encoder(batch.text_inputs, None)
        extra = hidden.new_tensor(3.0)
        emissions = self.head(hidden, batch)
        return self.output(emissions, batch, ner_weight=0.5, extra=(2.0, extra))


def build(kind=Tuned, **options):
    torch.manual_seed(0)
    parts = ModelParts(
        tags=TagSet(),
        text_encoder=tiny_text_encoder,
        image_encoder=lambda **o: tiny_image_encoder(**o),
    )
    return kind.build(kind.Options(**options), parts)


def test_a_model_gets_the_encoders_that_its_class_asks_for():
    model = build()
    assert model.uses_images
    assert {name.partition(".")[0] for name, _ in model.named_parameters()} == {
        "text_encoder",
        "image_encoder",
        "head",
    }
    assert model.max_regions == 2
    assert not model.image_encoder.trainable
    assert build(finetune_image_encoder=True).image_encoder.trainable
    plain = build(BertTagger)
    assert not plain.uses_images
    assert plain.max_regions == 0
    assert not hasattr(plain, "image_encoder")


def test_the_loss_is_the_weighted_sum_of_its_terms_and_absent_without_labels():
    model, batch = build().eval(), tiny_batch((3, 2), slots=((0,), ()), num_views=1)
    output = model(batch)
    assert set(output.losses) == {"ner", "extra"}
    ner = model.head.loss(output.emissions, batch)
    torch.testing.assert_close(output.losses["ner"], ner)
    torch.testing.assert_close(output.loss, 0.5 * ner + 6.0)
    bare = model(type(batch)(**{**vars(batch), "labels": None}))
    assert bare.loss is None
    assert bare.losses == {}
    assert torch.equal(bare.emissions, output.emissions)


def test_a_class_says_why_it_cannot_be_exported():
    class Own(Tuned):
        def decode(self, output, batch):
            return []

    class Refused(Tuned):
        exports = False

    assert Tuned.export_obstacle() is None
    assert "decodes in its own way" in Own.export_obstacle()
    assert "cannot be exported" in Refused.export_obstacle()
    assert "reads words" in models.get("bilstm-crf").export_obstacle()


def test_options_carry_the_name_under_which_the_model_is_registered():
    assert model_options("maf", {"temperature": 0.2}).name == "maf"
    assert model_options("maf").model_dump()["name"] == "maf"
    with pytest.raises(ConfigError, match=r"model 'mav': expected one of .*mean 'maf'"):
        model_options("mav")


def tagger(model):
    return Tagger(model, tiny_tokenizer(), None, DataConfig(), {"encoders": {}})


def test_a_model_without_a_registered_name_is_not_saved(tmp_path):
    with pytest.raises(CheckpointError, match=r"Tuned: its options name no registered model"):
        save_tagger(tagger(build()), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_a_model_that_is_not_here_names_its_origin(tmp_path, monkeypatch):
    here: Registry[Any] = Registry("model", group="gmf.none", built_in={})
    here.register("tuned")(Tuned)
    monkeypatch.setattr(checkpoint, "models", here)
    made = tagger(build(name="tuned"))
    made.provenance["model_origin"] = "tuned 1.2"
    save_tagger(made, tmp_path)
    monkeypatch.setattr(checkpoint, "models", models)
    with pytest.raises(CheckpointError, match=r"its model 'tuned' comes from tuned 1\.2.*--code"):
        load_tagger(tmp_path)
