"""A run with a teacher: it is drawn to it, resumes bit for bit, and tells another teacher."""

import json
import re
import shutil

import pytest
import torch
from fixtures.training import KillError, config, kill_at, tiny_run
from safetensors.torch import load_file, save_file

from gmf.core.errors import ConfigError
from gmf.core.files import sha256_of
from gmf.training.run import train
from gmf.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teaching")
    own = [*tiny_run(folder, train=24, dev=8), "training.learning_rate=1e-2"]
    teacher = config(own, "model=gmf", "model.subword_labels=x", "training.epochs=1")
    train(teacher, folder / "teacher")
    return [*own, "model=bert-crf", "training.epochs=3", f"training.teacher={folder / 'teacher'}"]


def killed(configured, run, *, epoch, **arguments):
    with pytest.raises(KillError):
        train(configured, run, on_step=kill_at(epoch, 2), **arguments)


def test_a_student_is_drawn_to_its_teacher_and_goes_on_as_if_never_killed(options, tmp_path):
    configured = config(options, "training.teacher_weight=20", "training.new_learning_rate=1e-2")
    state, _ = train(configured, tmp_path / "unbroken")
    apart = [row["losses"]["teaching"] for row in state.history]
    assert apart[-1] < apart[0] / 2
    killed(configured, tmp_path / "broken", epoch=2)
    state, _ = train(configured, tmp_path / "broken")
    assert [row["losses"]["teaching"] for row in state.history] == apart
    one, other = (
        load_file(RunFolder(tmp_path / name).checkpoint(3) / "model.safetensors")
        for name in ("unbroken", "broken")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_images_that_the_teacher_alone_reads_count_too(options, tmp_path):
    data = shutil.copytree(options[0].partition("=")[2], tmp_path / "data")
    configured = config(options, f"data.folder={data}", "training.epochs=2")
    killed(configured, tmp_path / "run", epoch=2)
    next((data / "images").iterdir()).unlink()
    with pytest.raises(ConfigError, match=r"other inputs .*images: train"):
        train(configured, tmp_path / "run")


def test_another_teacher_is_told_like_other_data(options, tmp_path):
    *_, named = options
    teacher = shutil.copytree(named.partition("=")[2], tmp_path / "teacher")
    configured = config(options, f"training.teacher={teacher}", "training.epochs=2")
    killed(configured, tmp_path / "run", epoch=2)
    weights = RunFolder(teacher).best() / "model.safetensors"
    noted = json.loads((tmp_path / "run" / "provenance.json").read_text())["teacher"]
    assert noted["digest"] == sha256_of(weights)
    assert re.fullmatch(r"gmf on .*tiny-bert and .*tiny-resnet", noted["name"])
    save_file({name: value + 0.01 for name, value in load_file(weights).items()}, weights)
    with pytest.raises(ConfigError, match=r"other inputs .*teacher: digest"):
        train(configured, tmp_path / "run")
    assert train(configured, tmp_path / "run", accept_changes=True)[0].finished
