"""What a run follows, as its command states it."""

import pytest

from gmf.experiments.presets import load_run_config
from gmf.experiments.setting import describe_setting
from gmf.models.registry import models


def described(name, *overrides):
    return describe_setting(name, load_run_config(name, overrides))


@pytest.mark.parametrize("name", ["paper.twitter2015", "umt.published", "maf.published"])
def test_a_published_setting_lists_each_departure_of_its_model(name):
    model = "gmf" if name.startswith("paper") else name.partition(".")[0]
    departures = models.get(model).published.departures
    first, *rest = described(name)
    assert first.startswith(f"{name}: follows ")
    assert [line.strip().partition(":")[0] for line in rest] == [d.topic for d in departures]
    assert len(rest) == len(departures) > 3


def test_a_recipe_lists_what_it_changes():
    first, *rest = described("twitter2015")
    assert first == "twitter2015: the common protocol; it differs from paper.twitter2015 in"
    assert "  training.new_learning_rate: 0.001 (paper.twitter2015: 5e-05)" in rest
    assert "  data.missing_image: mask (paper.twitter2015: blank)" in rest
    assert {line.strip().partition(":")[0] for line in rest} == {
        "data.missing_image",
        "model.cells_per_side",
        "model.contrast_blanks",
        "model.legal_moves",
        "model.normalise_stages",
        "training.new_learning_rate",
        "training.order",
        "training.precision",
        "training.transitions_learning_rate",
    }


def test_what_the_user_changes_is_listed_too():
    lines = described(
        "paper.twitter2017", "training.epochs=3", "encoders=minilm-mobilenet", "data.folder=x"
    )
    changed = lines[lines.index("changed from paper.twitter2017:") + 1 :]
    assert [line.strip().partition(":")[0] for line in changed] == [
        "encoders.image",
        "encoders.text",
        "training.epochs",
    ]


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        (["data.cache.kind=pooled_maps"], ["data.cache.kind"]),
        (
            ['data.folders=["a", "b"]', 'data.mix={"a": 2, "b": 1}'],
            ["data.folders", "data.mix.a", "data.mix.b"],
        ),
        (["data.cache.folder=x", "data.folder=y"], []),
    ],
)
def test_what_decides_the_numbers_is_listed_and_where_it_lies_is_not(overrides, keys):
    lines = described("paper.twitter2017", *overrides)
    changed = [line for line in lines if "(paper.twitter2017: " in line]
    assert [line.strip().partition(":")[0] for line in changed] == keys


def test_a_model_without_public_code_is_told_to_be_so():
    assert described("bfcl.published") == [
        "bfcl.published: no public code of bfcl on these data sets is known; its preset and "
        "docs/decisions are our choices"
    ]
    assert described("bfcl.twitter2015") == []


def test_a_file_of_the_user_is_not_compared(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("encoders: minilm-mobilenet\nmodel: gmf\n")
    assert described(str(path)) == []


@pytest.mark.parametrize("name", [m for m in models if models.get(m).published is not None])
def test_settings_of_a_publication_differ_from_the_preset(name):
    ours, theirs = load_run_config(name), load_run_config(f"{name}.published")
    assert ours != theirs
    for key, value in models.get(name).published.settings.items():
        part, _, option = key.partition(".")
        assert theirs.model_dump()[part][option] == value
