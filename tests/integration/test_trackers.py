"""Scalars of a run reach the trackers of Accelerate."""

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker
from fixtures.training import tiny_run
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.errors import ConfigError


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    quick = ["model=bert-crf", "training.epochs=2", "training.batch_size=8"]
    return [*tiny_run(tmp_path_factory.mktemp("trackers")), *quick]


def train(options, *more):
    return CliRunner().invoke(app, ["train", "twitter2017", *options, *map(str, more)])


class FakeTracker(GeneralTracker):
    """Stands where Accelerate has a tracker of Weights & Biases, whose service is outside."""

    name, requires_logging_directory, main_process_only = "fake", False, True
    said: list = []  # noqa: RUF012

    def __init__(self, run_name, **options):
        super().__init__(_blank=True)
        self.said.append(("project", run_name, options))

    def start(self):
        self.said.append(("start",))

    @property
    def tracker(self):
        return None

    def store_init_configuration(self, values):
        self.said.append(("config", values))

    def log(self, values, step=None, **_):
        self.said.append(("log", step, values))

    def finish(self):
        self.said.append(("finish",))


def test_a_tracker_gets_options_losses_and_scores(options, tmp_path, monkeypatch):
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "fake", FakeTracker)
    FakeTracker.said.clear()
    done = train(options, "--run", tmp_path / "run", "--tracker", "fake")
    assert done.exit_code == 0, done.output
    kinds = [said[0] for said in FakeTracker.said]
    assert kinds[:3] == ["project", "start", "config"]
    assert kinds[-1] == "finish"
    config = FakeTracker.said[2][1]
    assert config["training.epochs"] == 2
    assert config["model.name"] == "bert-crf"
    logs = [said[1:] for said in FakeTracker.said if said[0] == "log"]
    steps = [step for step, _ in logs]
    assert steps == sorted(steps)
    epochs = [values for _, values in logs if "epoch" in values]
    assert [values["epoch"] for values in epochs] == [1, 2]
    assert all(0 <= values["dev/f1_lenient"] <= 1 for values in epochs)
    assert all("epoch/total" in values for values in epochs)


def test_tensorboard_has_losses_by_step_and_scores_by_epoch(options, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert train(options, "--run", tmp_path / "run").exit_code == 0
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("dev/f1_lenient")] == [1, 2]
    steps = [event.step for event in events.Scalars("train/loss")]
    assert steps == list(range(1, len(steps) + 1))


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_the_run(options, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    done = train(options, "--run", tmp_path / "my-run", "--tracker", "mlflow")
    assert done.exit_code == 0, done.output
    [run] = mlflow.search_runs(experiment_names=["gmf"], output_format="list")
    assert run.info.run_name == "my-run"
    assert run.data.params["training.epochs"] == "2"
    assert "dev/f1_lenient" in run.data.metrics


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mlflo", "tracker 'mlflo': expected one of .*did you mean 'mlflow'?"),
        ("comet_ml", "tracker 'comet_ml': install it with: pip install comet_ml"),
    ],
)
def test_a_tracker_that_cannot_be_had_is_refused_before_the_run(options, tmp_path, name, words):
    done = train(options, "--run", tmp_path / "run", "--tracker", name)
    assert isinstance(done.exception, ConfigError)
    assert words.split(".*")[0] in str(done.exception)
    assert words.split(".*")[-1] in str(done.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "fault",
    ["encoders.text=/nowhere/bert", "data.folder=/nowhere", "training.epochs=0", "model=bertt"],
)
def test_a_failed_start_leaves_no_folder(options, tmp_path, monkeypatch, fault):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert train([*options, fault]).exit_code != 0
    assert list(tmp_path.iterdir()) == []
