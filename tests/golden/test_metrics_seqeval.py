import random
import warnings

import pytest
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_support
from seqeval.scheme import IOB2

from gmf.evaluation.scores import score

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


def random_tweets(seed, number):
    rng = random.Random(seed)
    gold, predicted = [], []
    for _ in range(number):
        tags = [rng.choice(TAGS) for _ in range(rng.randint(1, 12))]
        gold.append(tags)
        predicted.append([rng.choice(TAGS) if rng.random() < 0.4 else tag for tag in tags])
    return gold, predicted


def seqeval_scores(gold, predicted, rule, average):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of types without support
        if rule == "lenient":
            return precision_recall_fscore_support(gold, predicted, average=average)
        return strict_support(gold, predicted, average=average, scheme=IOB2)


@pytest.mark.parametrize("rule", ["lenient", "strict"])
def test_ten_thousand_sequences_one_by_one_equal_seqeval(rule):
    gold, predicted = random_tweets(7, 10_000)
    for wanted, found in zip(gold, predicted, strict=True):
        ours = score([wanted], [found]).under(rule).micro
        theirs = seqeval_scores([wanted], [found], rule, "micro")
        assert (ours.precision, ours.recall, ours.f1, ours.gold) == pytest.approx(theirs)


@pytest.mark.parametrize("rule", ["lenient", "strict"])
def test_sequences_together_equal_seqeval(rule):
    gold, predicted = random_tweets(11, 2_000)
    ours = score(gold, predicted).under(rule)
    micro = seqeval_scores(gold, predicted, rule, "micro")
    assert (ours.micro.precision, ours.micro.recall, ours.micro.f1) == pytest.approx(micro[:3])
    macro = seqeval_scores(gold, predicted, rule, "macro")
    assert (ours.macro.precision, ours.macro.recall, ours.macro.f1) == pytest.approx(macro[:3])
    each = seqeval_scores(gold, predicted, rule, None)
    for index, name in enumerate(sorted(ours.types)):
        counts = ours.types[name]
        expected = [column[index] for column in each]
        assert [counts.precision, counts.recall, counts.f1, counts.gold] == pytest.approx(expected)
