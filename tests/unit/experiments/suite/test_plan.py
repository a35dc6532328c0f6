from collections import Counter
from pathlib import Path

import pytest

from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config
from gmf.experiments.suite.plan import SuiteOptions, name_folders, plan_runs
from gmf.experiments.suite.settings import read_settings
from gmf.experiments.suite.variants import ABLATIONS, SWEEPS, all_variants, select
from gmf.models.registry import models
from gmf.testing import save_tiny_encoders

OUT = Path("out")


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    text, image = save_tiny_encoders(tmp_path_factory.mktemp("encoders"))
    return f"{{text: {text}, image: {image}}}"


def plan(encoders="minilm-mobilenet", **options):
    options = {"data": {"twitter2017": Path("data/twitter2017")}, **options}
    return plan_runs(SuiteOptions(encoders=encoders, **options), OUT)


def values_of(runs, option):
    return [run.config.model.model_dump()[option] for run in runs]


def test_every_model_and_every_ablation_is_there_with_every_seed_once(encoders):
    runs = plan(encoders, seeds=2)
    counts = Counter(run.variant for run in runs)
    assert set(models) <= set(counts)
    assert set(ABLATIONS) <= set(counts)
    for variant in all_variants():
        if not variant.is_swept:
            assert counts[variant.name] == 2
    assert len({run.folder for run in runs}) == len(runs)
    assert len({run.config.model_dump_json() for run in runs}) == len(runs)
    assert len({variant.name for variant in all_variants()}) == len(all_variants())


def test_every_sweep_has_points_of_one_seed_and_comes_last(encoders):
    runs = plan(encoders, seeds=2)
    swept = [run for run in runs if any(run.variant.startswith(f"gmf-{s.name}-") for s in SWEEPS)]
    assert runs[-len(swept) :] == swept
    assert {run.seed for run in swept} == {1}
    for sweep in SWEEPS:
        assert sum(run.variant.startswith(f"gmf-{sweep.name}-") for run in swept) >= 2
    assert {run.seed for run in plan(encoders, seeds=1, sweep_seeds=2)} == {1, 2}


def test_the_point_that_is_gmf_itself_is_not_a_run_of_its_own():
    names = {run.variant for run in plan(only=["gmf-temperature-*"], seeds=1)}
    assert names == {"gmf"} | {f"gmf-temperature-{t}" for t in ("0.05", "0.1", "0.21", "0.5")}
    older = {"twitter2015": Path("twitter2015")}
    names = {run.variant for run in plan(data=older, only=["gmf-temperature-*"], seeds=1)}
    assert "gmf-temperature-0.174" in names
    assert "gmf-temperature-0.21" not in names
    settings = {"gmf*": ["training.learning_rate=2e-4"]}
    names = {run.variant for run in plan(only=["gmf-learning-rate-*"], settings=settings)}
    assert "gmf-learning-rate-2e-4" not in names
    assert "gmf-learning-rate-5e-5" in names


def test_a_variant_is_what_its_name_says(encoders):
    assert values_of(plan(only=["gmf-alpha-0.3"]), "task_weight") == [0.3]
    assert values_of(plan(only=["gmf-lambda-0.9"]), "direction_weight") == [0.9]
    assert values_of(plan(only=["gmf-objects-0"]), "max_objects") == [0]
    assert values_of(plan(only=["gmf-cells-4"]), "cells_per_side") == [4]
    (run,) = plan(only=["gmf-learning-rate-1e-4"], settings={"*": ["training.learning_rate=1.0"]})
    assert run.config.training.learning_rate == 1e-4
    switches = {
        "VCG": "use_visual_clues",
        "CSA": "use_cross_scale_attention",
        "CM": "use_consistency_matching",
    }
    for name, off in ABLATIONS.items():
        (run,) = plan(only=[name], seeds=1)
        options = run.config.model.model_dump()
        assert {part: options[switch] for part, switch in switches.items()} == {
            part: part not in off for part in switches
        }


def test_layers_are_parts_of_the_text_encoder_that_is_used(encoders):
    runs = plan(encoders, only=["gmf-layers-*"])
    layers = {run.variant: run.config.model.clue_layers for run in runs}
    # The tiny encoder has two layers: what is the same is one run.
    assert layers == {"gmf-layers-lower-half": (0,), "gmf-layers-upper-half": (1,)}
    (variant,) = select(["gmf-layers-middle-third"])
    assert variant.overrides(lambda: 12) == ["model.clue_layers=[4, 5, 6, 7]"]


