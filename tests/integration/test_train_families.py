"""``gmf train`` with encoders of every family, from the command line to a prediction."""

import pytest
from fixtures.corpus import write_corpus
from fixtures.image_families import save_tiny_family
from fixtures.text_families import CONFIGS, tiny_text_folder
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.types import Sample
from gmf.models.checkpoint import load_tagger
from gmf.training.run_folder import checkpoint_of

PAIRS = [
    *(("bert-crf", family, "vit") for family in CONFIGS),
    ("umt", "deberta-v2", "clip_vision_model"),
    ("gmf", "modernbert", "dinov2_with_registers"),
    ("gmf", "electra", "convnext"),
]


@pytest.mark.parametrize(("model", "text", "image"), PAIRS)
def test_train_and_predict(model, text, image, tmp_path):
    options = [
        f"data.folder={write_corpus(tmp_path / 'data')}",
        f"encoders.text={tiny_text_folder(tmp_path / 'text', text)}",
        f"encoders.image={save_tiny_family(tmp_path / 'image', image)}",
        "data.max_subwords=64",
        "training.epochs=1",
        "training.precision=fp32",
    ]
    command = ["train", f"{model}.twitter2017", "--run", str(tmp_path / "run"), *options]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    tagger = load_tagger(checkpoint_of(tmp_path / "run"))
    (prediction,) = tagger.predict([Sample("1", ("Rocky", "is", "ready"))])
    assert len(prediction.tags) == 3
