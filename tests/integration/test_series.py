"""Folds, learning curves and searches: what each run sees, and that none is repeated."""

import json
import shutil
from pathlib import Path

import pytest
from fixtures.training import tiny_run
from typer.testing import CliRunner

import gmf.training.run
from gmf.cli.main import app
from gmf.core.errors import ConfigError, TrainingError
from gmf.experiments.presets import load_run_config
from gmf.experiments.series import fold_splits, size_splits
from gmf.reading.readers import read_split


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    quick = ["model=bert-crf", "training.epochs=2"]
    return [*tiny_run(tmp_path_factory.mktemp("series")), *quick]


@pytest.fixture
def config(options):
    return load_run_config("twitter2017", options)


def ids(samples):
    return [sample.id for sample in samples]


def test_every_sample_is_for_dev_in_one_fold_and_test_is_never_seen(config):
    folds = fold_splits(config, 3)
    given = [s for name in ("train", "dev") for s in ids(read_split(config.data.folder, name))]
    assert sorted(s for fold in folds.values() for s in ids(fold["dev"])) == sorted(given)
    sizes = [len(fold["dev"]) for fold in folds.values()]
    assert max(sizes) - min(sizes) <= 1
    for fold in folds.values():
        assert sorted(ids(fold["train"]) + ids(fold["dev"])) == sorted(given)
    assert fold_splits(config, 3) == folds
    with pytest.raises(ConfigError, match=r"--folds 999: expected from 2 to \d+, the samples"):
        fold_splits(config, 999)


def test_a_larger_part_holds_each_smaller_one_and_every_type_is_in_the_first(config):
    train = read_split(config.data.folder, "train")
    parts = size_splits(config, ["75%", "6", "100%", "6"])
    assert [len(part["train"]) for part in parts.values()] == [6, len(train) * 3 // 4, len(train)]
    small, half, whole = (set(ids(part["train"])) for part in parts.values())
    assert small < half < whole == set(ids(train))
    types = {tag[2:] for sample in train for tag in sample.tags if tag != "O"}
    first = next(iter(parts.values()))["train"]
    assert {tag[2:] for sample in first for tag in sample.tags if tag != "O"} == types
    for size in ("0", "-3", "half", "101%", "0%", "9999"):
        with pytest.raises(ConfigError, match=f"size '{size}': expected a number of samples"):
            size_splits(config, [size])


class Epochs:
    """Counts epochs that are trained, and ends the process's work after some of them."""

    def __init__(self, monkeypatch):
        from gmf.training.trainer import Trainer

        self.done, self.most = 0, None
        plain = Trainer._epoch

        def counted(trainer, *arguments):
            if self.done == self.most:
                raise KeyboardInterrupt
            self.done += 1
            return plain(trainer, *arguments)

        monkeypatch.setattr(Trainer, "_epoch", counted)


@pytest.fixture
def epochs(monkeypatch):
    return Epochs(monkeypatch)


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "80"})


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        (["train", "--folds", "3"], ["fold-01", "fold-02", "fold-03"]),
        (["curve", "--sizes", "6,75%,100%"], None),
        (
            ["search", "--trials", "3", "--try", "training.learning_rate=log:1e-5..1e-3"],
            ["trial-001", "trial-002", "trial-003"],
        ),
    ],
)
def test_a_series_that_is_killed_goes_on_and_repeats_nothing(
    command, runs, options, tmp_path, epochs
):
    name, *flags = command
    arguments = [name, "twitter2017", *options, *flags, "--run", tmp_path / "series"]
    epochs.most = 3
    assert run(*arguments).exit_code != 0
    assert epochs.done == 3
    epochs.most = None
    done = run(*arguments)
    assert (done.exit_code, epochs.done) == (0, 6), done.output
    again = run(*arguments)
    assert (again.exit_code, epochs.done) == (0, 6)
    assert again.stdout == done.stdout
    folders = sorted(path.name for path in (tmp_path / "series").iterdir() if path.is_dir())
    assert folders == (runs or folders)
    assert len(folders) == 3
    assert all(folder in done.stdout for folder in folders)
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[:-1])


