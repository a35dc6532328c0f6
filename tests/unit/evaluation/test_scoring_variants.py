from gmf.evaluation.metrics import Counts
from gmf.evaluation.pairs import TweetPair
from gmf.evaluation.scoring_variants import count_every_way


def ways(*pairs):
    return {
        (way.gold, way.service_labels, way.words): way.scores.lenient.micro
        for way in count_every_way(pairs)
    }


def test_ways_that_cannot_matter_are_left_out():
    pair = TweetPair("1", ("a",), ("B-PER",), ("B-PER",))
    assert ways(pair) == {("given", "outside", "all"): Counts(1, 1, 1)}


def test_service_labels_are_counted_each_way():
    pair = TweetPair("1", ("a", "b", "c"), ("B-PER", "O", "B-LOC"), ("B-PER", "X", "B-LOC"))
    assert ways(pair) == {
        ("given", "outside", "all"): Counts(2, 2, 2),
        ("given", "skip-gold", "all"): Counts(2, 2, 2),
        ("given", "seqeval", "all"): Counts(2, 3, 2),
        ("given", "chunker", "all"): Counts(2, 3, 2),
    }


def test_cut_words_and_own_gold():
    pair = TweetPair(
        "1",
        ("a", "b", "c"),
        gold=("B-PER", "O", "B-LOC"),
        predicted=("B-PER", "O", "O"),
        own_gold=("O", "O", None),
        unpredicted=(2,),
    )
    missing = TweetPair("2", ("d",), ("B-ORG",), ("O",), unpredicted=(0,), is_missing=True)
    assert ways(pair, missing) == {
        ("given", "outside", "all"): Counts(3, 1, 1),
        ("given", "outside", "predicted"): Counts(1, 1, 1),
        ("own", "outside", "all"): Counts(0, 1, 0),
    }
