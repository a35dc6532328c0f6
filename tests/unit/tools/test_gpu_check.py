"""``make gpu-check`` is right before there is a card: all of it runs on a CPU, at tiny shapes."""

import importlib
import json
import subprocess
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def gpu_check(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setenv("ACCELERATE_TORCH_DEVICE", "cpu")
    return importlib.import_module("gpu_check")


def test_without_a_card_it_says_so(gpu_check, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_check.main(["--out", str(tmp_path / "out"), "--device", "cuda:99"]) == 1
    assert "gpu-check: no card to check: device 'cuda:99': not available" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_figure_is_there(gpu_check, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_check, "run_tests", lambda device: {"passed": 1, "failed": 0})
    assert gpu_check.main(["--device", "cpu", "--tiny", "--out", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "cpu.json").read_text())
    assert figures["card"] == "cpu"
    for kind in ("none", "pixels"):
        seconds = figures[f"cache {kind}"].pop("seconds of a step by part, waited for")
        assert set(seconds) == {"data", "backbone", "fusion", "text", "optimiser", "other"}
        assert all(value > 0 for value in seconds.values())
        assert figures[f"cache {kind}"]["posts a second of training, dev apart"] > 0
    whole, bare = figures["step"], figures["bare encoder step"]
    assert 0 < bare["operations"] < whole["operations"]
    for step in (whole, bare):
        assert step["posts a second"] * step["seconds"] == pytest.approx(figures["batch"])
        assert 0 < step["share of the measured peak"] < 1
    assert set(figures["posts a second of prediction"]) == {"fp32", "bf16"}


@pytest.mark.parametrize(
    ("counts", "passed", "failed"),
    [
        ('tests="9" failures="2" errors="1" skipped="1"', 5, 3),
        ('tests="4" failures="0" errors="0" skipped="4"', 0, 1),
    ],
)
def test_tests_that_fail_or_do_not_run_count(gpu_check, monkeypatch, counts, passed, failed):
    def run(command, **_):
        assert "gpu" in command
        assert "tests/gpu" in command
        (report,) = (part for part in command if part.startswith("--junit-xml="))
        text = f'<testsuites><testsuite {counts} time="1.5"/></testsuites>'
        Path(report.removeprefix("--junit-xml=")).write_text(text)

    monkeypatch.setattr(subprocess, "run", run)
    found = gpu_check.run_tests(torch.device("cuda"))
    assert (found["passed"], found["failed"], found["seconds"]) == (passed, failed, 1.5)
