"""Parity, F1, size and latency of an exported model beside its checkpoint.

    python benchmarks/onnx_export.py RUN --data DATA_FOLDER --splits test dev train
    python benchmarks/onnx_export.py --untrained all-MiniLM-L6-v2 mobilenet-v2-1.0-224

Parity is counted on the first tweets of the splits in the order given, F1 on those of the first
split; without DATA_FOLDER tweets with images are drawn, on which F1 means nothing. Exit status 1
when an emission is off by more than 1e-4, a tag differs, or int8 is more than 0.5 F1 below the
checkpoint on DATA_FOLDER. Figures go to stdout as Markdown.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from gmf_demo.corpus import DemoCorpusConfig, write_corpus

from gmf.core.tags import PAPER_TYPES, TagSet
from gmf.core.types import Sample
from gmf.data.config import DataConfig
from gmf.evaluation.scores import score
from gmf.inference.decoding import Decoded
from gmf.models.checkpoint import load_tagger, save_tagger
from gmf.models.registry import model_options
from gmf.models.tagger import Tagger, build_tagger
from gmf.prediction.onnx.engine import OnnxEngine
from gmf.prediction.onnx.export import export_onnx
from gmf.reading.readers import read_split
from gmf.training.run_folder import checkpoint_of

TOLERANCE, F1_LOSS = 1e-4, 0.5
BATCH_SIZES = (1, 16)


@dataclass
class Outcome:
    """What one variant says of all tweets."""

    emissions: list[np.ndarray]
    tags: list[tuple[str, ...]]


#: Makes emissions (of words that are there, one array a tweet) and decoded tags of a batch.
Run = Callable[[Sequence[Sample]], tuple[list[np.ndarray], list[Decoded]]]


def torch_run(tagger: Tagger) -> Run:
    collator = tagger.collator()

    @torch.no_grad()
    def run(samples: Sequence[Sample]) -> tuple[list[np.ndarray], list[Decoded]]:
        batch = collator(samples).to("cpu")
        output = tagger.model(batch)
        mask = tagger.model.head.mask(batch)
        emissions = [row[keep].numpy() for row, keep in zip(output.emissions, mask, strict=True)]
        return emissions, tagger.model.decode(output, batch)

    return run


def onnx_run(folder: Path, threads: int) -> Run:
    engine = OnnxEngine(folder, device="cpu", num_threads=threads)

    def run(samples: Sequence[Sample]) -> tuple[list[np.ndarray], list[Decoded]]:
        batch = engine.collator(samples)
        output = engine.model(batch)
        mask = engine.model.decoder.mask(batch)
        emissions = [row[keep] for row, keep in zip(output, mask, strict=True)]
        return emissions, engine.model.decode(output, batch)

    return run


def outcome(run: Run, samples: Sequence[Sample], batch_size: int = 32) -> Outcome:
    order = sorted(range(len(samples)), key=lambda row: len(samples[row].tokens))
    emissions: dict[int, np.ndarray] = {}
    tags: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        scores, decoded = run([samples[row] for row in rows])
        for row, score_rows, found in zip(rows, scores, decoded, strict=True):
            emissions[row], tags[row] = score_rows, found.tags
    rows = range(len(samples))
    return Outcome([emissions[row] for row in rows], [tags[row] for row in rows])


def latencies(
    run: Run, samples: Sequence[Sample], batch_size: int, repeats: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return milliseconds of each pass by the clock and of processor time, all included."""
    batches = [
        [samples[(start * batch_size + i) % len(samples)] for i in range(batch_size)]
        for start in range(repeats)
    ]
    run(batches[0])
    clock: list[float] = []
    processor: list[float] = []
    for batch in batches:
        begin, begin_processor = time.perf_counter(), time.process_time()
        run(batch)
        clock.append(1000 * (time.perf_counter() - begin))
        processor.append(1000 * (time.process_time() - begin_processor))
    return np.array(clock), np.array(processor)


def folder_size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def f1(samples: Sequence[Sample], tags: Sequence[tuple[str, ...]]) -> float:
    return 100 * score([sample.tags or () for sample in samples], tags).lenient.micro.f1


