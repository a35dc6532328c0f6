"""A package that cannot be imported stops what asks for its parts, and nothing else."""

import json
import os
import subprocess
import sys

import pytest
from fixtures.command import run

from gmf.cli.formats import REGISTRIES
from gmf.core.errors import ConfigError, DataError
from gmf.experiments.suite.variants import all_variants
from gmf.models.image_encoders import IMAGE_FAMILIES
from gmf.models.registry import models
from gmf.models.text_encoders import TEXT_FAMILIES, families_with_clues
from gmf.reading.readers import find_split

ALL = [*REGISTRIES.values(), models, TEXT_FAMILIES, IMAGE_FAMILIES]
TOLD = "absent_module:Part of stranger 1.2 cannot be imported"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Install a package with a part of each kind, none of which can be imported."""
    info = tmp_path / "site" / "stranger-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.2\n")
    entries = (f"[{registry.group}]\nbroken = absent_module:Part\n" for registry in ALL)
    (info / "entry_points.txt").write_text("".join(entries))
    monkeypatch.syspath_prepend(info.parent)
    for registry in ALL:
        registry.__dict__.pop("_packaged", None)
    yield info.parent
    for registry in ALL:
        registry.__dict__.pop("_packaged", None)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.txt").write_text("Ann\tB-PER\n\nOslo\tB-LOC\n")
    return folder


def test_help_of_predict_names_what_is_broken(site):
    done = subprocess.run(
        [sys.executable, "-m", "gmf", "predict", "--help"],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)]),
            "COLUMNS": "500",
        },
        check=True,
    )
    assert done.stdout.count("broken (broken, see gmf formats list)") == 2
    assert "webanno, broken" in done.stdout


def test_lists_hold_it_and_the_others(site):
    rows = {row["name"]: row for row in json.loads(run("models", "--json").stdout)}
    assert rows["broken"]["origin"] == "stranger 1.2"
    assert rows["broken"]["summary"].startswith(f"cannot be used: model 'broken': {TOLD}")
    assert set(rows["broken"]) == set(rows["bert"])
    assert rows["bert"]["title"]
    assert TOLD in " ".join(run("models").stdout.split())
    listed = run("encoders", "list", "--families")
    assert "modernbert" in listed.stdout
    assert f"cannot be used: text encoder family 'broken': {TOLD}" in listed.stderr
    assert f"cannot be used: image encoder family 'broken': {TOLD}" in listed.stderr
    assert "bert" in families_with_clues()
    assert "broken" not in [variant.name for variant in all_variants()]


def test_data_are_read_and_converted_without_it(site, data, tmp_path):
    assert "train" in run("data", "stats", data).stdout
    run("data", "convert", data / "train.txt", tmp_path / "out.jsonl")
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2
    run("data", "convert", data, tmp_path / "folder", "--to", "gmf")


def test_what_nothing_fits_tells_what_was_left_out(site, data):
    with pytest.raises(DataError, match=rf"split 'dev'.*; left out: reader 'broken': {TOLD}"):
        find_split(data, split="dev")
    with pytest.raises(ConfigError, match=rf"left out: document format 'broken': {TOLD}"):
        run("data", "convert", data / "train.txt", data / "out.xyz")
    for arguments, kind in (
        (("posts.txt", "--output", "out.xyz"), "output"),
        (("--output", "out.jsonl", site / "stranger-1.2.dist-info" / "METADATA"), "input"),
    ):
        with pytest.raises(ConfigError, match=rf"left out: {kind} format 'broken': {TOLD}"):
            run("predict", "starter", *arguments)
