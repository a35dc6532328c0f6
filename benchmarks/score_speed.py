"""Time the scoring of 3,000 tweets with all analyses: ``python benchmarks/score_speed.py``.

The tweets are random words with random entities, of the size of Twitter-2015: 16 words and 1.6
entities each, training names for a third of them, a confidence for every predicted entity.
"""

import random
import time

from gmf.core.tags import entities_of, tags_of
from gmf.core.types import Entity, Sample, ScoredEntity
from gmf.evaluation.comparison import compare
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.reports.html import report_page

NUM_TWEETS = 3000
TYPES = ("PER", "LOC", "ORG", "MISC")


def random_tags(rng: random.Random, words: int) -> list[str]:
    found: list[Entity] = []
    place = rng.randrange(8)
    while place < words:
        end = min(words, place + rng.choice((1, 1, 2, 2, 3)))
        found.append(Entity(place, end, rng.choice(TYPES)))
        place = end + rng.randrange(4, 14)
    return tags_of(found, words)


def random_pair(rng: random.Random, number: int) -> SamplePair:
    words = rng.randrange(6, 28)
    gold = random_tags(rng, words)
    predicted = gold if rng.random() < 0.5 else random_tags(rng, words)
    labels = ["X" if tag == "O" and rng.random() < 0.002 else tag for tag in predicted]
    return SamplePair(
        str(number),
        tuple(f"word{rng.randrange(4000)}" for _ in range(words)),
        tuple(gold),
        tuple(labels),
        scored=tuple(
            ScoredEntity(e.start, e.end, e.type, rng.random()) for e in entities_of(predicted)
        ),
        has_image=rng.random() < 0.9,
    )


def main() -> None:
    rng = random.Random(0)
    pairs = [random_pair(rng, number) for number in range(NUM_TWEETS)]
    other = [
        SamplePair(p.id, p.tokens, p.gold, p.gold if rng.random() < 0.3 else p.predicted)
        for p in pairs
    ]
    training = [Sample(p.id, p.tokens, p.gold) for p in pairs[: NUM_TWEETS // 3]]
    start = time.perf_counter()
    report = evaluate(pairs, training=training)
    report.to_dict()
    report_page(report, title="speed")
    print(f"{NUM_TWEETS} tweets, all analyses and page: {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    compare(pairs, other)
    print(f"comparison, 10,000 rounds: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
