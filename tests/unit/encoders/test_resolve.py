import pytest

from gmf.core.errors import EncoderError
from gmf.encoders.digest import write_digest
from gmf.encoders.install import encoders_root
from gmf.encoders.resolve import hub_error, resolve_encoder, resolve_pair


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))


def test_packaged_name_is_its_cache_folder():
    with pytest.raises(EncoderError, match=r"not installed.*gmf encoders install all-MiniLM-L6-v2"):
        resolve_encoder("all-MiniLM-L6-v2")
    folder = encoders_root() / "all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"")
    write_digest(folder)
    assert resolve_encoder("all-MiniLM-L6-v2") == folder


def test_folder_is_itself_and_anything_else_a_hub_id(tmp_path):
    assert resolve_encoder(str(tmp_path)) == tmp_path
    assert resolve_encoder("bert-base-uncased") == "bert-base-uncased"


def test_pairs():
    assert resolve_pair("minilm-mobilenet") == ("all-MiniLM-L6-v2", "mobilenet-v2-1.0-224")
    with pytest.raises(EncoderError, match=r"'bert-resnet'.*expected one of minilm-mobilenet"):
        resolve_pair("bert-resnet")


def test_hub_error_names_pairs_and_command():
    message = str(hub_error("bert-base-uncased", OSError("no route to host\nmore")))
    assert "'bert-base-uncased'" in message
    assert "(no route to host)" in message
    assert "minilm-mobilenet (all-MiniLM-L6-v2 + mobilenet-v2-1.0-224)" in message
    assert "gmf encoders install minilm-mobilenet" in message
