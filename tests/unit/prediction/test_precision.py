"""What a loaded model computes in: named, checked, and the model's passes alone."""

import pickle

import pytest
import torch
from fixtures.command import exit_status

import gmf
from gmf.core.errors import ConfigError
from gmf.core.plain import plain
from gmf.experiments.evaluate import evaluate_run
from gmf.models.runtime import resolve_precision
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import mixed_samples, tiny_checkpoint, tiny_tagger

TEXT = "Rocky is ready for snow season in New York !"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("run") / "run")


def confidences(run, samples, precision):
    nlp = gmf.load(run, precision=precision)
    found = [entity.confidence for document in nlp.predict(samples) for entity in document.entities]
    assert not torch.is_autocast_enabled("cpu")
    return found


def test_bf16_computes_otherwise_and_gives_nearly_the_same(run, tmp_path):
    samples = mixed_samples(tmp_path)
    exact, rounded = (confidences(run, samples, name) for name in ("fp32", "bf16"))
    own = TorchEngine(tiny_tagger()).predict(samples)
    assert exact == [entity.confidence for prediction in own for entity in prediction.entities]
    assert rounded != exact
    assert rounded[:3] == pytest.approx(exact[:3], abs=0.05)


@pytest.mark.parametrize(
    ("capable", "device", "expected"),
    [
        ({"amx_bf16": True}, "cpu", "bf16"),
        ({"avx512_bf16": True}, "cpu", "bf16"),
        ({"avx512_f": True}, "cpu", "fp32"),
        ({"amx_bf16": True}, "mps", "fp32"),
    ],
)
def test_auto_takes_bf16_where_the_device_multiplies_it(monkeypatch, capable, device, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capable)
    assert resolve_precision("auto", torch.device(device)) == expected
    assert resolve_precision("fp32", torch.device(device)) == "fp32"


def test_the_device_that_computes_decides_not_the_one_that_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {})
    assert resolve_precision("auto", torch.device("cuda", 1)) == "bf16"
    assert resolve_precision("auto") == "bf16"
    assert resolve_precision("auto", torch.device("cpu")) == "fp32"


def test_a_copy_computes_in_what_the_pipeline_computes_in(run):
    nlp = gmf.load(run, precision="bf16")
    copy = pickle.loads(pickle.dumps(nlp))
    assert copy.precision == "bf16"
    assert copy(TEXT) == nlp(TEXT)


def test_evaluation_computes_in_what_is_asked_for(run, tmp_path):
    (tmp_path / "test.txt").write_text("IMGID:1\nRocky\tB-PER\nin\tO\nOslo\tB-LOC\nsnow\tO\n")
    exact, rounded = (
        plain(evaluate_run(run, folder=tmp_path, precision=name).pairs) for name in ("fp32", "bf16")
    )
    assert exact != rounded
    assert exact[0]["predicted"] == rounded[0]["predicted"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "RUN", "--text", TEXT),
        ("predict", "RUN", "posts.jsonl", "--output", "out.jsonl"),
        ("evaluate", "RUN", "--data", "data"),
        ("serve", "RUN", "--port", "0"),
    ],
)
def test_what_is_no_precision_is_refused_with_the_nearest(run, monkeypatch, capsys, arguments):
    words = [str(run) if word == "RUN" else word for word in arguments]
    assert exit_status(monkeypatch, *words, "--precision", "bf61") == 2
    told = capsys.readouterr().err
    assert "precision 'bf61': expected auto, fp32, bf16; did you mean 'bf16'?" in told
    with pytest.raises(ConfigError, match=r"precision 'half': expected auto, fp32, bf16$"):
        gmf.load(run, precision="half")
