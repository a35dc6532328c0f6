"""Seconds of a GMF training step by part, peak memory and disk, for every kind of cache.

    python benchmarks/train_step.py > benchmarks/results/train-step.md

trains GMF with ``gmf.training``'s own trainer on two sets: the demo corpus (MiniLM and
MobileNetV2, which ``gmf encoders install minilm-mobilenet`` installs) and synthetic posts (a
picture and three regions each; shapes of BERT-base and ResNet-50, random weights; settings of the
paper). Each kind of cache is filled in one fresh process and then trained with in another, all
kinds in turn and as many times as there are rounds, for a machine may be faster in one minute than
in the next: times are means of the rounds. Peak memory is the highest that a process that trains
had resident, and beside it that of the one that fills. The whole epoch is measured on the demo
corpus; on the synthetic set it is steps times the mean step unless ``--whole-epoch`` is given;
``--set model.consistency_text=guided`` and the like change the run. Prints Markdown: rows and
ratios.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

KINDS = ("none", "pixels", "maps", "pooled_maps")
PARTS = ("data", "backbone", "fusion", "text", "optimiser", "other")
BATCH, WARM_UP = 16, 2
HEADER = (
    "cache",
    *PARTS,
    "step",
    "CPU s",
    "epoch",
    "peak GB",
    "fill s",
    "fill peak GB",
    "disk GB",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="steps of the synthetic set")
    parser.add_argument("--tweets", type=int, default=4000, help="of the synthetic set")
    parser.add_argument("--demo-tweets", type=int, default=1400)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--modes", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--sets", nargs="+", choices=("demo", "synthetic"))
    parser.add_argument("--rounds", type=int, default=1, help="times to train with each kind")
    parser.add_argument("--whole-epoch", action="store_true", help="of the synthetic set too")
    parser.add_argument("--set", nargs="+", default=[], help="more options of the run")
    parser.add_argument("--place", help="folder for data and caches; a temporary one by default")
    options = parser.parse_args()
    print("# Time of a training step\n")
    print(f"`python benchmarks/train_step.py {' '.join(sys.argv[1:])}`".replace(" `", "`") + "\n")
    with TemporaryDirectory(dir=options.place) as place:
        for name in options.sets or ("demo", "synthetic"):
            for line in report(name, Path(place), options):
                print(line, flush=True)


def report(name: str, place: Path, options: argparse.Namespace) -> Iterator[str]:
    from train_step_sets import demo_set, synthetic_set

    is_whole = name == "demo" or options.whole_epoch
    total = options.demo_tweets if name == "demo" else options.tweets
    used = total if is_whole else min(total, (WARM_UP + options.steps) * BATCH)
    chosen = (demo_set if name == "demo" else synthetic_set)(place, tweets=used)
    yield f"## {name}: {total} posts, batches of {BATCH}, {options.threads} thread(s)\n"
    yield f"| {' | '.join(HEADER)} |\n|{' --- |' + ' ---: |' * (len(HEADER) - 1)}"
    jobs = {
        kind: {
            "preset": chosen.preset,
            "overrides": [
                *chosen.overrides,
                f"data.folder={chosen.folder}",
                f"data.cache.kind={kind}",
                f"data.cache.folder={place / 'caches' / name}",
                f"training.batch_size={BATCH}",
                "training.epochs=1",
                *options.set,
            ],
            "threads": options.threads,
            "tweets": used,
            "warm_up": WARM_UP,
            "place": str(place),
        }
        for kind in options.modes
    }
    filled: dict[str, dict] = {}
    for kind in track(options.modes, f"{name}: caching", console=Console(file=sys.stderr)):
        if kind != "none":
            filled[kind] = run({**jobs[kind], "task": "fill"})
    rounds: list[dict[str, dict]] = [{} for _ in range(options.rounds)]
    turns = [(taken, kind) for taken in rounds for kind in jobs]
    for taken, kind in track(turns, f"{name}: training", console=Console(file=sys.stderr)):
        taken[kind] = run({**jobs[kind], "task": "train"})
    means = {kind: mean_of([taken[kind] for taken in rounds]) for kind in jobs}
    for kind, result in means.items():
        yield row(kind, result, filled.get(kind, {}), scale=total / used, is_whole=is_whole)
    yield f"\n{ratios(means, rounds)}\n"


def mean_of(results: list[dict]) -> dict:
    """Return what several rounds gave: mean times, highest peak."""
    return {
        **results[0],
        "parts": {part: fmean(result["parts"][part] for result in results) for part in PARTS},
        "step": fmean(step_of(result) for result in results),
        "cpu_seconds": fmean(result["cpu_seconds"] for result in results),
        "epoch_seconds": fmean(result["epoch_seconds"] for result in results),
        "peak_bytes": max(result["peak_bytes"] for result in results),
    }


def step_of(result: dict) -> float:
    """Return the seconds of a step."""
    return sum(result["parts"].values())


def run(job: dict) -> dict:
    """Return what a fresh process measured."""
    child = Path(__file__).with_name("train_step_child.py")
    environment = {**os.environ, "OMP_NUM_THREADS": str(job["threads"])}
    process = subprocess.run(
        [sys.executable, str(child), json.dumps(job)],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    return json.loads(process.stdout.splitlines()[-1])


def row(kind: str, result: dict, filled: dict, *, scale: float, is_whole: bool) -> str:
    steps = result["epoch_steps"] * scale
    epoch = f"{result['epoch_seconds']:.0f}" if is_whole else f"{steps * result['step']:.0f} (est.)"
    cells = [
        kind,
        *(f"{result['parts'][part]:.3f}" for part in PARTS),
        f"{result['step']:.3f}",
        f"{result['cpu_seconds']:.3f}",
        epoch,
        f"{result['peak_bytes'] / 1e9:.2f}",
        f"{filled['fill_seconds'] * scale:.0f}{'' if is_whole else ' (est.)'}" if filled else "",
        f"{filled['peak_bytes'] / 1e9:.2f}" if filled else "",
        f"{filled['disk_bytes'] * scale / 1e9:.2f}{'' if is_whole else ' (est.)'}"
        if filled
        else "0",
    ]
    if filled.get("unstored"):
        cells[-1] += f"; {filled['unstored']} views not kept"
    return f"| {' | '.join(cells)} |"


def ratios(means: dict[str, dict], rounds: list[dict[str, dict]]) -> str:
    """Return the figures that have a target, as lines of Markdown."""
    lines = [f"Precision: {next(iter(means.values()))['precision']}."]
    for kind in ("pixels", "maps", "pooled_maps"):
        if kind in means and "none" in means:
            speed = means["none"]["step"] / means[kind]["step"]
            each = [step_of(taken["none"]) / step_of(taken[kind]) for taken in rounds]
            by_round = ", ".join(f"{ratio:.2f}" for ratio in each)
            lines.append(
                f"- {kind} is {speed:.2f} times as fast as no cache (by round: {by_round})."
            )
    if "pixels" in means:
        share = means["pixels"]["parts"]["data"] / means["pixels"]["step"]
        lines.append(f"- Data is {share:.2%} of the step with the pixel cache.")
    peak = max(mean["peak_bytes"] for mean in means.values())
    lines.append(f"- Highest peak of training: {peak / 1e9:.2f} GB.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
