import json
from dataclasses import replace

import pytest
from fixtures.shared import shared_data

from gmf.core.tags import entities_of
from gmf.core.types import ScoredEntity
from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.files.write import write_pairs
from gmf.evaluation.pairs import SamplePair
from gmf.reading.readers import read_split

PAIRS = [
    SamplePair(
        "17_06",
        ("RT", "Red", "Cross", "\u00a0", "\ufe0f"),
        ("O", "B-ORG", "I-ORG", "O", "O"),
        ("O", "B-PER", "I-PER", "I-PER", "O"),
        scored=(ScoredEntity(1, 4, "PER", 0.75),),
        has_image=True,
    ),
    # Broken BIO2 of the gold is kept; no entity was found, which is not "confidences unknown".
    SamplePair("2", ("a", "b"), ("O", "I-LOC"), ("O", "O"), scored=(), has_image=False),
    SamplePair("2", ("b",), ("O",), ("B-MISC",), scored=None, has_image=None),
]


def again(pairs, path):
    write_pairs(path, pairs)
    return [replace(pair, own_gold=None) for pair in read_pairs(path).pairs]


def test_pairs_come_back_as_they_were(tmp_path):
    path = tmp_path / "pairs.jsonl"
    assert again(PAIRS, path) == PAIRS
    assert '"\u00a0", "\ufe0f"]' in path.read_text(encoding="utf-8")
    entity = json.loads(path.read_text(encoding="utf-8").splitlines()[0])["predicted_entities"][0]
    assert entity == {"word_start": 1, "word_end": 4, "type": "PER", "confidence": 0.75}


@pytest.mark.parametrize("name", ["twitter2015", "twitter2017"])
def test_pairs_of_the_real_sets_come_back_as_they_were(tmp_path, name):
    pairs = [
        SamplePair(
            sample.id,
            sample.tokens,
            sample.tags,
            sample.tags,
            scored=tuple(
                ScoredEntity(e.start, e.end, e.type, 0.5) for e in entities_of(sample.tags)
            ),
        )
        for sample in read_split(shared_data() / name, "test")
    ]
    back = again(pairs, tmp_path / "pairs.jsonl")
    assert [(p.id, p.tokens, p.gold, p.scored) for p in back] == [
        (p.id, p.tokens, p.gold, p.scored) for p in pairs
    ]
