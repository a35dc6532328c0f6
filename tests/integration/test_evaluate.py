import json
import shutil

import pytest
import yaml
from fixtures.corpus import write_corpus
from fixtures.training import config, tiny_run
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.config import read_yaml
from gmf.core.errors import ConfigError
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.several_runs import check_runs_differ_in_seed
from gmf.training.run import train
from gmf.training.run_folder import RunFolder

runner = CliRunner()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    options = [*tiny_run(folder), "training.precision=auto", "training.epochs=1"]
    for seed in (1, 2):
        train(config(options, f"seed={seed}"), folder / f"run{seed}")
    train(config(options, "model=bert-crf", "seed=3"), folder / "text-only")
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
    assert all(len(line) <= 80 for line in table.splitlines())


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


def test_what_is_read_otherwise_than_the_files_have_it_is_told(place, tmp_path):
    data = write_corpus(tmp_path / "data")
    (data / "regions.jsonl").write_text('{"image": "nowhere.jpg", "regions": []}\n')
    told = "1 of 1 images are none of split test and not there, such as 'nowhere.jpg'"
    assert evaluate_run(place / "run1", folder=data).notes == (f"{data}/regions.jsonl: {told}",)


def test_another_corpus_in_a_folder_of_the_same_name_is_warned_of(place, tmp_path, monkeypatch):
    run = shutil.copytree(place / "run1", tmp_path / "run")
    meta = next(run.glob("checkpoints/*/gmf.json"))
    content = json.loads(meta.read_text())
    content["data"]["folder"] = "data"
    meta.write_text(json.dumps(content))
    shutil.copytree(place / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert evaluate_run(run).warnings == ()
    text = (tmp_path / "data/train.txt").read_text()
    (tmp_path / "data/train.txt").write_text(text.replace("snow", "rain"))
    (warning,) = evaluate_run(run).warnings
    assert warning.startswith("data: its training posts are not those that the run was trained on")
    assert evaluate_run(run, folder=place / "data").warnings == ()


def test_files_that_are_read_are_not_written_over(place, tmp_path):
    shutil.copytree(place / "data", tmp_path / "data")
    own = tmp_path / "data" / "test.txt"
    before = own.read_text()
    words = ["evaluate", str(place / "run1"), "--data", str(tmp_path / "data")]
    for option, path, fault in (
        ("--predictions", own, "test.txt: is read by this command"),
        ("--html", own, "test.txt: is read by this command"),
        ("--html", tmp_path / "none/a.html", "no such folder as .*none; make it first"),
        ("--predictions", tmp_path / "none/a.jsonl", "no such folder as .*none; make it first"),
    ):
        with pytest.raises(ConfigError, match=fault):
            runner.invoke(app, [*words, option, str(path)], catch_exceptions=False)
    assert own.read_text() == before


def test_a_run_that_is_not_finished_says_so_and_has_no_mean_with_one_that_is(place, tmp_path):
    run = shutil.copytree(place / "run2", tmp_path / "run2")
    state = json.loads((run / "state.json").read_text())
    (run / "state.json").write_text(json.dumps({**state, "finished": False}))
    assert any("is not finished" in warning for warning in evaluate_run(run).warnings)
    assert not any("finished" in warning for warning in evaluate_run(place / "run2").warnings)
    with pytest.raises(ConfigError, match="finished"):
        check_runs_differ_in_seed([str(place / "run1"), str(run)])


def test_posts_with_images_are_those_of_the_data_for_a_model_that_reads_none(place):
    content = json.loads(gmf("evaluate", place / "text-only", "--json").stdout)
    own = json.loads(gmf("evaluate", place / "run1", "--json").stdout)
    gold = {kind: row["gold"] for kind, row in content["image"].items()}
    assert gold == {kind: row["gold"] for kind, row in own["image"].items()}
    assert gold["with image"] > 0


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
    assert " ".join(shown.split()).count("What the image contributes") == 2


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


def test_runs_are_compared_as_their_predictions_are(place, tmp_path):
    files = [tmp_path / f"{name}.jsonl" for name in ("run1", "text-only")]
    for file in files:
        gmf("evaluate", place / file.stem, "--predictions", file)
    of_files = json.loads(gmf("compare", *files, "--json").stdout)
    of_runs = json.loads(gmf("compare", place / "run1", place / "text-only", "--json").stdout)
    assert of_runs == of_files
    refused = runner.invoke(app, ["compare", str(place / "run1"), str(files[1])])
    assert "expected two files of predictions, or two runs" in str(refused.exception)


def test_posts_of_a_pass_change_no_score(place):
    one = json.loads(gmf("evaluate", place / "run1", "--batch-size", 1, "--json").stdout)
    many = json.loads(gmf("evaluate", place / "run1", "--batch-size", 7, "--json").stdout)
    assert one["lenient"] == many["lenient"]


def test_other_names_of_types_are_read_as_those_of_the_model(place, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(place / "data", other)
    for file in other.glob("*.txt"):
        file.write_text(file.read_text().replace("-PER", "-person").replace("-LOC", "-geo"))
    refused = runner.invoke(app, ["evaluate", str(place / "run1"), "--data", str(other)])
    assert "person" in str(refused.exception)
    aliases = ["--alias", "person=PER", "--alias", "geo=LOC"]
    renamed = json.loads(
        gmf("evaluate", place / "run1", "--data", other, *aliases, "--json").stdout
    )
    own = json.loads(gmf("evaluate", place / "run1", "--json").stdout)
    assert renamed["lenient"] == own["lenient"]
    assert renamed["seen"] == own["seen"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_exported_model_is_evaluated_as_its_run_is(place, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    gmf("export", place / "text-only", "--out", tmp_path / "exported")
    command = ["evaluate", tmp_path / "exported"]
    refused = runner.invoke(app, list(map(str, command)))
    assert "names no data folder; add --data DIR" in str(refused.exception)
    exported = json.loads(gmf(*command, "--data", place / "data", "--json").stdout)
    own = json.loads(gmf("evaluate", place / "text-only", "--json").stdout)
    assert exported["lenient"] == own["lenient"]
    assert exported["provenance"]["data"] == own["provenance"]["data"]


def test_groups_of_the_data_folder_or_of_a_stated_file(place, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(place / "data", data)
    rows = [
        f"{split}{n}\t{'own' if n % 2 else 'other'}"
        for split in ("train", "test")
        for n in range(4)
    ]
    (data / "groups.tsv").write_text("\n".join(["id\ttopic", *rows]) + "\n")
    words = ["evaluate", place / "run1", "--data", data, "--images", "real,none"]
    content = json.loads(gmf(*words, "--json").stdout)
    assert {name: row["posts"] for name, row in content["groups"]["topic"].items()} == {
        "other": 2,
        "own": 2,
    }
    by_group = content["controls_by_group"]["topic"]
    assert [(row["topic"], row["images"]) for row in by_group][:2] == [
        ("other", "real"),
        ("other", "none"),
    ]
    (data / "groups.tsv").rename(tmp_path / "mine.tsv")
    stated = ["evaluate", place / "run1", place / "run2", "--groups", tmp_path / "mine.tsv"]
    assert "2 runs, by topic" in gmf(*stated).stdout
    (tmp_path / "mine.tsv").write_text("id\ttopic\nnobody\tx\n")
    failed = runner.invoke(app, [str(word) for word in stated])
    assert "mine.tsv: groups: has none of the 4 posts (ids there: nobody" in str(failed.exception)


def test_exports_have_a_mean_as_runs_have(tmp_path):
    def exported(name, model, seed):
        meta = {"model": model, "types": ["PER"], "provenance": {"seed": seed}}
        (tmp_path / name).mkdir()
        (tmp_path / name / "export.json").write_text(json.dumps(meta))
        return tmp_path / name

    one, other = exported("one", "gmf", 1), exported("other", "gmf", 2)
    check_runs_differ_in_seed([one, other])
    with pytest.raises(ConfigError, match="model: 'gmf' and 'bert-crf'"):
        check_runs_differ_in_seed([one, exported("text-only", "bert-crf", 3)])
    with pytest.raises(ConfigError, match="have one seed"):
        check_runs_differ_in_seed([one, one])


@pytest.mark.parametrize("key", ["init", "images"])
def test_runs_that_began_otherwise_have_no_mean(place, tmp_path, key):
    other = shutil.copytree(place / "run2", tmp_path / "run2")
    path = RunFolder(other).best() / "gmf.json"
    meta = json.loads(path.read_text())
    changed = {"digest": "a" * 64} if key == "init" else {"train": "a" * 64, "dev": "a" * 64}
    meta["provenance"][key] = changed
    path.write_text(json.dumps(meta))
    assert key in refused(place / "run1", other)


def test_what_a_comparison_leaves_out_is_told(place, tmp_path):
    a, b, gold = (tmp_path / f"{name}.jsonl" for name in ("a", "b", "gold"))
    gmf("evaluate", place / "run1", "--predictions", a)
    lines = a.read_text().splitlines(keepends=True)
    rows = [json.loads(line) for line in lines]
    b.write_text("".join(lines[1:]))
    labelled = [{"id": r["id"], "tokens": r["tokens"], "tags": r["gold_tags"]} for r in rows]
    gold.write_text("".join(json.dumps(row) + "\n" for row in labelled))
    told = gmf("compare", a, b, "--gold", gold).stderr
    assert "b.jsonl: 1 posts without a prediction, read as all O" in " ".join(told.split())
    told = gmf("score", gold, a, b).stderr
    assert "b.jsonl: 1 posts without a prediction, read as all O" in " ".join(told.split())
    for words in ((a, b, "--split", "dev"), (place / "run1", place / "run2", "--gold", gold)):
        done = runner.invoke(app, ["compare", *map(str, words)])
        assert isinstance(done.exception, ConfigError)
        assert "leave it out" in str(done.exception)
