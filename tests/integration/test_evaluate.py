import json
import shutil

import pytest
import yaml
from fixtures.corpus import write_corpus
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.config import read_yaml
from gmf.core.errors import ConfigError
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.presets import load_run_config
from gmf.testing import save_tiny_encoders
from gmf.training.run import train

runner = CliRunner()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    text, image = save_tiny_encoders(folder)
    data = write_corpus(folder / "data")
    for seed in (1, 2):
        options = [f"data.folder={data}", f"encoders.text={text}", f"encoders.image={image}"]
        config = load_run_config(
            "twitter2017", [*options, "training.epochs=1", f"seed={seed}", "training.batch_size=4"]
        )
        train(config, folder / f"run{seed}")
    other = load_run_config(
        "twitter2017",
        [*options, "model=bert-crf", "training.epochs=1", "training.batch_size=4", "seed=3"],
    )
    train(other, folder / "text-only")
    return folder


def gmf(*arguments):
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def test_report_of_a_run_has_both_rules_and_its_provenance(place):
    content = json.loads(gmf("evaluate", place / "run1", "--json").stdout)
    assert content["lenient"]["micro"]["gold"] == 4
    assert set(content["strict"]["micro"]) >= {"precision", "recall", "f1", "gold", "correct"}
    provenance = content["provenance"]
    assert [item["part"] for item in provenance["data"]] == ["train", "dev", "test"]
    assert len(provenance["encoders"]) == 2
    assert provenance["precision"] in ("fp32", "bf16")
    assert provenance["seeds"] == [1]
    assert provenance["images"] == "real"
    assert provenance["image_counts"] == {"read": 4}
    assert content["image"]


def test_several_runs_give_mean_and_deviation(place):
    content = json.loads(gmf("evaluate", place / "run1", place / "run2", "--json").stdout)
    assert "mean" in json.dumps(content)


def test_controls_are_compared_with_real_images(place):
    content = json.loads(gmf("evaluate", place / "run1", "--images", "all", "--json").stdout)
    names = [row["images"] for row in content["controls"]]
    assert names == ["real", "none", "blank", "shuffled", "noise"]
    table = gmf("evaluate", place / "run1", "--images", "none,real").stdout
    assert "What the image contributes" in table


def test_unknown_control_is_refused(place):
    result = runner.invoke(app, ["evaluate", str(place / "run1"), "--images", "pretty"])
    assert isinstance(result.exception, ConfigError)
    assert "expected all, or some of real" in str(result.exception)


def test_predictions_can_be_scored_and_compared_again(place, tmp_path):
    for seed in (1, 2):
        gmf("evaluate", place / f"run{seed}", "--predictions", tmp_path / f"{seed}.jsonl")
    own = json.loads(gmf("evaluate", place / "run1", "--json").stdout)
    again = json.loads(gmf("score", tmp_path / "1.jsonl", "--json").stdout)
    assert again["lenient"] == own["lenient"]
    assert again["strict"] == own["strict"]
    assert gmf("compare", tmp_path / "1.jsonl", tmp_path / "2.jsonl").stdout


def test_other_data_than_the_runs_is_warned_of(place, tmp_path):
    other = write_corpus(tmp_path / "other")
    text = (other / "dev.txt").read_text().replace("snow", "rain")
    (other / "dev.txt").write_text(text)
    result = evaluate_run(place / "run1", folder=other, split="dev")
    assert any("not what the run used" in warning for warning in result.warnings)
    assert evaluate_run(place / "run1", split="dev").warnings == ()


def test_page_latex_and_markdown(place, tmp_path):
    page = tmp_path / "page.html"
    gmf("evaluate", place / "run1", "--html", page)
    assert "<svg" in page.read_text()
    assert "\\begin{tabular}" in gmf("evaluate", place / "run1", "--latex").stdout
    assert "|" in gmf("evaluate", place / "run1", "--markdown").stdout


def test_the_page_has_the_table_of_controls(place, tmp_path):
    page = tmp_path / "page.html"
    gmf("evaluate", place / "run1", "--images", "real,shuffled,none", "--html", page)
    text = page.read_text()
    assert "What the image contributes" in text
    assert "shuffled" in text
    gmf("evaluate", place / "run1", place / "run2", "--images", "real,none", "--html", page)
    assert page.read_text().count("What the image contributes") == 2


def test_predictions_and_controls_are_those_of_every_run(place, tmp_path):
    runs = [place / "run1", place / "run2"]
    path = tmp_path / "p.jsonl"
    result = gmf("evaluate", *runs, "--images", "real,none", "--predictions", path, "--json")
    assert not path.exists()
    for number, run in enumerate(runs, start=1):
        own = tmp_path / f"p-{number}.jsonl"
        assert f"predictions of {run} written to {own}" in " ".join(result.stderr.split())
        gmf("evaluate", run, "--predictions", tmp_path / "alone.jsonl")
        assert own.read_text() == (tmp_path / "alone.jsonl").read_text()
    content = json.loads(result.stdout)
    for run in content["runs"]:
        assert [row["images"] for row in run["controls"]] == ["real", "none"]
    assert content["runs"][0]["controls"] != content["runs"][1]["controls"]
    shown = gmf("evaluate", *runs, "--images", "real,none").stdout
    assert shown.count("What the image contributes") == 2


def refused(*runs):
    result = runner.invoke(app, ["evaluate", *map(str, runs)])
    assert isinstance(result.exception, ConfigError)
    return str(result.exception)


def test_runs_of_two_configurations_have_no_mean(place):
    message = refused(place / "run1", place / "run2", place / "text-only")
    assert "run1 and" in message
    assert "text-only differ in more than their seed" in message
    assert "model.name: 'gmf' and 'bert-crf'" in message
    assert "gmf compare" in message


def test_a_run_counts_once(place):
    assert "have one seed" in refused(place / "run1", place / "run1")


def test_runs_that_were_trained_otherwise_have_no_mean(place, tmp_path):
    config = read_yaml(place / "run2" / "config.yaml")
    other = tmp_path / "run2"
    shutil.copytree(place / "run2", other)
    config["training"]["epochs"] = 9
    (other / "config.yaml").write_text(yaml.safe_dump(config))
    assert "training.epochs: 1 and 9" in refused(place / "run1", other)
