"""What a card makes of gmf: its tests, and a training step and a prediction at full size.

    make gpu-check OUT=DIR
    PYTHONPATH=src:demo python benchmarks/gpu_check.py --out DIR

Runs the tests that are marked ``gpu``, then measures GMF on shapes of BERT-base and ResNet-50 with
random weights (16 posts a step, a picture and three regions each, settings of the paper's data):
seconds of a step by part, posts a second with and without a cache of pixels, peak memory, the share
of what the card multiplies in bf16, and the same beside a bare encoder step (BERT-base trained,
ResNet-50 read) on the same batch. Writes ``NAME-OF-THE-CARD.json`` into the folder. Takes less than
ten minutes, and needs PyTorch with CUDA, the packages of ``constraints.txt`` and no network.
``--device cpu --tiny`` tries all of it out without a card.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import torch
from torch.utils.flop_counter import FlopCounterMode
from train_step_child import measure
from train_step_sets import synthetic_set

from gmf.core.device import torch_device
from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config
from gmf.models.runtime import computing_in, seed_everything
from gmf.reading.readers import read_split
from gmf.training.config import RunConfig
from gmf.training.optimization import build_optimizer
from gmf.training.run import train, untrained_tagger

ROOT = Path(__file__).parents[1]
BATCH, POSTS, TINY_POSTS = 16, 640, 4
#: Dense bf16 operations a second that makers state, by a part of the card's name.
STATED_PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="tiny encoders, few posts")
    parser.add_argument("--no-tests", action="store_true", help="measure only")
    options = parser.parse_args(arguments)
    try:
        device = torch_device(options.device)
    except ConfigError as error:
        print(f"gpu-check: no card to check: {error}", file=sys.stderr)
        return 1
    os.environ["ACCELERATE_TORCH_DEVICE"] = str(device)
    is_card = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if is_card else "cpu"
    results: dict[str, Any] = {"card": name, "torch": torch.__version__, "cuda": torch.version.cuda}
    if not options.no_tests:
        results["tests"] = run_tests(device)
    with TemporaryDirectory() as place:
        posts = TINY_POSTS if options.tiny else POSTS
        results |= measured(Path(place), device, posts=posts, is_tiny=options.tiny)
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"{re.sub('[^A-Za-z0-9]+', '-', name).strip('-').lower()}.json"
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    failed = results.get("tests", {}).get("failed", 0)
    print(f"gpu-check: {name}: {failed} tests failed; figures in {file}", file=sys.stderr)
    return 1 if failed else 0


def run_tests(device: torch.device) -> dict[str, float]:
    """Run the tests of cards, or on a CPU the few of them that it can; return their numbers."""
    with TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        # Four processes, for less than ten minutes; pytest-benchmark, where it is, warns of them.
        many = ["gpu", "-n", "4", "-p", "no:benchmark"]
        marks = many if device.type == "cuda" else ["not gpu"]
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", "-m", *marks]
        subprocess.run([*command, "-p", "no:cacheprovider", "tests/gpu"], cwd=ROOT, check=False)
        if not report.exists():
            return {"passed": 0, "failed": 1, "skipped": 0, "seconds": 0.0}
        counts = ElementTree.parse(report).getroot()[0].attrib
    failed = int(counts["failures"]) + int(counts["errors"])
    skipped = int(counts["skipped"])
    passed = int(counts["tests"]) - failed - skipped
    seconds = float(counts["time"])
    # Where nothing ran, nothing was shown.
    return {
        "passed": passed,
        "failed": failed + (not passed),
        "skipped": skipped,
        "seconds": seconds,
    }


def measured(place: Path, device: torch.device, *, posts: int, is_tiny: bool) -> dict[str, Any]:
    """Return all figures of full size, or of tiny encoders."""
    chosen = synthetic_set(place, tweets=posts, is_tiny=is_tiny)
    fixed = [
        *chosen.overrides,
        f"data.folder={chosen.folder}",
        f"data.cache.folder={place / 'cache'}",
        f"training.batch_size={min(BATCH, posts // 2)}",
        "training.precision=bf16",
    ]

    def config(*more: str) -> RunConfig:
        return load_run_config(chosen.preset, [*fixed, *more])

    job = {"task": "train", "preset": chosen.preset, "threads": torch.get_num_threads()}
    job |= {"tweets": posts, "warm_up": 1, "place": str(place)}
    figures: dict[str, Any] = {"posts": posts, "batch": min(BATCH, posts // 2)}
    for kind in ("none", "pixels"):
        options = [*fixed, f"data.cache.kind={kind}", "training.epochs=1", "training.prefetch=0"]
        parts = measure({**job, "overrides": options})["parts"]
        run = config(f"data.cache.kind={kind}", "training.epochs=2")
        figures[f"cache {kind}"] = {
            "seconds of a step by part, waited for": parts,
            "posts a second of training, dev apart": throughput(run, place / kind, posts=posts),
        }
    return figures | steps(config("data.cache.kind=none"), device) | prediction(config(), device)


def throughput(config: RunConfig, run: Path, *, posts: int) -> float:
    """Return the posts a second of the second epoch of a run, as anybody would start it."""
    state, _ = train(config, run)
    return posts / max(state.history[-1]["train_seconds"], 1e-9)


def steps(config: RunConfig, device: torch.device) -> dict[str, Any]:
    """Return what a step on a batch that is there takes, beside one of the bare encoders."""
    samples = read_split(config.data.folder or Path(), "train")[: config.training.batch_size]
    tagger = untrained_tagger(config, samples)
    model, batch = tagger.model.to(device).train(), tagger.collator()(samples).to(device)
    optimizer = build_optimizer(model, config.training)
    text, image = model.text_encoder.model, model.image_encoder

    def whole() -> None:
        with computing_in("bf16", device):
            loss = model(batch).loss
        assert loss is not None
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    def bare() -> None:
        with computing_in("bf16", device):
            if batch.views is not None:
                image(batch.views)
            states = text(**batch.text_inputs).last_hidden_state
        states.float().square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    peak, stated = matmul_peak(device), stated_peak(device)
    figures: dict[str, Any] = {"bf16 operations a second, measured": peak, "stated": stated}
    for name, step in (("step", whole), ("bare encoder step", bare)):
        seconds, memory = timed(step, device)
        with FlopCounterMode(display=False) as counter:
            step()
        operations = counter.get_total_flops()
        figures[name] = {
            "seconds": seconds,
            "posts a second": len(samples) / seconds,
            "operations": operations,
            "share of the measured peak": operations / seconds / peak,
            "share of the stated peak": operations / seconds / stated if stated else None,
            "peak memory, bytes": memory,
        }
    return figures


def prediction(config: RunConfig, device: torch.device) -> dict[str, Any]:
    """Return the posts a second of prediction, images read from their files, by precision."""
    samples = read_split(config.data.folder or Path(), "train")[: 8 * config.training.batch_size]
    tagger = untrained_tagger(config, samples)
    tagger.model.to(device)
    collator, figures = tagger.collator(), dict[str, float]()
    for precision in ("fp32", "bf16"):
        with computing_in(precision, device):
            list(tagger.predict(samples[:2], collator=collator))
            began = time.perf_counter()
            list(tagger.predict(samples, collator=collator))
        figures[precision] = len(samples) / (time.perf_counter() - began)
    return {"posts a second of prediction": figures}


def timed(step: Callable[[], None], device: torch.device, *, times: int = 10) -> tuple[float, int]:
    """Return the seconds of a step, after some to warm up, and the peak memory of a card."""
    seed_everything(0)
    is_card = device.type == "cuda"
    for _ in range(3):
        step()
    with torch.cuda.device(device) if is_card else nullcontext():
        if is_card:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        for _ in range(times if is_card else 1):
            step()
        if is_card:
            torch.cuda.synchronize()
        seconds = (time.perf_counter() - began) / (times if is_card else 1)
        return seconds, torch.cuda.max_memory_allocated() if is_card else 0


def matmul_peak(device: torch.device) -> float:
    """Return the bf16 operations a second of a large product."""
    size = 8192 if device.type == "cuda" else 256
    matrix = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    seconds, _ = timed(lambda: (matrix @ matrix, None)[1], device, times=20)
    return 2 * size**3 / seconds


def stated_peak(device: torch.device) -> float | None:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((peak for part, peak in STATED_PEAKS.items() if part in name), None)


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
