from gmf.evaluation.metrics.scoring_variants import score_every_way
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.scores import Counts


def ways(*pairs):
    return {
        (way.gold, way.service_labels, way.words): way.scores.lenient.micro
        for way in score_every_way(pairs)
    }


def test_ways_that_cannot_matter_are_left_out():
    pair = SamplePair("1", ("a",), ("B-PER",), ("B-PER",))
    assert ways(pair) == {("given", "outside", "all"): Counts(1, 1, 1)}


def test_service_labels_are_counted_each_way():
    pair = SamplePair("1", ("a", "b", "c"), ("B-PER", "O", "B-LOC"), ("B-PER", "X", "B-LOC"))
    assert ways(pair) == {
        ("given", "outside", "all"): Counts(2, 2, 2),
        ("given", "skip-gold", "all"): Counts(2, 2, 2),
        ("given", "seqeval", "all"): Counts(2, 3, 2),
        ("given", "chunker", "all"): Counts(2, 3, 2),
    }


def test_cut_words_and_own_gold():
    pair = SamplePair(
        "1",
        ("a", "b", "c"),
        gold=("B-PER", "O", "B-LOC"),
        predicted=("B-PER", "O", "O"),
        own_gold=("O", "O", None),
        unpredicted=(2,),
    )
    missing = SamplePair("2", ("d",), ("B-ORG",), ("O",), unpredicted=(0,), is_missing=True)
    assert ways(pair, missing) == {
        ("given", "outside", "all"): Counts(3, 1, 1),
        ("given", "outside", "predicted"): Counts(1, 1, 1),
        ("own", "outside", "all"): Counts(0, 1, 0),
    }
