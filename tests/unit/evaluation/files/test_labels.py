import random
from pathlib import Path

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.evaluation.files.labelled import LabelReader
from gmf.evaluation.files.labels import (
    count_service_labels,
    resolve_service_labels,
)

GOLD = ["B-PER", "I-PER", "O", "X", "O"]
PREDICTED = ["B-PER", "X", "X", "B-LOC", "X"]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("S-OTHER", "B-MISC"),
        ("E-PER", "B-PER"),
        ("L-PER", "I-PER"),
        ("U-LOC", "B-LOC"),
        ("X", "X"),
        ("O", "O"),
    ],
)
def test_foreign_spellings_become_bio(label, expected):
    labels = LabelReader(Path("a.txt"))
    assert labels.read([[[label]]], lines=[[[1]]], fields=["tag"]) == [[(expected,)]]
    assert labels.respelled == ({f"{label} as {expected}": 1} if label != expected else {})


def test_unknown_label_says_what_was_expected():
    with pytest.raises(DataError, match=r"a\.txt:3, field 'tag': label 'PER'.*B-TYPE"):
        LabelReader(Path("a.txt")).read(
            [[["B-PER"], ["I-PER", "PER"]]], lines=[[[1], [2, 3]]], fields=["tag"]
        )


def test_service_labels_are_counted_by_name():
    assert count_service_labels([GOLD, ["[SEP]", "X"]]) == {"X": 2, "[SEP]": 1}


@pytest.mark.parametrize(
    ("policy", "gold", "predicted"),
    [
        ("outside", ["B-PER", "I-PER", "O", "O", "O"], ["B-PER", "O", "O", "B-LOC", "O"]),
        ("skip-gold", ["B-PER", "I-PER", "O", "O"], ["B-PER", "O", "O", "O"]),
        ("seqeval", ["B-PER", "I-PER", "O", "O"], ["B-PER", "O", "O", "O"]),
        ("chunker", ["B-PER", "I-PER", "O", "O"], ["B-PER", "B-X", "I-X", "I-X"]),
    ],
)
def test_policies(policy, gold, predicted):
    wanted, found, words = resolve_service_labels(GOLD, PREDICTED, policy=policy)
    assert (wanted, found) == (gold, predicted)
    assert words == ([0, 1, 2, 3, 4] if policy == "outside" else [0, 1, 2, 4])


@pytest.mark.filterwarnings("ignore:.*seems not to be NE tag")
def test_seqeval_policy_counts_what_seqeval_counts():
    rng = random.Random(3)
    labels = ["O", "B-PER", "I-PER", "I-LOC", "X", "[CLS]", "PAD"]
    for _ in range(3000):
        predicted = [rng.choice(labels) for _ in range(rng.randint(1, 9))]
        _, tags, _ = resolve_service_labels(["O"] * len(predicted), predicted, policy="seqeval")
        ours = [(entity.type, entity.end - 1) for entity in entities_of(tags)]
        theirs = get_entities(predicted)
        assert ours == [(entity_type, last) for entity_type, _, last in theirs]
        real = [e for e in entities_of(tags) if e.type in ("PER", "LOC")]
        assert [(e.type, e.start, e.end - 1) for e in real] == [
            span for span in theirs if span[0] in ("PER", "LOC")
        ]
