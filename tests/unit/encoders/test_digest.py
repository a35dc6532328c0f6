import hashlib

import pytest
import torch

from gmf.core.errors import EncoderError
from gmf.encoders.digest import is_verified, read_digest, write_digest
from gmf.encoders.module_digest import digest_of_module


def test_manifest_covers_every_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "vocab.txt").write_text("a")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    write_digest(tmp_path)
    assert read_digest(tmp_path) == hashlib.sha256(b"weights").hexdigest()
    assert is_verified(tmp_path)
    (tmp_path / "sub" / "vocab.txt").write_text("b")
    assert not is_verified(tmp_path)


def test_folder_without_manifest_or_weights(tmp_path):
    assert not is_verified(tmp_path)
    with pytest.raises(EncoderError, match="digest: cannot be read"):
        read_digest(tmp_path)
    write_digest(tmp_path)
    with pytest.raises(EncoderError, match="0 weights files"):
        read_digest(tmp_path)


def test_module_digest_sees_values_names_and_types():
    module = torch.nn.BatchNorm2d(3)
    first = digest_of_module(module)
    assert first == digest_of_module(module)
    with torch.no_grad():
        module.running_mean[1] = 0.5
    second = digest_of_module(module)
    assert second not in (first, digest_of_module(module.to(torch.bfloat16)))
    assert digest_of_module(torch.nn.Sequential(module)) != digest_of_module(module)
