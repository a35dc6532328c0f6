"""How far the starter, in eight bits, depends on the posts that share a batch.

    python benchmarks/starter_batches.py DATA > benchmarks/results/starter-batches.json

Tags the test posts of Twitter-2017 and Twitter-2015 one by one, in batches of 32, and in batches of
another order.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import gmf
from gmf.core.types import Sample
from gmf.prediction.documents import Document


def main() -> None:
    """Print how many posts have other entities, and how far confidences move."""
    parser = argparse.ArgumentParser(description="The starter in batches and one by one.")
    parser.add_argument("data", type=Path, help="folder of twitter2017 and twitter2015")
    folder = parser.parse_args().data
    names = ("twitter2017", "twitter2015")
    print(json.dumps({name: compared(folder / name) for name in names}, indent=1))


def compared(folder: Path) -> dict[str, Any]:
    """Return what batches change in the answers to the test posts of a folder."""
    nlp, samples = gmf.load("starter"), gmf.read_samples(folder, split="test")
    order = random.Random(1).sample(range(len(samples)), len(samples))
    shuffled = dict(zip(order, nlp.predict([samples[i] for i in order]), strict=True))
    alone = list(nlp.predict(samples, batch_size=1))
    others = {
        "in order": list(nlp.predict(samples)),
        "in another order": [shuffled[i] for i in range(len(samples))],
    }
    return {
        "posts": len(samples),
        "F1 one by one": f1(samples, alone),
        **{
            name: moved(alone, found) | {"F1": f1(samples, found)} for name, found in others.items()
        },
    }


def moved(alone: list[Document], batched: list[Document]) -> dict[str, Any]:
    """Return how two answers differ."""
    pairs = [(entities_of(a), entities_of(b)) for a, b in zip(alone, batched, strict=True)]
    moves = sorted(abs(a[key] - b[key]) for a, b in pairs for key in a.keys() & b.keys())
    return {
        "posts with other entities": sum(a.keys() != b.keys() for a, b in pairs),
        "confidences that stay": len(moves),
        "moved by, median": round(moves[len(moves) // 2], 4),
        "moved by, 99 of 100": round(moves[int(0.99 * len(moves))], 4),
        "moved by, most": round(moves[-1], 4),
    }


def entities_of(document: Document) -> dict[tuple[int, int, str], float]:
    """Return the confidence of each entity."""
    return {(e.char_start, e.char_end, e.type): e.confidence for e in document.entities}


def f1(samples: list[Sample], documents: list[Document]) -> float:
    """Return lenient micro F1 in percent."""
    return round(100 * gmf.score(samples, documents).scores.lenient.micro.f1, 2)


if __name__ == "__main__":
    main()
