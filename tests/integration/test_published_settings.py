"""Settings of publications, from the command to predictions."""

import json

import pytest
from fixtures.training import tiny_run
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.models.checkpoint import load_tagger
from gmf.training.run_folder import checkpoint_of

runner = CliRunner()
SMALL = ("training.epochs=1", "training.batch_size=4")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    data, text, image, *_ = tiny_run(folder)
    next(iter(sorted((folder / "data" / "images").iterdir()))).unlink()
    return folder, (data, text, image)


@pytest.mark.parametrize(
    "preset",
    [
        *("paper.twitter2015", "paper.twitter2017", "umt.published", "maf.published"),
        *("umgf.published", "hvpnet.published", "bfcl.published"),
    ],
)
def test_a_published_setting_trains_states_its_departures_and_predicts(place, preset):
    folder, options = place
    run = folder / preset
    result = runner.invoke(app, ["train", preset, *options, *SMALL, "--run", str(run)])
    assert result.exit_code == 0, result.output
    said = " ".join(result.stderr.split())
    assert f"{preset}: " in said
    assert "departures: " in said or "no public code of bfcl" in said
    assert f"changed from {preset}: encoders.image: " in said
    assert f"training.epochs: 1 ({preset}: " in said
    content = json.loads(runner.invoke(app, ["evaluate", str(run), "--json"]).stdout)
    assert content["provenance"]["seeds"]
    tagger = load_tagger(checkpoint_of(run))
    is_common = preset == "bfcl.published"
    assert tagger.data.missing_image == ("mask" if is_common else "blank")
    assert tagger.model.options.legal_moves == is_common


def test_a_recipe_states_what_it_changes(place):
    _, options = place
    run = place[0] / "recipe"
    result = runner.invoke(app, ["train", "twitter2015", *options, *SMALL, "--run", str(run)])
    said = " ".join(result.stderr.split())
    assert "twitter2015: the common protocol; it differs from paper.twitter2015 in" in said
    assert "model.normalise_stages: True (paper.twitter2015: False)" in said
