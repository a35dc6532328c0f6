"""What a run depends on beside its configuration."""

import os
from dataclasses import replace

from gmf.core.types import ImageInput, Region, Sample
from gmf.training.inputs import changes, image_digest


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
