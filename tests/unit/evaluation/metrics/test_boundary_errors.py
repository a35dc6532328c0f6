import random

import pytest

from gmf.core.types import Entity
from gmf.evaluation.metrics.boundary_errors import ERROR_KINDS, count_errors
from gmf.evaluation.metrics.confusion import count_confusion
from gmf.evaluation.metrics.spans_and_types import count_untyped, type_shares
from gmf.evaluation.pairs import SamplePair, SampleSpans, spans_of_pairs
from gmf.evaluation.scores import Counts, count_spans


def tweet(gold, predicted, number=10):
    words = tuple(f"w{index}" for index in range(number))
    return SampleSpans(
        "1", words, tuple(Entity(*e) for e in gold), tuple(Entity(*e) for e in predicted)
    )


CASES = {
    "type": ([(2, 4, "PER")], [(2, 4, "LOC")]),
    "too long left": ([(2, 4, "PER")], [(1, 4, "PER")]),
    "too long right": ([(2, 4, "PER")], [(2, 6, "PER")]),
    "too long both": ([(2, 4, "PER")], [(1, 5, "PER")]),
    "too short left": ([(2, 5, "PER")], [(3, 5, "PER")]),
    "too short right": ([(2, 5, "PER")], [(2, 4, "PER")]),
    "too short both": ([(2, 5, "PER")], [(3, 4, "PER")]),
    "shifted": ([(2, 4, "PER")], [(3, 5, "PER")]),
    "type and span": ([(2, 4, "PER")], [(2, 5, "LOC")]),
    "merge": ([(1, 2, "PER"), (2, 4, "PER")], [(1, 4, "PER")]),
    "split": ([(1, 4, "PER")], [(1, 2, "PER"), (2, 4, "PER")]),
    "tangle": ([(1, 3, "PER"), (3, 6, "PER")], [(1, 2, "PER"), (2, 5, "PER")]),
    "missed": ([(2, 4, "PER")], []),
    "spurious": ([], [(2, 4, "PER")]),
}


def test_every_kind_has_a_case():
    assert set(CASES) == set(ERROR_KINDS)


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_alone(kind):
    gold, predicted = CASES[kind]
    right = (8, 9, "ORG")
    found = {e.kind: e for e in count_errors([tweet([*gold, right], [*predicted, right])])}
    assert [name for name, error in found.items() if error.errors] == [kind]
    assert (found[kind].gold, found[kind].predicted) == (len(gold), len(predicted))
    assert found[kind].f1_if_mended == 1.0


def test_entities_that_only_touch_are_errors_of_their_own():
    found = {e.kind: e.errors for e in count_errors([tweet([(0, 2, "PER")], [(2, 4, "PER")])])}
    assert (found["missed"], found["spurious"], found["type and span"]) == (1, 1, 0)


def test_examples_show_words_and_types():
    error = count_errors([tweet([(0, 2, "PER")], [(0, 2, "LOC")])])[0]
    assert error.examples[0].gold == ("w0 w1 [PER]",)
    assert error.examples[0].predicted == ("w0 w1 [LOC]",)


def random_tweets(number, rule="lenient"):
    rng = random.Random(5)
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    pairs = [
        SamplePair(
            str(index),
            ("w",) * 8,
            tuple(rng.choice(tags) for _ in range(8)),
            tuple(rng.choice(tags) for _ in range(8)),
        )
        for index in range(number)
    ]
    return spans_of_pairs(pairs, rule=rule)


@pytest.mark.parametrize("rule", ["lenient", "strict"])
def test_every_wrong_entity_is_in_exactly_one_error(rule):
    tweets = random_tweets(3000, rule)
    total = count_spans([t.gold for t in tweets], [t.predicted for t in tweets]).micro
    errors = count_errors(tweets)
    assert sum(error.gold for error in errors) == total.gold - total.correct
    assert sum(error.predicted for error in errors) == total.predicted - total.correct
    assert all(error.errors for error in errors)


def test_confusion_adds_up_to_the_counts():
    tweets = random_tweets(400)
    confusion = count_confusion(tweets)
    scores = count_spans([t.gold for t in tweets], [t.predicted for t in tweets])
    table = confusion.rows()
    for name, counts in scores.types.items():
        assert sum(table[name].values()) == counts.gold
        column = sum(table[row][name] for row in table)
        assert column == counts.predicted
        assert table[name][name] == counts.correct
    untyped = count_untyped(tweets)
    assert untyped == Counts(
        scores.micro.gold, scores.micro.predicted, sum(confusion.pairs.values())
    )
    shares = type_shares(confusion)
    assert sum(share.spans for share in shares.values()) == untyped.correct
    assert sum(share.correct for share in shares.values()) == scores.micro.correct


def test_confusion_by_hand():
    confusion = count_confusion(
        [tweet([(0, 1, "PER"), (2, 3, "LOC")], [(0, 1, "ORG"), (5, 6, "LOC")])]
    )
    assert confusion.pairs == {("PER", "ORG"): 1}
    assert confusion.missed == {"LOC": 1}
    assert confusion.spurious == {"LOC": 1}
    assert type_shares(confusion)["PER"].accuracy == 0.0
