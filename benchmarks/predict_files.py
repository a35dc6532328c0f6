"""Speed and memory of `gmf predict` on a file, with kills in between.

    python benchmarks/predict_files.py MODEL --rows 1000000 --kills 2

writes a JSONL of that many rows (the same posts repeated, every ``--image-every``-th with one of
eight pictures), predicts it with the command line, kills the process at random moments, goes on
until the output is there, checks that every row is in it exactly once and in order, and prints one
line of JSON: rows a second of wall time (restarts included) and the highest resident memory of any
of the processes.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

POSTS = (
    "Rocky is ready for snow season",
    "RT @annlee: Oslo beats New York 3-1, what a night for #WorldCup fans 😀 https://t.co/abc123",
    "good morning",
    "The Red Cross and Acme open a school in São Paulo today; Ann Lee will speak at 10:30 there.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--image-every", type=int, default=10, help="0 for no images")
    parser.add_argument("--output-suffix", default=".jsonl", choices=[".jsonl", ".conll"])
    parser.add_argument("--place", help="folder for the files; a temporary one by default")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.place) as place:
        print(json.dumps(measure(Path(place), options)), flush=True)


def measure(place: Path, options: argparse.Namespace) -> dict[str, object]:
    source, output = place / "in.jsonl", place / f"out{options.output_suffix}"
    write_input(source, rows=options.rows, image_every=options.image_every)
    model = str(Path(options.model).absolute()) if Path(options.model).exists() else options.model
    command = [sys.executable, "-m", "gmf", "predict", model, str(source)]
    chance, peak, done_at_kill = random.Random(0), 0, []
    stops = sorted(chance.uniform(0.15, 0.85) for _ in range(options.kills))
    start = time.perf_counter()
    while True:
        process = subprocess.Popen([*command, "--output", str(output)], stdout=subprocess.DEVNULL)
        if stops:
            stop = stops.pop(0)
            while finished(output) < stop * options.rows and process.poll() is None:
                time.sleep(0.2)
            process.send_signal(signal.SIGKILL)
            done_at_kill.append(finished(output))
        _, status, usage = os.wait4(process.pid, 0)
        peak = max(peak, usage.ru_maxrss)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            break
        if code != -signal.SIGKILL:
            raise SystemExit(f"gmf predict ended with {code}")
    seconds = time.perf_counter() - start
    check(output, rows=options.rows)
    return {
        "rows": options.rows,
        "seconds": round(seconds, 1),
        "rows_per_second": round(options.rows / seconds, 1),
        "peak_rss_mb": round(peak / 1024, 1),
        "rows_done_at_kills": done_at_kill,
        "image_every": options.image_every,
        "each_row_once": True,
    }


def write_input(path: Path, *, rows: int, image_every: int) -> None:
    for number in range(8):
        picture = Image.linear_gradient("L").resize((640, 480)).rotate(45 * number).convert("RGB")
        picture.save(path.parent / f"{number}.jpg", quality=85)
    with path.open("w", encoding="utf-8") as file:
        for number in range(1, rows + 1):
            row = {"id": str(number), "text": f"{POSTS[number % len(POSTS)]} {number}"}
            if image_every and number % image_every == 0:
                row["image"] = f"{number // image_every % 8}.jpg"
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def finished(output: Path) -> int:
    """Return the rows of the shards that are complete."""
    parts = output.with_name(output.name + ".parts")
    try:
        shards = json.loads((parts / "job.json").read_text())["shards"]
        return sum(
            s["rows"] for s in shards if (parts / "stats" / f"{s['number']:05d}.json").exists()
        )
    except OSError:
        return 0


def check(output: Path, *, rows: int) -> None:
    wanted = 0
    with output.open(encoding="utf-8") as file:
        for line in file:
            if output.suffix == ".jsonl" or line.startswith("IMGID:"):
                wanted += 1
                found = json.loads(line)["id"] if output.suffix == ".jsonl" else line[6:].strip()
                if found != str(wanted):
                    raise SystemExit(f"row {wanted}: got {found}")
    if wanted != rows:
        raise SystemExit(f"{rows} rows, {wanted} in the output")


if __name__ == "__main__":
    main()
