"""What `gmf.score` takes from Python is checked, and named where it is wrong."""

import pytest

import gmf
from gmf.core.errors import ConfigError, DataError

SAMPLE = gmf.Sample("a", ("Ann",), ("B-PER",))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "expected a document or BIO tags, got NoneType"),
        ("O", "expected a document or BIO tags, got str"),
        (["B"], "tag 'B': expected O, B-TYPE or I-TYPE"),
        ([1], "tag 1: expected O, B-TYPE or I-TYPE"),
    ],
)
def test_answers_that_are_none_are_named(answer, message):
    with pytest.raises(DataError, match=f"sample 'a': {message}"):
        gmf.score([SAMPLE], [answer])


@pytest.mark.parametrize("gold", ["a", {"text": "Ann", "entities": []}, None])
def test_gold_that_is_no_sample_is_named(gold):
    with pytest.raises(DataError, match="gold at position 1: expected a Sample, got"):
        gmf.score([SAMPLE, gold], [["O"], ["O"]])


def test_tags_are_scored_and_an_unknown_rule_is_refused():
    assert gmf.score([SAMPLE], [["B-PER"]]).scores.lenient.micro.f1 == 1
    assert gmf.score([SAMPLE], [["X"]]).scores.lenient.micro.f1 == 0
    with pytest.raises(ConfigError, match="options: rule: Input should be 'lenient' or 'strict'"):
        gmf.score([SAMPLE], [["O"]], rule="x")
