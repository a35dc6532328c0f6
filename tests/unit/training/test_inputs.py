"""What a run depends on beside its configuration."""

import os
import sys
from collections import Counter
from dataclasses import replace

from gmf.core.registry import CODE_VARIABLE
from gmf.core.types import ImageInput, Region, Sample
from gmf.models.baselines.bert import BertTagger
from gmf.models.gmf import Gmf
from gmf.training import inputs
from gmf.training.inputs import changes, code_digests, image_digest


def test_the_digest_of_images_is_of_their_content_regions_and_samples(tmp_path):
    files = [tmp_path / "a", tmp_path / "b", tmp_path / "copy of a"]
    for file, content in zip(files, (b"a", b"b", b"a"), strict=True):
        file.write_bytes(content)
    a, b, copy = (ImageInput(file, (Region((0, 0, 1, 2)),)) for file in files)

    def digest(*images):
        return image_digest([Sample(str(n), ("w",), images=own) for n, own in enumerate(images)])

    found = [
        digest((a, b), ()),
        digest((a,), (b,)),
        digest((b, a), ()),
        digest((a,), ()),
        digest((), (a,)),
        digest((a,), (ImageInput(tmp_path / "absent"),)),
        digest((a,), (ImageInput(b"bytes"),)),
        digest((a,), (replace(b, regions=()),)),
        digest((a,), (replace(b, regions=(Region(crop=files[0]),)),)),
        digest((a,), (replace(b, regions=(Region((0, 0, 1, 2), score=0.5),)),)),
    ]
    assert len(set(found)) == len(found)
    assert digest((a, b), ()) == digest((copy, b), ())
    os.mkfifo(tmp_path / "pipe")
    assert digest((ImageInput(tmp_path / "pipe"),)) == digest((ImageInput(tmp_path / "absent"),))
    assert digest((a,), (ImageInput(b"b", b.regions),)) == digest((a,), (b,))


def test_changes_are_named_and_short_ones_shown():
    before = {"data": [{"part": "train", "digest": "1"}, {"part": "dev", "digest": "2"}]}
    before |= {"images": "1" * 64, "versions": {"gmf": "1", "torch": "2"}, "precision": "fp32"}
    now = {"data": [{"part": "train", "digest": "9"}, {"part": "dev", "digest": "2"}]}
    now |= {"images": "2" * 64, "versions": {"gmf": "1", "torch": "3"}, "precision": "bf16"}
    assert changes(before, {**now, "code": {"gmf": "1"}, "seed": 1}) == {
        "data": "train",
        "images": "",
        "versions": "torch (2 there, 3 now)",
        "precision": "fp32 there, bf16 now",
    }
    assert changes(before, before) == {}


def test_a_value_of_twenty_letters_is_short():
    for length, shown in ((20, f"{'a' * 20} there, b now"), (21, "")):
        assert changes({"code": "a" * length}, {"code": "b"}) == {"code": shown}


def test_every_file_of_code_counts_also_two_of_one_name(tmp_path, monkeypatch):
    files = [tmp_path / folder / "model.py" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text("x = 1\n")
    monkeypatch.setenv(CODE_VARIABLE, os.pathsep.join(map(str, files)))
    before = code_digests(Gmf)
    assert before.keys() == {"gmf", "model.py"}
    for file in files:
        file.write_text("x = 2\n")
        assert code_digests(Gmf)["model.py"] != before["model.py"]
        file.write_text("x = 1\n")
    assert code_digests(Gmf) == before


def test_code_of_several_models_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(inputs, "sha256_of", lambda path: read.append(path) or "0")
    assert code_digests(Gmf, BertTagger) == code_digests(BertTagger)
    assert set(Counter(read).values()) == {2}


def test_of_a_package_with_a_model_every_module_counts(tmp_path, monkeypatch):
    package = tmp_path / "strangers_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("SIZE = 1\n")
    (package / "model.py").write_text(
        "from gmf.models.gmf import Gmf\n\n\nclass Mine(Gmf):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(CODE_VARIABLE, "")
    from strangers_models.model import Mine

    before = code_digests(Mine)
    assert before.keys() == {"gmf", "strangers_models"}
    assert code_digests(Mine, Gmf, Mine) == before
    (package / "parts.py").write_text("SIZE = 2\n")
    assert code_digests(Mine)["strangers_models"] != before["strangers_models"]
    for name in [name for name in sys.modules if name.startswith("strangers_models")]:
        del sys.modules[name]
