"""One measurement of `train_step.py`, in its own process: reads a job and prints a result, JSON."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

import gmf.training.trainer as trainer_module
from gmf.core.memory import freed_memory_kept
from gmf.experiments.presets import load_run_config
from gmf.models.runtime import resolve_precision
from gmf.reading.readers import read_split
from gmf.training.run import untrained_tagger
from gmf.training.run_folder import RunFolder
from gmf.training.sampling import batches
from gmf.training.trainer import Trainer
from gmf.vision.cache.manage import cache_info
from gmf.vision.cache.views import CachedViews

PARTS = ("data", "backbone", "fusion", "text", "optimiser", "other")


class Stopwatch:
    """Gives the time since the last mark to a part of the step, forward and backward alike."""

    def __init__(self) -> None:
        self.steps: list[dict[str, float]] = []
        self.cpu_seconds: list[float] = []
        self.begin()

    def begin(self) -> None:
        self.parts = dict.fromkeys(PARTS, 0.0)
        self.last, self.cpu = time.perf_counter(), time.process_time()

    def mark(self, part: str) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.parts[part] += now - self.last
        self.last = now

    def end_step(self) -> None:
        self.mark("optimiser")
        self.steps.append(self.parts)
        self.cpu_seconds.append(time.process_time() - self.cpu)
        self.begin()


def attach(watch: Stopwatch, trainer: Trainer) -> Callable[[], None]:
    """Mark where the parts meet; return what undoes it.

    Backward reaches the first layer's clues when the text is done.
    """
    model = trainer.tagger.model
    model.image_encoder.register_forward_pre_hook(lambda *_: watch.mark("other"))
    model.image_encoder.register_forward_hook(lambda *_: watch.mark("backbone"))
    model.register_forward_pre_hook(lambda *_: watch.mark("other"))
    model.register_forward_hook(lambda *_: watch.mark("text"))

    def at_clues(_module, _inputs, clues):
        watch.mark("fusion")
        if clues.keys[0].requires_grad:
            clues.keys[0].register_hook(lambda _: watch.mark("text"))

    def after_backward(parameters):
        watch.mark("fusion")
        average_gradients(parameters)

    average_gradients = trainer_module.average_gradients
    trainer_module.average_gradients = after_backward
    hook = register_optimizer_step_post_hook(lambda *_: watch.end_step())
    model.guidance.register_forward_hook(at_clues)
    plain_collate = trainer.collator.collate

    def collate(encoded, **options):
        watch.mark("other")
        batch = plain_collate(encoded, **options)
        watch.mark("data")
        return batch

    trainer.collator.collate = collate

    def detach():
        hook.remove()
        trainer_module.average_gradients = average_gradients

    return detach


def measure(job: dict) -> dict:
    torch.set_num_threads(job["threads"])
    config = load_run_config(job["preset"], job["overrides"])
    splits = {name: read_split(config.data.folder, name) for name in ("train", "dev")}
    train = splits["train"][: job["tweets"]]
    tagger = untrained_tagger(config, train)
    collator = tagger.collator(cached=True)
    if job["task"] == "fill":
        return fill(collator, train, config)
    watch = Stopwatch()
    rows: list[dict] = []
    with TemporaryDirectory(dir=job["place"]) as folder:
        trainer = Trainer(
            config,
            tagger=tagger,
            collator=collator,
            train=train,
            dev=splits["dev"][:1],
            folder=RunFolder(Path(folder) / "run"),
            on_epoch=rows.append,
        )
        detach = attach(watch, trainer)
        with freed_memory_kept():
            trainer.run({})
        detach()
    steps = watch.steps[job["warm_up"] :]
    return {
        "parts": {part: fmean(step[part] for step in steps) for part in PARTS},
        "cpu_seconds": fmean(watch.cpu_seconds[job["warm_up"] :]),
        "steps": len(steps),
        "epoch_seconds": rows[0]["train_seconds"],
        "epoch_steps": len(watch.steps),
        "precision": resolve_precision(config.training.precision),
    }


def fill(collator, train, config) -> dict:
    """Cache all views of the training split, in batches as the first epoch would."""
    began = time.perf_counter()
    encoded = collator.encode(train)
    lengths = [sample.length for sample in encoded]
    for indices in batches(lengths, batch_size=config.training.batch_size, shuffle=False):
        collator.collate([encoded[index] for index in indices])
    seconds = time.perf_counter() - began
    source = collator.view_source
    unstored = source.counts.unstored if isinstance(source, CachedViews) else 0
    caches = cache_info(Path(config.data.cache.folder))
    found = [info for info in caches if info.kind == config.data.cache.kind]
    return {
        "fill_seconds": seconds,
        "unstored": unstored,
        "views": sum(info.views for info in found),
        "disk_bytes": sum(info.size_bytes for info in found),
    }


def peak_bytes() -> int:
    """Return the high-water mark of this process's resident memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/self/status names no VmHWM; this benchmark needs Linux")


if __name__ == "__main__":
    # As the commands do: threads of the tokenizer and of torch would wait for each other.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    result = measure(json.loads(sys.argv[1]))
    print(json.dumps({**result, "peak_bytes": peak_bytes()}))