def test_a_run_is_what_gmf_train_makes_of_the_same_options():
    (run,) = plan(only=["umt"], seeds=1, settings={"u*": ["training.epochs=4"], "gmf": ["seed=1"]})
    wanted = ["data.folder=data/twitter2017", "encoders=minilm-mobilenet"]
    assert run.config == load_run_config(
        "umt.twitter2017", [*wanted, "training.epochs=4", "seed=1"]
    )
    assert run.folder == OUT / "runs" / "twitter2017" / "umt" / "seed-1"


@pytest.mark.parametrize(
    ("dataset", "model", "preset"),
    [
        ("twitter2015", "gmf", "twitter2015"),
        ("twitter2015", "maf", "maf.twitter2015"),
        ("demo", "gmf", "twitter2017"),
        ("demo", "maf", "maf.twitter2017"),
    ],
)
def test_presets_go_by_the_name_of_the_folder(dataset, model, preset):
    assert plan(data={dataset: Path("x")}, only=[model])[0].preset == preset


def test_groups_and_patterns():
    assert {variant.name for variant in select(["tables"])} == set(models)
    assert {variant.name for variant in select(["ablations"])} == {
        "gmf",
        *ABLATIONS,
    }
    assert {variant.name for variant in select(["*bert-crf", "bfcl"])} == {
        *("bert-crf", "gvatt-bert-crf", "bfcl"),
    }
    with pytest.raises(ConfigError, match=r"--only 'gnf': no such variant; expected one of tables"):
        select(["gmf", "gnf"])


def test_data_folders_are_told_apart_by_name(tmp_path):
    (tmp_path / "a" / "demo").mkdir(parents=True)
    (tmp_path / "demo").mkdir()
    assert name_folders([tmp_path / "demo"]) == {"demo": tmp_path / "demo"}
    with pytest.raises(ConfigError, match="has the same name"):
        name_folders([tmp_path / "demo", tmp_path / "a" / "demo"])
    with pytest.raises(ConfigError, match="no such folder"):
        name_folders([tmp_path / "b"])


def test_settings_apply_in_order(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text('"*": [training.epochs=3, training.batch_size=4]\n"bert": [training.epochs=5]')
    runs = plan(only=["bert", "maf"], seeds=1, settings=read_settings(path))
    assert [(r.config.training.epochs, r.config.training.batch_size) for r in runs] == [
        (5, 4),
        (3, 4),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"bort*": [training.epochs=5]', r"'bort\*': no such variant; expected one of"),
        ('"bert": training.epochs=5', r"'bert': expected a list of key=value"),
        ('"bert": [training.epochs]', r"'bert': expected a list of key=value"),
        ('"bert": [seed=5]', r"'bert': seed is what the suite itself decides"),
        ("- bert", r"expected a mapping"),
    ],
)
def test_wrong_settings_are_named(tmp_path, content, message):
    (tmp_path / "settings.yaml").write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_settings(tmp_path / "settings.yaml")


def test_a_wrong_key_or_value_is_named_with_its_variant():
    with pytest.raises(ConfigError, match=r"bert on twitter2017: .*model\.max_objects: Extra"):
        plan(only=["bert"], settings={"*": ["model.max_objects=1"]})
    with pytest.raises(ConfigError, match=r"gmf on twitter2017: .*not a packaged pair"):
        plan("large", only=["bert"])


def test_variants_come_in_the_order_of_what_is_asked_for():
    names = [variant.name for variant in select(["umt", "gmf", "*bert-crf", "umt"])]
    assert names == ["umt", "gmf", "bert-crf", "gvatt-bert-crf"]


SHIPPED = sorted((Path(__file__).parents[4] / "benchmarks").glob("suite-*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_settings_are_options_of_the_systems_that_they_name(tmp_path, path):
    wanted = SuiteOptions(
        {"tiny": tmp_path}, "minilm-mobilenet", seeds=1, only=("ablations", "umt", "hbilstm-crf"),
        settings=read_settings(path),
    )  # fmt: skip
    assert len(plan_runs(wanted, tmp_path)) == 7
