"""The functions at the top of the package do what the commands do."""

import json

import pytest
from fixtures.corpus import write_corpus

import gmf
from gmf.core.errors import ConfigError, DataError
from gmf.experiments.presets import load_run_config
from gmf.testing import save_tiny_encoders


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    text, image = save_tiny_encoders(folder)
    data = write_corpus(folder / "data")
    run = gmf.train(
        "twitter2017",
        run=folder / "run",
        data={"folder": data},
        encoders={"text": text, "image": image},
        model={"name": "bert-crf", "dropout": 0.25},
        training={"epochs": 2, "batch_size": 4, "precision": "fp32"},
        seed=3,
    )
    return run, data


def test_options_are_laid_over_the_preset(trained):
    run, data = trained
    config = load_run_config(str(run.folder / "config.yaml"))
    assert config.model.model_dump()["name"] == "bert-crf"
    assert config.model.model_dump()["dropout"] == 0.25
    assert (config.training.epochs, config.seed, config.data.folder) == (2, 3, data)
    assert config.training.learning_rate == load_run_config("twitter2017").training.learning_rate
    assert (run.epochs, 1 <= run.best_epoch <= 2, 0 <= run.best_f1 <= 1) == (2, True, True)


def test_a_wrong_option_fails_before_work(tmp_path):
    with pytest.raises(ConfigError, match="epoch"):
        gmf.train("twitter2017", run=tmp_path / "run", training={"epoch": 2})
    assert not (tmp_path / "run").exists()


def test_evaluate_and_score_agree(trained):
    run, data = trained
    result = gmf.evaluate(run.folder, split="dev")
    samples = gmf.read_samples(data, split="dev")
    documents = [next(iter(gmf.load(run.folder).predict([sample]))) for sample in samples]
    report = gmf.score(samples, documents)
    assert report.scores == result.report.scores
    assert gmf.score(samples, [document.tags for document in documents]).scores == report.scores
    assert gmf.score(samples, [sample.tags for sample in samples]).scores.lenient.micro.f1 == 1


def test_files_and_folders_are_read(trained):
    _, data = trained
    path = next(data.glob("test.*"))
    assert gmf.read_samples(path) == gmf.read_samples(data, split="test")
    with pytest.raises(ConfigError, match="split='train', 'dev' or 'test'"):
        gmf.read_samples(data)
    with pytest.raises(ConfigError, match="is a file"):
        gmf.read_samples(path, split="test")


def test_files_are_scored_and_predicted(trained, tmp_path):
    run, data = trained
    gold = next(data.glob("test.*"))
    report = gmf.predict_files(run.folder, gold, tmp_path / "out.jsonl", batch_size=2)
    assert report.documents == len(gmf.read_samples(gold))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    scores = gmf.score(gold, tmp_path / "out.jsonl").scores
    assert scores == gmf.score(gmf.read_samples(gold), [row["tags"] for row in rows]).scores
    with pytest.raises(ConfigError, match="batch"):
        gmf.predict_files(run.folder, gold, tmp_path / "two.jsonl", batchsize=2)


def test_sides_that_do_not_fit_are_refused(trained):
    _, data = trained
    samples = gmf.read_samples(data, split="dev")
    with pytest.raises(DataError, match="expected as many"):
        gmf.score(samples, [])
    with pytest.raises(DataError, match="tags, one a word, got 1"):
        gmf.score(samples, [["O"]] * len(samples))
    with pytest.raises(ConfigError, match="two files"):
        gmf.score(samples, "predictions.jsonl")
