"""F1 on a demo corpus by kind of pair, of every run of a suite.

    python benchmarks/demo_by_kind.py SUITE_FOLDER CORPUS_FOLDER

Lenient micro F1 on test, mean and sample deviation over seeds; the report of the suite has all
pairs together only, since no corpus but a drawn one knows the kinds.
"""

import json
import sys
from pathlib import Path
from statistics import mean, stdev

from gmf.core.tags import tags_of
from gmf.core.types import Entity
from gmf.evaluation.metrics import score

KINDS = ("related", "unrelated", "misleading", "all")


def predicted_tags(row: dict) -> list[str]:
    found = [Entity(e["start"], e["end"], e["type"]) for e in row["predicted_entities"]]
    return tags_of(found, len(row["tokens"]))


def f1_by_kind(path: Path, pairs: dict[str, str]) -> dict[str, float]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    result: dict[str, float] = {}
    for kind in KINDS:
        part = [row for row in rows if kind in ("all", pairs[row["id"]])]
        gold, predicted = [row["gold_tags"] for row in part], [predicted_tags(row) for row in part]
        result[kind] = 100 * score(gold, predicted).lenient.micro.f1
    return result


def main() -> None:
    suite, corpus = map(Path, sys.argv[1:])
    facts = json.loads((corpus / "kinds.json").read_text(encoding="utf-8"))
    pairs = {post: fact["pair"] for post, fact in facts.items()}
    print(f"| | seeds | {' | '.join(KINDS)} |\n| --- | ---: |{' ---: |' * len(KINDS)}")
    for run in sorted((suite / "runs" / corpus.name).iterdir()):
        seeds = [f1_by_kind(path, pairs) for path in sorted(run.glob("seed-*/test.jsonl"))]
        if not seeds:
            continue
        cells = []
        for kind in KINDS:
            values = [seed[kind] for seed in seeds]
            deviation = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
            cells.append(f"{mean(values):.1f}{deviation}")
        print(f"| {run.name} | {len(seeds)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
