"""The model to start from, as it lies in the repository."""

import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import onnxruntime
import pytest

import gmf
from gmf.core.installed import installed_model
from gmf.prediction.onnx import model

PROJECT = Path(__file__).parents[2] / "starter"
MODEL = PROJECT / "gmf_starter"
TEXT = "just saw Star Wars with Anna at the Odeon in leicester square lol"


def test_it_finds_who_and_where():
    found = {(e.text, e.type): e.confidence for e in gmf.load(MODEL)(TEXT).entities}
    assert found.keys() >= {("Anna", "PER"), ("leicester square", "LOC")}
    assert found["Anna", "PER"] > 0.7


@pytest.fixture
def threads(monkeypatch):
    """Threads of each session that is made."""
    made = []
    plain = onnxruntime.InferenceSession

    def session(path, options, **others):
        made.append(options.intra_op_num_threads)
        return plain(path, options, **others)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    return made


@pytest.mark.parametrize("cores", [1, 3])
def test_it_computes_one_pass_on_each_core_that_it_is_given(monkeypatch, threads, cores):
    monkeypatch.setenv("OMP_NUM_THREADS", str(cores))
    assert gmf.load(MODEL, device="cpu").engine.model.at_once == cores
    assert threads == [1]


def test_the_passes_of_a_large_graph_share_all_threads(monkeypatch, threads):
    monkeypatch.setattr(model, "SMALL", 0)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert gmf.load(MODEL, device="cpu").engine.model.at_once == 2
    assert threads == [3]


def test_sums_and_normalisation_are_not_fused_into_a_slower_kernel(monkeypatch, tmp_path):
    plain = onnxruntime.SessionOptions

    def options():
        made = plain()
        made.optimized_model_filepath = str(tmp_path / "runs.onnx")
        return made

    monkeypatch.setattr(onnxruntime, "SessionOptions", options)
    gmf.load(MODEL, device="cpu")
    kernels = {node.op_type for node in onnx.load(tmp_path / "runs.onnx").graph.node}
    assert "LayerNormalization" in kernels
    assert "SkipLayerNormalization" not in kernels
    assert "MatMulIntegerToFloat" in kernels


def test_it_is_small_and_made_from_open_corpora_alone():
    files = [path for path in PROJECT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40e6
    info = json.loads((MODEL / "export.json").read_text())
    assert info["images"] is None
    parts = {part["source"].split("/")[0] for part in info["provenance"]["data"]}
    assert parts == {"btc", "wnut17", "tweebank_ner"}
    assert "CC BY 4.0" in (PROJECT / "LICENSE").read_text()


@pytest.mark.skipif(installed_model("starter") is None, reason="pip install ./starter")
def test_a_command_that_names_no_model_takes_it():
    command = [sys.executable, "-X", "importtime", "-m", "gmf", "predict", "--text", TEXT, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    assert "the starter model, is used" in done.stderr
    assert "leicester square" in [e["text"] for e in json.loads(done.stdout)["entities"]]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"torch", "transformers"}
