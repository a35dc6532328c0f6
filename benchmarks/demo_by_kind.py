"""F1 on a demo corpus by kind of pair, of every run of a suite.

    python benchmarks/demo_by_kind.py SUITE_FOLDER CORPUS_FOLDER

Lenient micro F1 on test, mean and sample deviation over seeds; the report of the suite has all
pairs together only, since no corpus but a drawn one knows the kinds.
"""

import json
import sys
from pathlib import Path
from statistics import mean, stdev

from gmf_demo.run import KINDS

from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.scores import score


def kinds_of(corpus: Path) -> dict[str, str]:
    """Return the kind of pair of each post of a drawn corpus."""
    facts = json.loads((corpus / "kinds.json").read_text(encoding="utf-8"))
    return {post: fact["pair"] for post, fact in facts.items()}


def f1_by_kind(
    path: Path, kinds: dict[str, str], columns: tuple[str, ...] = KINDS
) -> dict[str, float]:
    tweets = read_pairs(path).pairs
    result: dict[str, float] = {}
    for kind in columns:
        part = [tweet for tweet in tweets if kind in ("all", kinds.get(tweet.id))]
        scores = score([tweet.gold for tweet in part], [tweet.predicted for tweet in part])
        result[kind] = 100 * scores.lenient.micro.f1
    return result


def spread(values: list[float]) -> str:
    """Return the mean, and the sample deviation of more than one value."""
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def main() -> None:
    suite, corpus = map(Path, sys.argv[1:])
    kinds = kinds_of(corpus)
    print(f"| | seeds | {' | '.join(KINDS)} |\n| --- | ---: |{' ---: |' * len(KINDS)}")
    for run in sorted((suite / "runs" / corpus.name).iterdir()):
        seeds = [f1_by_kind(path, kinds) for path in sorted(run.glob("seed-*/test.jsonl"))]
        if not seeds:
            continue
        cells = [spread([seed[kind] for seed in seeds]) for kind in KINDS]
        print(f"| {run.name} | {len(seeds)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
