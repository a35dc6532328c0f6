"""What the starter saves: F1 with 50 to 1,000 posts of one's own, begun with it and without it.

    python benchmarks/starter_curve.py DATA --out OUT --rows curve.csv --figure curve.svg

DATA is a folder such as that of Twitter-2017. From a shuffle of its train, by the seed, the first
posts are trained on; the best epoch is chosen on the first 200 posts of dev, and the whole test
split is scored. Both begin with the same encoder; with the starter its head comes along. Killed,
the same command goes on: what is trained and scored stands in ``OUT/NAME/test.json``. Writes a row
a run, and a figure of their means and deviations.
"""

import argparse
import csv
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev

from gmf.core.types import Sample
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.presets import load_run_config
from gmf.reading.readers import read_split
from gmf.training.run import train

#: Posts and the epochs that they are trained for.
SIZES = {50: 20, 100: 15, 200: 12, 500: 10, 1000: 8}
DEV = 200
STARTS = {"encoder": (), "starter": ("init=starter",)}
LABELS = {"starter": "begun with the starter", "encoder": "begun with its encoder alone"}
Row = dict[str, str]


def f1_of(
    start: str, *, posts: Sequence[Sample], dev: Sequence[Sample], seed: int, data: Path, out: Path
) -> str:
    """Return F1 on test in percent of a run, which is trained if it has not been."""
    run = out / f"{start}-{len(posts)}-{seed}"
    scored = run / "test.json"
    if not scored.exists():
        config = load_run_config(
            "bert-crf.twitter2017",
            [
                f"data.folder={data}",
                "encoders=minilm-mobilenet",
                "training.learning_rate=2e-4",
                f"training.epochs={SIZES[len(posts)]}",
                f"seed={seed}",
                *STARTS[start],
            ],
        )
        train(config, run, splits={"train": posts, "dev": dev})
        lenient = evaluate_run(run, split="test").report.scores.lenient
        scored.write_text(json.dumps(100 * lenient.micro.f1), encoding="utf-8")
    return f"{json.loads(scored.read_text(encoding='utf-8')):.2f}"


def rows_of(data: Path, *, out: Path, seeds: Sequence[int], starts: Sequence[str]) -> Iterator[Row]:
    """Yield each run's row as it is done."""
    posts, dev = (read_split(data, name) for name in ("train", "dev"))
    for seed in seeds:
        shuffled = random.Random(seed).sample(posts, len(posts))
        for size in SIZES:
            for start in starts:
                f1 = f1_of(
                    start, posts=shuffled[:size], dev=dev[:DEV], seed=seed, data=data, out=out
                )
                yield {"start": start, "posts": str(size), "seed": str(seed), "f1": f1}


def summary(rows: Sequence[Row], start: str) -> Iterator[tuple[int, float, float]]:
    """Yield posts, mean and deviation of F1 over the seeds."""
    for size in SIZES:
        found = [float(r["f1"]) for r in rows if (r["start"], r["posts"]) == (start, str(size))]
        if found:
            yield size, fmean(found), stdev(found) if len(found) > 1 else 0.0


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the figure."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "gmf"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for start, label in LABELS.items():
        if points := list(summary(rows, start)):
            sizes, means, spreads = zip(*points, strict=True)
            axes.errorbar(sizes, means, yerr=spreads, marker="o", capsize=3, label=label)
    axes.set(xscale="log", xlabel="own posts", ylabel="lenient micro F1, test")
    axes.set_xticks(list(SIZES), [f"{size:,}" for size in SIZES])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Train what is missing and write what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="run folders")
    parser.add_argument("--rows", type=Path, required=True, help="CSV")
    parser.add_argument("--figure", type=Path, required=True, help="SVG")
    parser.add_argument("--seeds", type=int, default=3, help="1 to this")
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    options = parser.parse_args()
    rows: list[Row] = []
    seeds = range(1, options.seeds + 1)
    for row in rows_of(options.data, out=options.out, seeds=seeds, starts=options.starts):
        rows.append(row)
        print(row, flush=True)
        write(rows, options.rows)
    draw(rows, options.figure)


if __name__ == "__main__":
    main()
