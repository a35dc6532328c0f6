"""What bf16 costs and gains: F1, confidences and posts a CPU second of a trained run, side by side.

    python benchmarks/precision.py RUN DATA [DATA ...] [--limit 500] [--rounds 2] > precision.json

Every folder's test split is predicted in fp32 and in bf16, in turns, by the same process. Posts of
which an image is absent are read without it, as always.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gmf
from gmf.core.types import Sample
from gmf.evaluation.provenance import describe_hardware, package_versions
from gmf.evaluation.scores import score

PRECISIONS = ("fp32", "bf16")


def measure(pipeline: gmf.Pipeline, samples: list[Sample]) -> tuple[float, list[gmf.Document]]:
    """Return CPU seconds and documents of one pass over the samples."""
    began = time.process_time()
    documents = list(pipeline.predict(samples))
    return time.process_time() - began, documents


def compare(run: str, folder: Path, *, limit: int | None, rounds: int) -> dict[str, Any]:
    """Return the figures of one data folder."""
    samples = gmf.read_samples(folder, split="test")[:limit]
    gold = [sample.tags or () for sample in samples]
    pipelines = {name: gmf.load(run, precision=name) for name in PRECISIONS}
    for pipeline in pipelines.values():
        measure(pipeline, samples[:32])
    passes = [
        {name: measure(pipelines[name], samples) for name in PRECISIONS} for _ in range(rounds)
    ]
    documents = {name: passes[0][name][1] for name in PRECISIONS}
    confidences = {
        name: {
            (row, entity.char_start, entity.char_end, entity.type): entity.confidence
            for row, document in enumerate(documents[name])
            for entity in document.entities
        }
        for name in PRECISIONS
    }
    exact, rounded = (confidences[name] for name in PRECISIONS)
    shared = sorted(exact.keys() & rounded.keys())
    changes = np.array([abs(exact[key] - rounded[key]) for key in shared])
    figures: dict[str, Any] = {
        name: {
            "f1_lenient": 100 * score(gold, [d.tags for d in documents[name]]).lenient.micro.f1,
            "entities": len(confidences[name]),
            "posts_per_cpu_second": len(samples) / min(each[name][0] for each in passes),
        }
        for name in PRECISIONS
    }
    return {
        "data": folder.name,
        "posts": len(samples),
        **figures,
        "entities_of_both": len(shared),
        "change_of_confidence": {
            "mean": float(changes.mean()),
            "share_within_0.01": float((changes <= 0.01).mean()),
            "greatest": float(changes.max()),
        },
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, help="first posts of each; all by default")
    parser.add_argument("--rounds", type=int, default=2, help="the fastest counts")
    arguments = parser.parse_args()
    content = {
        "model": gmf.load(arguments.run).engine.name,
        "rows": [
            compare(arguments.run, folder, limit=arguments.limit, rounds=arguments.rounds)
            for folder in arguments.data
        ],
        "threads": torch.get_num_threads(),
        "hardware": describe_hardware(),
        "versions": package_versions(),
    }
    json.dump(content, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