def test_a_search_tries_what_it_is_told_and_goes_on_with_more_trials(options, tmp_path, epochs):
    flags = ["--try", "model.dropout=0.1,0.3", "--try", "training.batch_size=2..4"]
    command = ["search", "twitter2017", *options, *flags, "--run", tmp_path, "--json"]
    first = json.loads(run(*command, "--trials", 2).stdout)
    assert len(first["trials"]) == 2
    second = json.loads(run(*command, "--trials", 4).stdout)
    assert second["trials"][:2] == first["trials"]
    assert epochs.done == 8
    for trial in second["trials"]:
        values = dict(option.split("=") for option in trial["options"])
        assert values["model.dropout"] in ("0.1", "0.3")
        assert 2 <= int(values["training.batch_size"]) <= 4
        config = load_run_config(str(tmp_path / trial["run"] / "config.yaml"))
        assert config.model.dropout == float(values["model.dropout"])
    best = max(second["trials"], key=lambda trial: trial["dev_f1"])
    assert best["dev_f1"] == {t["run"]: t["dev_f1"] for t in second["trials"]}[second["best"]]


def test_a_trial_whose_training_fails_counts_and_is_named(options, tmp_path, monkeypatch):
    plain = gmf.training.run.train

    def failing(config, path, **others):
        if path.name == "trial-001":
            raise TrainingError("the loss is nan")
        return plain(config, path, **others)

    monkeypatch.setattr(gmf.training.run, "train", failing)
    flags = ["--try", "model.dropout=0.1,0.3", "--trials", 2, "--run", tmp_path]
    done = run("search", "twitter2017", *options, *flags)
    assert done.exit_code == 0, done.output
    assert "failed" in done.stdout
    assert "trial-002: best dev F1" in done.stdout.replace("\n", "")


def test_a_series_of_other_data_is_refused(options, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(options[0].partition("=")[2], data)
    series = [*options, f"data.folder={data}", "training.epochs=1", "--run", tmp_path / "series"]
    command = ["train", "twitter2017", *series, "--folds", 2]
    assert run(*command).exit_code == 0
    path = data / "train.txt"
    path.write_text(path.read_text().replace("B-PER", "B-LOC", 1))
    again = run(*command)
    assert isinstance(again.exception, ConfigError)
    assert "holds another series (other data_digest)" in str(again.exception)
    (tmp_path / "series" / "series.json").write_text("{")
    assert "expected JSON that gmf wrote" in str(run(*command).exception)


def test_a_search_of_something_else_is_refused_and_more_trials_are_new_ones(options, tmp_path):
    quick = [*options, "training.epochs=1"]
    flags = ["--try", "model.dropout=0.1..0.5", "--run", tmp_path / "search", "--json"]
    command = ["search", "twitter2017", *quick, *flags, "--trials"]
    assert len(json.loads(run(*command, 2).stdout)["trials"]) == 2
    trials = json.loads(run(*command, 4).stdout)["trials"]
    assert len({tuple(trial["options"]) for trial in trials}) == 4
    other = run("search", "twitter2017", *quick, "training.batch_size=2", *flags, "--trials", 5)
    assert isinstance(other.exception, ConfigError)
    assert "holds another search (other config_digest)" in str(other.exception)


def test_a_launcher_of_several_processes_cannot_search(options, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    flags = ["--try", "model.dropout=0.1..0.5", "--run", tmp_path / "search"]
    done = run("search", "twitter2017", *options, *flags)
    assert "gmf search: works in one process, and a launcher started 2" in str(done.exception)


def test_a_file_may_leave_encoders_to_the_command_line(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("model: bert-crf\ntraining: {epochs: 1}\n")
    given = [option for option in options if not option.startswith(("model", "training.epochs"))]
    done = run("train", "own.yaml", *given)
    assert done.exit_code == 0, done.exception
    assert len(list(Path("runs").iterdir())) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "nothing to search; add --try"),
        (["model.dropout"], "expected a key once"),
        (["model.dropout=0.1"], "expected a key once"),
        (["model.dropout=log:a..b"], "expected a key once"),
        (["model.dropout=0.3..0.1"], "expected a key once"),
        (["model.drop=0.1,0.2"], "did you mean 'dropout'?"),
        (["training.warmup_ratio=0.1..7"], "training.warmup_ratio: Input should be less than"),
    ],
)
def test_what_cannot_be_searched_is_said_first(given, words, options, tmp_path):
    flags = [flag for item in given for flag in ("--try", item)]
    done = run("search", "twitter2017", *options, *flags, "--run", tmp_path / "x")
    assert isinstance(done.exception, ConfigError)
    assert words in str(done.exception)
    assert not (tmp_path / "x").exists()


def test_another_series_in_the_folder_is_refused(options, tmp_path):
    assert run("train", "twitter2017", *options, "--folds", 2, "--run", tmp_path).exit_code == 0
    done = run("train", "twitter2017", *options, "--folds", 3, "--run", tmp_path)
    assert "holds another series" in str(done.exception)
