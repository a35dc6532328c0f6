from gmf.core.types import Entity, Sample
from gmf.evaluation.metrics.image import count_by_image
from gmf.evaluation.metrics.lengths import count_by_entity_length, count_by_sample_length
from gmf.evaluation.metrics.seen import TrainingNames, count_seen
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.scores import Counts

TRAINING = [
    Sample("a", ("New", "York", "Rocky"), ("B-LOC", "I-LOC", "B-PER")),
    Sample("b", ("rocky", "x"), ("I-PER", "O")),
]


def tweet(tokens, gold, predicted, has_image=None):
    return SampleSpans(
        "1",
        tuple(tokens.split()),
        tuple(Entity(*e) for e in gold),
        tuple(Entity(*e) for e in predicted),
        has_image=has_image,
    )


TWEETS = [
    tweet("New York Rocky", [(0, 2, "LOC"), (2, 3, "MISC")], [(0, 2, "LOC"), (2, 3, "PER")], True),
    tweet("ROCKY sings", [(0, 1, "PER")], [], False),
]


def test_seen_other_type_and_unseen():
    counts = count_seen(TWEETS, names=TrainingNames(TRAINING))
    assert counts == {
        "seen": Counts(gold=1, predicted=2, correct=1),
        "other type": Counts(gold=1, predicted=0, correct=0),
        "unseen": Counts(gold=1, predicted=0, correct=0),
    }


def test_strict_names_leave_out_stray_inside_tags():
    lenient, strict = TrainingNames(TRAINING), TrainingNames(TRAINING, rule="strict")
    assert (len(lenient), len(strict)) == (3, 2)


def test_entity_lengths_add_up():
    counts = count_by_entity_length(TWEETS)
    assert list(counts) == ["1", "2", "3", "4+"]
    assert counts["1"] == Counts(2, 1, 0)
    assert counts["2"] == Counts(1, 1, 1)
    long = tweet("a b c d e f", [(0, 6, "PER")], [(0, 4, "PER")])
    assert count_by_entity_length([long])["4+"] == Counts(1, 1, 0)


def test_tweet_lengths_are_bounded_inside():
    ten = tweet(" ".join("a" * 10), [(0, 1, "PER")], [])
    eleven = tweet(" ".join("a" * 11), [(0, 1, "PER")], [(0, 1, "PER")])
    counts = count_by_sample_length([ten, eleven])
    assert list(counts) == ["1-10", "11-20", "21-30", "31+"]
    assert counts["1-10"] == Counts(1, 0, 0)
    assert counts["11-20"] == Counts(1, 1, 1)


def test_with_and_without_image():
    assert count_by_image(TWEETS) == {
        "with image": Counts(2, 2, 1),
        "without image": Counts(1, 0, 0),
    }
    assert count_by_image([*TWEETS, tweet("a", [], [])]) is None
