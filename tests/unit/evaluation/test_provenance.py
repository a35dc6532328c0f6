import gmf
from gmf.evaluation.provenance import (
    DataFingerprint,
    data_warnings,
    describe_hardware,
    digest_of_options,
    package_versions,
)

TRAIN = DataFingerprint("train", "train.txt", "a" * 64, 4000, "Twitter-2015 (original)")
TEST = DataFingerprint("test", "test.txt", "b" * 64, 3257, "Twitter-2015 (original)")
OTHER = DataFingerprint("test", "test.txt", "c" * 64, 3257, "Twitter-2015 (re-annotated)")


def test_same_data_gives_no_warning():
    assert data_warnings([TRAIN, TEST], evaluated=[TEST]) == []
    assert data_warnings([TRAIN], evaluated=[TEST]) == []


def test_other_content_and_other_copy_are_said():
    content, copy = data_warnings([TRAIN, TEST], evaluated=[OTHER])
    assert content.startswith("test: test.txt (Twitter-2015 (re-annotated), cccccccccccc) is not")
    assert "trained or selected on Twitter-2015 (original)" in copy


def test_digest_does_not_depend_on_key_order():
    assert digest_of_options({"a": 1, "b": {"c": 2}}) == digest_of_options({"b": {"c": 2}, "a": 1})
    assert digest_of_options({"a": 1}) != digest_of_options({"a": 2})


def test_versions_and_hardware_are_named():
    assert {"python", "gmf", "numpy"} <= package_versions().keys()
    assert package_versions()["gmf"] == gmf.__version__
    described = describe_hardware(accelerators=["H100", "H100"])
    assert described["accelerators"] == "H100, H100"
    assert all(described.values())
