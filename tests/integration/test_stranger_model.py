"""A model in a file outside the package: trained, scored and in the suite's table by --code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.corpus import write_corpus

from gmf.testing import save_tiny_encoders

SOURCE = Path(__file__).parents[2] / "src"
MODEL = '''
from torch import nn

from gmf.models.base import MnerModel, ModelOptions
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.modules.visual_inputs import object_vectors
from gmf.models.registry import models


class LateFusionOptions(ModelOptions):
    max_objects: int = 1


@models.register("late-fusion")
class LateFusion(MnerModel[LateFusionOptions]):
    """Late fusion: the mean object vector beside every subword."""

    Options = LateFusionOptions
    title = "Late Fusion"
    source = "After S. Moon et al., NAACL 2018."
    visual_inputs = ("objects",)

    def __init__(self, options, tags, **encoders):
        super().__init__(options, tags, **encoders)
        dim, self.channels = self.text_encoder.hidden_dim, self.image_encoder.stage_channels[-1]
        self.visual = nn.Linear(self.channels, dim)
        self.head = TaggingHead(dim, tags=tags, config=options)

    def forward(self, batch):
        states = self.text_encoder(batch.text_inputs, None)
        items = object_vectors(batch, self.image_encoder.maps_of(batch), channels=self.channels)
        mean = self.visual(items.values.sum(dim=1)) * items.mask.any(dim=1, keepdim=True)
        return self.output(self.head(states + mean[:, None], batch), batch)
'''
QUICK = ("training.epochs=1", "training.batch_size=4", "training.precision=fp32")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "late_fusion.py").write_text(MODEL)
    text, image = save_tiny_encoders(folder)
    write_corpus(folder / "tiny")
    return folder, f"{{text: {text}, image: {image}}}"


def gmf(folder, *arguments, code=True):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "250"}
    environment.pop("GMF_CODE", None)
    option = ["--code", "late_fusion.py"] if code else []
    return subprocess.run(
        [sys.executable, "-m", "gmf", *arguments, *option],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )


def done(*arguments, **how):
    result = gmf(*arguments, **how)
    assert result.returncode == 0, (arguments, result.stdout, result.stderr)
    return result.stdout


@pytest.fixture(scope="module")
def suite(workplace):
    """A suite of the stranger and BERT-CRF, each run in a process of its own."""
    folder, encoders = workplace
    (folder / "settings.yaml").write_text(f'"*": [{", ".join(QUICK)}]')
    options = ["--encoders", encoders, "--seeds", "1", "--settings", "settings.yaml"]
    only = ["--only", "late-fusion", "--only", "bert-crf"]
    done(folder, "suite", "paper", "--data", "tiny", *options, *only, "--jobs", "2", "--out", "out")
    return folder / "out"


def test_models_list_shows_where_it_comes_from(workplace):
    rows = {row["name"]: row for row in json.loads(done(workplace[0], "models", "--json"))}
    assert rows["late-fusion"]["origin"] == str(workplace[0] / "late_fusion.py")
    assert rows["late-fusion"]["title"] == "Late Fusion"
    assert rows["late-fusion"]["exports"] is True


@pytest.mark.slow
def test_it_takes_the_preset_of_the_data_set_with_its_own_defaults(workplace):
    folder, encoders = workplace
    shown = done(folder, "suite", "paper", "--data", "tiny", "--encoders", encoders, "--dry-run")
    rows = [line.split("│") for line in shown.splitlines() if "late-fusion" in line]
    assert [row[4].strip() for row in rows] == ["late-fusion.twitter2017"] * 3
    assert [row[5].strip() for row in rows] == ["50"] * 3
    absent = gmf(folder, "suite", "paper", "--data", "tiny", "--dry-run", code=False)
    assert absent.returncode == 0
    assert "late-fusion" not in absent.stdout


@pytest.mark.slow
def test_it_stands_in_the_table_of_the_suite(suite):
    manifest = json.loads((suite / "manifest.json").read_text())
    assert {run["variant"]: run["status"] for run in manifest["runs"]} == {
        "late-fusion": "finished",
        "bert-crf": "finished",
    }
    assert "Late Fusion" in (suite / "report.html").read_text()


@pytest.mark.slow
def test_its_checkpoint_names_its_origin_and_needs_it(suite, workplace):
    folder = workplace[0]
    run = str(suite / "runs" / "tiny" / "late-fusion" / "seed-1")
    assert json.loads(done(folder, "evaluate", run, "--json"))
    assert done(folder, "predict", run, "--text", "Rocky in Oslo")
    done(folder, "export", run, "--out", "exported")
    without = gmf(folder, "predict", run, "--text", "Rocky in Oslo", code=False)
    assert without.returncode == 1
    assert "its model 'late-fusion' comes from" in without.stderr
    assert str(folder / "late_fusion.py") in without.stderr
    assert "name the file with --code FILE" in without.stderr
    assert done(folder, "predict", "exported", "--text", "Rocky in Oslo", code=False)
