"""A full disk is one error, whichever library writes the tensors."""

import resource

import pytest
import torch
from torch import nn

from gmf.core.errors import CheckpointError, EncoderError
from gmf.encoders.converters.saving import save_image_encoder
from gmf.encoders.scratch import ScratchConfig, write_scratch_encoder
from gmf.encoders.writing import writing
from gmf.models.checkpoint import save_weights
from gmf.testing import tiny_image_encoder


def saved_state(path):
    with writing(path, raises=CheckpointError):
        torch.save({"state": torch.zeros(2500)}, path)


def image_encoder(path):
    path.mkdir()
    model = tiny_image_encoder().model.to(memory_format=torch.contiguous_format)
    save_image_encoder(model, folder=path, processor={})


def scratch_encoder(path):
    config = ScratchConfig(layers=1, hidden_dim=32, heads=1, max_subwords=8)
    write_scratch_encoder(path, [["Ann", "Ann"]], config=config)


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda path: save_weights(nn.Linear(50, 50), path), CheckpointError),
        (saved_state, CheckpointError),
        (image_encoder, EncoderError),
        (scratch_encoder, EncoderError),
    ],
)
def test_a_full_disk_is_one_error_that_tells_of_room(tmp_path, write, error):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # Writing fails beyond it.
    try:
        with pytest.raises(error, match=r"weights.*: cannot be written .* MB are free"):
            write(tmp_path / "weights")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
