"""From which checkpoint a killed run goes on."""

import pytest

from gmf.core.errors import CheckpointError
from gmf.core.files import sha256_of
from gmf.training.resuming import last_whole
from gmf.training.run_files import checkpoint_folder
from gmf.training.run_state import RunState

FILES = ("gmf.json", "model.safetensors", "optimizer.pt")


def written(run, f1):
    """Return the state after epochs of these F1, whose checkpoints are in the run folder."""
    state = RunState()
    for number, value in enumerate(f1, 1):
        state.add({"epoch": number, "dev": {"lenient": {"micro": {"f1": value}}}})
        folder = checkpoint_folder(run, number)
        folder.mkdir(parents=True)
        for name in FILES:
            (folder / name).write_text(f"{name} {number}")
        state.digests[folder.name] = {name: sha256_of(folder / name) for name in FILES}
    return state


def test_a_whole_run_goes_on_after_its_last_epoch(tmp_path):
    state = written(tmp_path, [0.5, 0.3])
    assert last_whole(tmp_path, state, pytest.fail) is state


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_last_checkpoint_costs_its_epoch(tmp_path, name):
    state, notes = written(tmp_path, [0.5, 0.3, 0.1]), []
    (checkpoint_folder(tmp_path, 3) / name).write_text("?")
    found = last_whole(tmp_path, state, notes.append)
    assert (found.epochs_done, found.best_epoch) == (2, 1)
    assert len(notes) == 1
    assert f"epoch-003/{name}: damaged" in notes[0]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_damaged_best_checkpoint_stops_a_run_that_is_whole_otherwise(tmp_path, is_there):
    state = written(tmp_path, [0.5, 0.3, 0.1])
    path = checkpoint_folder(tmp_path, 1) / "model.safetensors"
    path.write_text("?") if is_there else path.unlink()
    with pytest.raises(CheckpointError, match=r"epoch-001.*it is the best so far \(epoch 1\)"):
        last_whole(tmp_path, state, pytest.fail)


def test_the_best_needs_no_optimiser(tmp_path):
    state = written(tmp_path, [0.5, 0.3])
    (checkpoint_folder(tmp_path, 1) / "optimizer.pt").unlink()
    assert last_whole(tmp_path, state, pytest.fail) is state


def test_a_file_that_cannot_be_read_now_is_no_damaged_one(tmp_path, monkeypatch):
    def fails(path):
        raise OSError(5, "Input/output error")

    state = written(tmp_path, [0.5])
    monkeypatch.setattr("gmf.training.resuming.sha256_of", fails)
    with pytest.raises(CheckpointError, match="cannot be read"):
        last_whole(tmp_path, state, pytest.fail)
