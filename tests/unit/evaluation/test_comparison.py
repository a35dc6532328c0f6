import pytest

from gmf.core.errors import DataError
from gmf.evaluation.comparison import compare
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.pairs import SamplePair

WORDS = ("Rocky", "in", "Oslo")
GOLD = ("B-PER", "O", "B-LOC")


def pair(identifier, predicted, gold=GOLD, words=WORDS):
    return SamplePair(identifier, words, gold, predicted)


A = [pair("1", ("B-PER", "O", "O")), pair("2", GOLD), pair("3", ("B-ORG", "O", "O"))]
B = [pair("1", GOLD), pair("2", ("O", "O", "B-LOC")), pair("3", ("B-MISC", "O", "O"))]


def test_changed_tweets_are_named_with_their_direction():
    found = compare(A, B, rounds=100)
    assert [(t.id, t.change) for t in found.changed] == [
        ("1", "better"),
        ("2", "worse"),
        ("3", "other"),
    ]
    assert found.changed[0].gold == ("Rocky [PER]", "Oslo [LOC]")
    assert found.changed[0].a == ("Rocky [PER]",)
    assert found.changed[0].b == ("Rocky [PER]", "Oslo [LOC]")


def test_dictionary_has_both_rules_and_the_change_counts():
    report = compare(A, B, rounds=100).to_dict()
    assert list(report)[:2] == ["lenient", "strict"]
    assert report["lenient"]["recall"]["a"] == report["lenient"]["recall"]["b"] == 0.5
    assert report["changed"]["better"] == report["changed"]["worse"] == 1


def test_order_does_not_matter_when_ids_tell():
    assert compare(A, B[::-1], rounds=50) == compare(A, B, rounds=50)


def test_words_cut_elsewhere_are_the_same_tweet():
    cut = pair("1", ("B-PER", "I-PER", "O", "B-LOC"), ("B-PER", "I-PER", "O", "B-LOC"),
               ("Roc", "ky", "in", "Oslo"))  # fmt: skip
    assert compare([pair("1", GOLD)], [cut], rounds=10).changed == ()


def test_service_labels_follow_the_policy():
    changed = compare(
        [pair("1", ("B-PER", "X", "O"))],
        [pair("1", ("B-PER", "O", "O"))],
        rounds=10,
        config=EvaluationConfig(service_labels="chunker"),
    ).changed
    assert changed[0].change == "better"


def test_other_tweets_or_gold_are_refused():
    with pytest.raises(DataError, match="A has 3 posts and B 2: expected the same; give the gold"):
        compare(A, B[:2])
    with pytest.raises(DataError, match="post '1' of A and '1' of B differ in id or gold"):
        compare(A[:1], [pair("1", GOLD, gold=("O", "O", "O"))])
