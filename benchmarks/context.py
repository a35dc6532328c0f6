"""What context is worth on Twitter-2015 and Twitter-2017: F1 by the fields that are read.

    python benchmarks/context.py DATA --pgim PGIM --out OUT --results RESULTS --encoders PAIR

``DATA`` is a folder of UMT's copy with ``captions_blip2.txt``; ``PGIM`` the folder with the same
splits and generated text after ``<EOS>``. Trains the text model over the fields of each setting and
over seeds, chosen on dev, and scores the best checkpoint on test: as it is, without context, and
with that of other posts. Resumable: the results list every finished run under ``OUT``, so several
calls may share the work. The generated text was written by a large model that had seen the post, so
it stands in a row of its own. p-values are of the mean over the seeds that a setting and the one
without context share.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.files.write import write_pairs
from gmf.evaluation.image_controls import Control
from gmf.evaluation.significance import compare_runs, counts_of_pairs
from gmf.experiments.evaluate import evaluate_run
from gmf.experiments.presets import load_run_config
from gmf.reading.reader import read_lines
from gmf.reading.readers import SPLIT_NAMES, read_split
from gmf.training.run import train

#: What is read, and other ways to train, by name of the setting.
SETTINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), ()),
    "caption": (("caption",), ()),
    "knowledge": (("knowledge",), ()),
    "caption, knowledge": (("caption", "knowledge"), ()),
    "none, layer-wise rates": ((), ("training.layer_decay=0.9",)),
    "none, averaged weights": ((), ("training.weight_average=0.99",)),
    "none, R-Drop": ((), ("training.agreement=dropout",)),
    "caption, agreeing views": (("caption",), ("training.agreement=context",)),
}
ROW = "row.json"
CONTROLS: tuple[Control, ...] = ("real", "no-context", "shuffled-context")


def main() -> None:
    """Train what is missing and write what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--pgim", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="contexts and run folders")
    parser.add_argument("--results", type=Path, required=True, help="folder of CSV and table")
    parser.add_argument("--encoders", default="mpnet-resnet_thin")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--max-subwords", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("options", nargs="*", metavar="KEY=VALUE", help="of training")
    options = parser.parse_intermixed_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    contexts = options.out / f"context-{options.data.name}.jsonl"
    with contexts.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in context_rows(options.data, options.pgim))
    for seed in options.seeds:
        for setting in options.settings:
            print(finished(setting, seed, contexts, options), file=sys.stderr, flush=True)
            write_results(options)


def context_rows(data: Path, pgim: Path) -> Iterator[dict[str, Any]]:
    """Yield the captions of images and the generated text of posts as lines of ``context.jsonl``.

    Generated text is in the order of the posts; where that folder lacks posts at the end of a split
    they have none.
    """
    for line in read_lines(data / "captions_blip2.txt"):
        name, _, caption = line.partition(":")
        if caption.strip():
            yield {"id": name.strip().removesuffix(".jpg"), "context": {"caption": caption.strip()}}
    for split, (stem, *others) in SPLIT_NAMES.items():
        posts = read_split(data, split)
        file = next(p for name in (stem, *others) if (p := pgim / f"{name}.txt").is_file())
        for post, (words, text) in zip(posts, generated_texts(file), strict=False):
            if words != post.tokens:
                raise SystemExit(f"{file}: expected {post.tokens}, got {words}")
            yield {"id": post.id, "context": {"knowledge": text}}


def generated_texts(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the words of each block of a file before ``<EOS>``, and what stands after it."""
    blocks: list[list[str]] = [[]]
    for line in read_lines(path):
        if line.strip():
            blocks[-1].append(line.split("\t")[0])
        elif blocks[-1]:
            blocks.append([])
    for block in filter(None, blocks):
        end = block.index("<EOS>")
        yield tuple(block[:end]), " ".join(block[end + 1 :])


def finished(
    setting: str, seed: int, contexts: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Train a run, or do what is left of it; return its row."""
    folder, (fields, changes) = folder_of(setting, seed, options), SETTINGS[setting]
    done = folder / ROW
    if done.exists():
        return json.loads(done.read_text(encoding="utf-8"))
    config = load_run_config(
        options.data.name,
        [
            f"data.folder={json.dumps(str(options.data))}",
            f"data.context={json.dumps(fields)}",
            *([f"data.context_file={json.dumps(str(contexts))}"] if fields else []),
            f"data.max_subwords={options.max_subwords}",
            "model=bert-crf",
            f"encoders={options.encoders}",
            f"training.epochs={options.epochs}",
            "training.batch_size=16",
            *options.options,
            *changes,
            f"seed={seed}",
        ],
    )
    state, _ = train(config, folder)
    seconds: float = sum(row["train_seconds"] + row["dev_seconds"] for row in state.history)
    row: dict[str, Any] = {"setting": setting, "seed": seed, "dev": round(100 * state.best_f1, 2)}
    for control in CONTROLS if fields else CONTROLS[:1]:
        scored = evaluate_run(folder, control=control)
        write_pairs(folder / f"{control}.jsonl", scored.pairs)
        scores = scored.report.scores
        row[control] = round(100 * scores.lenient.micro.f1, 2)
        row[f"{control}, strict"] = round(100 * scores.strict.micro.f1, 2)
    row |= {"best_epoch": state.best_epoch, "minutes": round(seconds / 60, 1)}
    done.write_text(json.dumps(row), encoding="utf-8")
    return row


def folder_of(setting: str, seed: int, options: argparse.Namespace) -> Path:
    """Return the run folder of a setting."""
    runs = options.out / options.data.name / options.encoders
    return runs / re.sub(r"\W+", "-", setting) / f"seed-{seed}"


def write_results(options: argparse.Namespace) -> None:
    """Write all finished runs as CSV, and their mean and sample deviation as a table."""
    found = sorted((options.out / options.data.name / options.encoders).glob(f"*/seed-*/{ROW}"))
    rows: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in found]
    rows.sort(key=lambda row: (list(SETTINGS).index(row["setting"]), row["seed"]))
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"context-{options.data.name}-{options.encoders}.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [
        f"Data `{options.data.name}` (UMT's copy), encoders {options.encoders}, text model with a "
        f"CRF, {options.epochs} epochs, at most {options.max_subwords} subwords; lenient micro F1.",
        "",
        "| context | seeds | dev | test | p | no context | another's | minutes |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for setting in dict.fromkeys(row["setting"] for row in rows):
        own = [row for row in rows if row["setting"] == setting]
        dev, real, *controls, minutes = (
            spread([row[name] for row in own if name in row])
            for name in ("dev", *CONTROLS, "minutes")
        )
        seeds = [row["seed"] for row in own]
        cells = [", ".join(map(str, seeds)), dev, real, p_value(setting, seeds, options)]
        lines.append(f"| {' | '.join([setting, *cells, *controls, minutes])} |")
    path.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def p_value(setting: str, seeds: Sequence[int], options: argparse.Namespace) -> str:
    """Return the p-value of the difference to no context, over the seeds that both have."""
    shared = [seed for seed in seeds if (folder_of("none", seed, options) / ROW).exists()]
    if setting == "none" or not shared:
        return ""
    counts = (
        [
            counts_of_pairs(
                read_pairs(folder_of(name, seed, options) / "real.jsonl").pairs, rule="lenient"
            )
            for seed in shared
        ]
        for name in ("none", setting)
    )
    return f"{compare_runs(*counts)['f1'].p_value:.4f}"


def spread(values: Sequence[float]) -> str:
    """Return mean and sample deviation; the value alone where there is one."""
    if not values:
        return ""
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
