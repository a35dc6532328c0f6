"""`gmf predict` of a folder of 50 compressed shards that comes out of a pipe, with kills.

    python benchmarks/predict_shards.py MODEL --rows 5000 --kills 4

writes the shards (some rows without a text, so that they fail), predicts ``cat shards/*.gz |`` once
unbroken and once killed at random moments, and prints one line of JSON: rows in, documents and
errors out, seconds, and whether the two outputs are the same bytes.
"""

import argparse
import gzip
import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

FILES, WRONG_EVERY, ROWS_FAILED = 50, 997, 3
TEXTS = ("Rocky is ready for snow season", "Oslo beats New York 3-1 😀", "good morning")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=4)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), options), indent=2), flush=True)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    shards = write_shards(folder / "shards", rows=options.rows)
    whole, broken = folder / "whole.jsonl.gz", folder / "broken.jsonl.gz"
    start = time.perf_counter()
    finish(options.model, shards, whole, stops=[])
    unbroken = time.perf_counter() - start
    chance = random.Random(0)
    stops = sorted(chance.uniform(0.1, 0.9) * options.rows for _ in range(options.kills))
    done_at_kills = finish(options.model, shards, broken, stops=stops)
    with gzip.open(broken, "rt", encoding="utf-8") as file:
        documents = [json.loads(line)["row"] for line in file]
    errors = [json.loads(line)["row"] for line in errors_of(broken).read_text().splitlines()]
    return {
        "files": FILES,
        "rows": options.rows,
        "documents": len(documents),
        "errors": len(errors),
        "each_row_once": sorted(documents + errors) == list(range(1, options.rows + 1)),
        "rows_done_at_kills": done_at_kills,
        "seconds_unbroken": round(unbroken, 1),
        "seconds_with_kills": round(time.perf_counter() - start - unbroken, 1),
        "same_bytes": digest(whole) == digest(broken),
        "same_bytes_of_errors": digest(errors_of(whole)) == digest(errors_of(broken)),
    }


def write_shards(folder: Path, *, rows: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"part-{number:03d}.jsonl.gz" for number in range(FILES)]
    for number, path in enumerate(paths):
        with gzip.open(path, "wt", encoding="utf-8") as file:
            for row in range(rows * number // FILES + 1, rows * (number + 1) // FILES + 1):
                text = f"{TEXTS[row % len(TEXTS)]} {row}" if row % WRONG_EVERY else None
                file.write(json.dumps({"id": str(row), "text": text}) + "\n")
    return paths


def finish(model: str, shards: list[Path], output: Path, *, stops: list[float]) -> list[int]:
    """Predict until the output is there; return the rows that were done at each kill."""
    command = [sys.executable, "-m", "gmf", "predict", model, "-", "--input-format", "jsonl"]
    stops, done_at_kills = list(stops), []
    while True:
        cat = subprocess.Popen(["cat", *map(str, shards)], stdout=subprocess.PIPE)
        process = subprocess.Popen(
            [*command, "--output", str(output)], stdin=cat.stdout, stdout=subprocess.DEVNULL
        )
        cat.stdout.close()
        stop = stops.pop(0) if stops else None
        while stop is not None and process.poll() is None and finished(output) < stop:
            time.sleep(0.05)
        if stop is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            done_at_kills.append(finished(output))
        code = process.wait()
        cat.wait()
        if code in (0, ROWS_FAILED):
            return done_at_kills
        if code != -signal.SIGKILL:
            raise SystemExit(f"gmf predict ended with {code}")


def finished(output: Path) -> int:
    """Return the rows of the shards that are complete."""
    parts = output.with_name(output.name + ".parts")
    try:
        shards = json.loads((parts / "job.json").read_text())["shards"]
    except OSError:
        return 0
    return sum(s["rows"] for s in shards if (parts / f"stats/{s['number']:05d}.json").exists())


def errors_of(output: Path) -> Path:
    return output.with_name(output.name + ".errors.jsonl")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