def compare(
    runs: dict[str, Run], samples: Sequence[Sample], scored: int, *, judge_f1: bool
) -> list[str]:
    """Print parity of all variants on some tweets and F1 on the first of them; return faults."""
    found = {name: outcome(run, samples) for name, run in runs.items()}
    reference = found["torch"]
    points = {name: f1(samples[:scored], own.tags[:scored]) for name, own in found.items()}
    print(f"\n### Parity on {len(samples)} tweets, F1 on the first {scored}\n")
    print("| variant | largest difference of an emission | tweets with other tags | words | F1 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    faults: list[str] = []
    for name, own in found.items():
        pairs = zip(own.emissions, reference.emissions, strict=True)
        difference = max(float(np.abs(a - b).max(initial=0)) for a, b in pairs)
        other = sum(a != b for a, b in zip(own.tags, reference.tags, strict=True))
        words = sum(
            a != b
            for row, wanted in zip(own.tags, reference.tags, strict=True)
            for a, b in zip(row, wanted, strict=True)
        )
        print(f"| {name} | {difference:.2e} | {other} | {words} | {points[name]:.2f} |", flush=True)
        if name == "onnx fp32" and (difference > TOLERANCE or other):
            faults.append(f"emissions differ by {difference:.2e}, tags in {other} tweets")
    if judge_f1 and points["torch"] - points["onnx int8"] > F1_LOSS:
        faults.append(f"int8 loses more than {F1_LOSS} F1")
    return faults


def speed(
    runs: dict[str, Run],
    sizes: dict[str, float],
    samples: Sequence[Sample],
    *,
    uses_images: bool,
    repeats: int,
) -> None:
    kinds = {"text only": [Sample(s.id, s.tokens, s.tags) for s in samples]}
    if uses_images:
        kinds["with images"] = list(samples)
    print("\n### Size and latency, milliseconds a pass: pictures, model and decoding\n")
    print("| variant | MB | posts | batch | p50 | p95 | processor p50 |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for name, run in runs.items():
        for kind, posts in kinds.items():
            for batch_size in BATCH_SIZES:
                passes = max(5, repeats // batch_size)
                clock, processor = latencies(run, posts, batch_size, passes)
                p50, p95 = np.percentile(clock, [50, 95])
                row = f"{name} | {sizes[name]:.1f} | {kind} | {batch_size} | {p50:.1f} | {p95:.1f}"
                print(f"| {row} | {np.median(processor):.1f} |", flush=True)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run", nargs="?", type=Path, help="run or checkpoint folder")
    parser.add_argument(
        "--untrained",
        nargs=2,
        metavar=("TEXT", "IMAGE"),
        help="encoders, by name or folder, of a model with a random head",
    )
    parser.add_argument("--model", default="gmf", help="model of --untrained")
    parser.add_argument("--data", type=Path, help="folder of real tweets")
    parser.add_argument("--splits", nargs="+", default=["test", "dev"])
    parser.add_argument("--tweets", type=int, default=1000, help="how many of them, or to draw")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=200, help="passes of one post")
    arguments = parser.parse_args()
    if bool(arguments.run) == bool(arguments.untrained):
        parser.error("name a run, or else --untrained TEXT IMAGE")
    return arguments


def load(arguments: argparse.Namespace) -> Tagger:
    if arguments.run:
        return load_tagger(checkpoint_of(arguments.run))
    text, image = arguments.untrained
    torch.manual_seed(0)
    return build_tagger(
        model_options(arguments.model),
        tags=TagSet(PAPER_TYPES),
        text_encoder=text,
        image_encoder=image,
        data=DataConfig(),
    )


def tweets(arguments: argparse.Namespace, place: Path) -> tuple[list[Sample], int]:
    """Return the tweets, and how many of them are of the first split."""
    if arguments.data is None:
        config = DemoCorpusConfig(num_train=1, num_dev=1, num_test=arguments.tweets)
        drawn = list(write_corpus(place, config=config).splits["test"])
        return drawn, len(drawn)
    splits = [read_split(arguments.data, split) for split in arguments.splits]
    samples = [sample for split in splits for sample in split][: arguments.tweets]
    return samples, min(len(splits[0]), len(samples))


def main() -> int:
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    tagger = load(arguments)
    tagger.model.eval()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        save_tagger(tagger, work / "torch")
        export_onnx(tagger, work / "onnx fp32")
        export_onnx(tagger, work / "onnx int8", int8=True)
        sizes = {path.name: folder_size(path) for path in work.iterdir()}
        runs = {
            "torch": torch_run(tagger),
            **{k: onnx_run(work / k, arguments.threads) for k in ("onnx fp32", "onnx int8")},
        }
        samples, scored = tweets(arguments, work / "tweets")
        faults = compare(runs, samples, scored, judge_f1=arguments.data is not None)
        speed(
            runs,
            sizes,
            samples,
            uses_images=tagger.model.uses_images,
            repeats=arguments.repeats,
        )
    print("\n" + ("\n".join(f"FAILED {fault}" for fault in faults) or "parity: passed"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
