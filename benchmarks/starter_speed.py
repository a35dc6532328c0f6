"""Posts a second of an exported model on one core and on two, as it is and as it was.

    python benchmarks/starter_speed.py DATA [--model starter] > starter-speed.json

The first posts of the test split of a data folder such as Twitter-2015 are tagged from their
words, in turns: as now, and as in gmf 0.2.0, with one pass at a time on all threads, all of ONNX
Runtime's fusions and threads that wait long for work. Each number of cores has a process of its
own. By the clock and by processor time, all but reading the file included; the figures are the best
pass of each. Let nothing else run meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gmf
from gmf.core.types import Sample
from gmf.evaluation.provenance import describe_hardware, package_versions
from gmf.prediction.onnx import model

CORES = (1, 2)
POSTS, ROUNDS = 768, 2


def passed(pipeline: gmf.Pipeline, samples: list[Sample]) -> tuple[float, float]:
    """Return posts a second and posts a processor second of one pass over the samples."""
    began, began_processor = time.perf_counter(), time.process_time()
    documents = list(pipeline.predict(samples))
    processor = time.process_time() - began_processor
    return len(documents) / (time.perf_counter() - began), len(documents) / processor


def run(name: str, samples: list[Sample]) -> dict[str, Any]:
    """Return the best pass as now and as before; called in its own process."""
    pipelines = {"now": gmf.load(name, device="cpu")}
    model.SLOWER.clear()
    model.SPIN = "1000"
    model.SMALL = 0
    pipelines["before"] = gmf.load(name, device="cpu")
    pipelines["before"].engine.model.at_once = 1
    for pipeline in pipelines.values():
        passed(pipeline, samples[:64])
    rounds = [{name: passed(p, samples) for name, p in pipelines.items()} for _ in range(ROUNDS)]
    return {
        name: {
            "posts_per_second": round(max(each[name][0] for each in rounds), 1),
            "posts_per_cpu_second": round(max(each[name][1] for each in rounds), 1),
        }
        for name in pipelines
    }


def in_own_process(cores: int, arguments: list[str]) -> dict[str, Any]:
    """Return what ``run`` returns, from a process that may use so many cores."""
    env = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    command = [sys.executable, __file__, *arguments, "--cores", str(cores)]
    return json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter", help="what gmf.load takes")
    parser.add_argument("--cores", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    samples = [replace(s, tags=None) for s in gmf.read_samples(arguments.data, split="test")]
    samples = samples[:POSTS]
    if arguments.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.cores :])
        json.dump(run(arguments.model, samples), sys.stdout)
        return
    content = {
        "posts": len(samples),
        "cores": {str(cores): in_own_process(cores, sys.argv[1:]) for cores in CORES},
        "hardware": describe_hardware(),
        "versions": package_versions(),
    }
    json.dump(content, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
