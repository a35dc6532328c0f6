"""What a checkpoint's folder may and may not do."""

import json
import shutil

import pytest
import torch
from torch import nn

from gmf.core.errors import CheckpointError
from gmf.models.checkpoint import (
    PROCESSOR,
    TOKENIZER,
    load_tagger,
    load_weights,
    save_weights,
)
from gmf.testing import tiny_checkpoint


@pytest.mark.parametrize(
    ("folder", "file", "kind"),
    [
        (TOKENIZER, "tokenizer_config.json", "AutoTokenizer"),
        (PROCESSOR, "preprocessor_config.json", "AutoImageProcessor"),
    ],
)
def test_code_in_a_checkpoint_is_never_run_nor_asked_about(
    tmp_path, monkeypatch, folder, file, kind
):
    path = tiny_checkpoint(tmp_path / "checkpoint") / folder
    marker = tmp_path / "was run"
    (path / "foreign.py").write_text(f"open({str(marker)!r}, 'w')\nclass Foreign: pass\n")
    options = json.loads((path / file).read_text())
    names = ["foreign.Foreign", None] if folder == TOKENIZER else "foreign.Foreign"
    options |= {"auto_map": {kind: names}, "tokenizer_class": "Foreign"}
    options |= {"image_processor_type": "Foreign"}
    (path / file).write_text(json.dumps(options))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(CheckpointError, match="trust_remote_code"):
        load_tagger(path.parent)
    assert not marker.exists()


@pytest.mark.parametrize("name", [TOKENIZER, PROCESSOR])
def test_a_copy_without_its_folders_is_named(tmp_path, name):
    folder = tiny_checkpoint(tmp_path / "checkpoint")
    shutil.rmtree(folder / name)
    with pytest.raises(CheckpointError, match=rf"checkpoint: .*incomplete.*: {name}/ is absent"):
        load_tagger(folder)


def test_weights_in_one_storage_are_saved_and_read_like_others(tmp_path):
    lstm, other = nn.LSTM(3, 2), nn.LSTM(3, 2)
    expected = {name: weight.clone() for name, weight in lstm.state_dict().items()}
    # As cuDNN keeps them, with room between: nothing covers the storage.
    storage, start = torch.zeros(200), 1
    for weight in lstm.parameters():
        room = storage[start : start + weight.numel()].view_as(weight)
        weight.data = room.copy_(weight.data)
        start += weight.numel() + 1
    save_weights(lstm, tmp_path / "weights")
    load_weights(other, tmp_path / "weights")
    load_weights(lstm, tmp_path / "weights")
    for read in (other, lstm):
        torch.testing.assert_close(dict(read.state_dict()), expected, rtol=0, atol=0)


def test_tied_weights_stay_tied(tmp_path):
    def tied():
        layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        layers[1].weight = layers[0].weight
        return layers

    model, read = tied(), tied()
    save_weights(model, tmp_path / "weights")
    load_weights(read, tmp_path / "weights")
    assert torch.equal(read[1].weight, model[0].weight)
    assert read[1].weight is read[0].weight
