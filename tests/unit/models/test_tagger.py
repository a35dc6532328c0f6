"""What a tagger is assembled of."""

import pytest

from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.data.config import DataConfig
from gmf.models.registry import model_options
from gmf.models.tagger import build_tagger
from gmf.testing import save_tiny_encoders, synthetic_samples


@pytest.mark.parametrize(
    ("name", "roles"), [("gmf", {"text", "image"}), ("bert-crf", {"text"}), ("bilstm-crf", set())]
)
def test_a_model_gets_the_encoders_that_it_reads_with_and_no_other(tmp_path, name, roles):
    text, image = save_tiny_encoders(tmp_path)
    given = {"text": text, "image": image}
    tagger = build_tagger(
        model_options(name),
        tags=TagSet(),
        # What is not read may be missing.
        text_encoder=text if "text" in roles else "missing",
        image_encoder=image if "image" in roles else "missing",
        data=DataConfig(max_subwords=48),
        training_samples=synthetic_samples(tmp_path, count=2),
    )
    encoders = tagger.provenance["encoders"]
    assert {role: entry["name"] for role, entry in encoders.items()} == {
        role: given[role] for role in roles
    }
    assert (tagger.tokenizer is not None) == ("text" in roles)
    assert (tagger.image_processor is not None) == ("image" in roles)
    assert tagger.precision == tagger.provenance["precision"] == "fp32"


def test_samples_longer_than_the_text_encoder_reads_are_refused_beforehand(tmp_path):
    text, image = save_tiny_encoders(tmp_path)
    options = {"tags": TagSet(), "text_encoder": text, "image_encoder": image}
    with pytest.raises(ConfigError, match=r"max_subwords 129: .* positions for 128 subwords"):
        build_tagger(model_options("bert-crf"), data=DataConfig(max_subwords=129), **options)
    build_tagger(model_options("bert-crf"), data=DataConfig(max_subwords=128), **options)
