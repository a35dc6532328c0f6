import pytest

from gmf.core.plain import plain
from gmf.evaluation.scores import Counts, score

GOLD = [["B-PER", "I-PER", "O"], ["O", "I-LOC"]]
PREDICTED = [["B-PER", "O", "O"], ["O", "B-LOC"]]


def test_rules_differ_on_broken_gold():
    scores = score(GOLD, PREDICTED)
    assert scores.lenient.micro == Counts(gold=2, predicted=2, correct=1)
    assert scores.strict.micro == Counts(gold=1, predicted=2, correct=0)


def test_dictionary_has_the_documented_form():
    report = plain(score(GOLD, PREDICTED))
    assert list(report) == ["lenient", "strict"]
    assert list(report["lenient"]) == ["micro", "macro", "types"]
    assert report["lenient"]["micro"] == {
        "precision": 0.5, "recall": 0.5, "f1": 0.5, "gold": 2, "predicted": 2, "correct": 1,
    }  # fmt: skip
    assert report["lenient"]["types"]["LOC"]["f1"] == 1.0
    assert report["lenient"]["macro"]["f1"] == 0.5


def test_tweets_are_never_joined():
    # Joined, the I-PER would continue the first tweet's entity.
    scores = score([["B-PER"], ["I-PER"]], [["B-PER"], ["I-PER"]])
    assert scores.lenient.micro == Counts(2, 2, 2)


def test_scores_add_up_over_disjoint_tweets():
    whole = score(GOLD, PREDICTED)
    parts = score(GOLD[:1], PREDICTED[:1]) + score(GOLD[1:], PREDICTED[1:])
    assert parts == whole


def test_nothing_at_all_scores_zero():
    counts = score([["O"]], [["O"]]).lenient
    assert (counts.micro.f1, counts.macro.f1, counts.types) == (0.0, 0.0, {})


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match="1 gold posts and 2 predicted"):
        score([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="post 1: 2 gold tags and 1 predicted"):
        score([["O"], ["O", "O"]], [["O"], ["O"]])
