"""Fuzz every reader and input format: the right rows or one clear error, and nothing is lost.

    python benchmarks/fuzz_readers.py --inputs 10000 > benchmarks/results/fuzz_readers.json

Each input is made from its number alone, small, and read in this process; one that fails is named
with its bytes.
"""

import argparse
import bz2
import gzip
import json
import lzma
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from random import Random

from gmf.checks.examine import examine_folder
from gmf.checks.statistics import folder_statistics
from gmf.checks.validation import validate_folder
from gmf.core.errors import GmfError
from gmf.core.tags import is_bio
from gmf.evaluation.files.read import read_labelled_file
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.reading.conll import read_blocks
from gmf.reading.conll_lines import is_id_line
from gmf.reading.readers import read_file
from gmf.reading.regions_file import read_regions
from gmf.reading.text_files import read_lines

LETTERS = "abZ9 #@-.\"',;|😀é\u00a0\u200d\u00ad\ufe0f\u0301\u05d0\u202e\x00\r\\"
TAGS = [
    *("O", "B-PER", "I-PER", "E-PER", "S-LOC", "b-per", "PER", "X", "B"),
    *(" O", "B-PER ", "B_LOC", ""),
]
SEPARATORS = ["\t", "\t", "\t", " ", ",", ""]
ENDS = ["\n", "\n", "\n", "\r\n", "\r"]
CODECS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]
KEYS = ["text", "tokens", "tags", "entities", "id", "image", "images", "txt", "label", "start"]
OTHER_LINES = ["", " ", "IMGID:1", "IMGID: 2", "IMGID:../3", "# a = b", "-DOCSTART-"]
#: Cells of tables with a schema.
CELLS = [None, "", "Ann in Oslo", "a.jpg", "/a.jpg", "http://x/a.jpg", "\x00", "\u202e", "😀" * 3]


def word(random: Random, most: int = 6) -> str:
    """Return some of the letters that are easily misread."""
    return "".join(random.choices(LETTERS, k=random.randint(0, most)))


def encoded(random: Random, lines: Sequence[str]) -> bytes:
    """Return lines as bytes, perhaps with some of them damaged."""
    end, codec = random.choice(ENDS), random.choice(CODECS)
    content = end.join(lines).encode(codec, errors="ignore")
    return damaged(random, content) if random.random() < 0.25 else content


def damaged(random: Random, content: bytes) -> bytes:
    """Return bytes of which a few are changed, left out or put in."""
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(content))
        junk = random.randbytes(random.randint(0, 3))
        content = content[:start] + junk + content[start + random.randint(0, 2) :]
    return content


def columns(random: Random) -> list[str]:
    """Return lines of words and tags."""
    separator = random.choice(SEPARATORS)
    return [
        random.choice(OTHER_LINES)
        if random.random() < 0.25
        else separator.join((word(random), random.choice(TAGS)))
        for _ in range(random.randint(0, 12))
    ]


def value(random: Random, depth: int = 0) -> object:
    """Return a value of JSON, perhaps nested."""
    kind = random.randrange(10 if depth < 3 else 6)
    if kind < 2:
        return random.choice([None, True, False, -1, 0, 7, 0.5, float("nan"), float("inf")])
    if kind < 5:
        return random.choice([word(random), random.choice(TAGS)])
    if kind == 5:
        offsets = {"start": random.randint(-1, 9), "end": random.randint(-1, 9)}
        return {**offsets, "type": random.choice([None, *TAGS])}
    items = [value(random, depth + 1) for _ in range(random.randint(0, 3))]
    return items if kind < 8 else {random.choice(KEYS): item for item in items[:2]}


def json_lines(random: Random) -> list[str]:
    """Return lines of which most are objects of JSON or Python with keys like ours."""
    lines: list[str] = []
    for _ in range(random.randint(0, 6)):
        if random.random() < 0.5:
            row = {random.choice(KEYS): value(random) for _ in range(random.randint(0, 4))}
        else:
            spans = [value(random, 3) for _ in range(random.randint(0, 3))]
            row = {"text": word(random, 12), "entities": spans}
        lines.append(random.choice([json.dumps, json.dumps, repr, lambda _: word(random)])(row))
    return lines


def table(random: Random) -> list[str]:
    """Return a table; every line says which it is, so that each can be looked for."""
    mark = random.choice(",;\t|")

    def cell() -> str:
        text = "".join(random.choices(f'ab"\n{mark} ', k=random.randint(0, 5)))
        return text if random.random() < 0.5 else '"' + text.replace('"', '""') + '"'

    rows = [mark.join((cell(), cell())) for _ in range(random.randint(0, 8))]
    lines = "\n".join(rows).split("\n")
    return [f"id{mark}text", *(line and f"{line}r{number}e" for number, line in enumerate(lines))]


def arrow_table(random: Random) -> object:
    """Return a table with a schema, in which values of the wrong kinds stand, too."""
    import pyarrow

    rows = random.randint(0, 4)
    kinds: list[Callable[[], object]] = [
        lambda: random.choice(CELLS),
        lambda: random.choice([None, [], ["a.jpg"], ["", None]]),
        lambda: random.choice([None, {"path": "a.jpg", "bytes": None}, {"path": None}]),
        lambda: random.choice([None, -1, 2**40]),
        lambda: random.choice([None, b"", b"\xff\xd8"]),
    ]
    names = random.sample([*KEYS, "meta"], k=random.randint(1, 4))
    picked = {name: random.choice([kinds[0], *kinds]) for name in {*names, "text"}}
    return pyarrow.table({n: [make() for _ in range(rows)] for n, make in picked.items()})


def parquet(random: Random) -> bytes:
    """Return a Parquet file, every other one damaged."""
    from pyarrow import parquet

    out = BytesIO()
    parquet.write_table(arrow_table(random), out)
    content = out.getvalue()
    return damaged(random, content) if random.random() < 0.5 else content


def arrow(random: Random) -> bytes:
    """Return a file or stream of Arrow, every other one damaged."""
    import pyarrow

    out, content = BytesIO(), arrow_table(random)
    new = random.choice([pyarrow.ipc.new_file, pyarrow.ipc.new_stream])
    with new(out, content.schema) as writer:
        writer.write_table(content)
    return damaged(random, out.getvalue()) if random.random() < 0.5 else out.getvalue()


def read_all(path: Path) -> list[Row]:
    """Return all rows; the same from whichever shard one begins."""
    options = InputOptions()
    rows: list[list[Row]] = []
    for size in (1, 1000):
        source = open_source(path, options=options)
        rows.append([row for shard in source.shards(size) for row in source.read(shard)])
    assert repr(rows[0]) == repr(rows[1])
    assert all((row.sample is None) == bool(row.error) for row in rows[0])
    return rows[0]


def check_conll(path: Path, counts: Counter[str]) -> None:
    """Every line is a token, an identifier, a mark, a comment, or a fault."""
    faults: list[GmfError] = []
    raws = list(read_blocks(path, on_fault=faults.append))
    lines = [line for line in read_lines(path) if line.strip(" \t")]
    ids = sum(map(is_id_line, lines))
    marks = sum(line.startswith("-DOCSTART-") for line in lines)
    tokens = sum(len(raw.tokens) for raw in raws)
    wrong = sum(getattr(fault, "field", None) != "IMGID" for fault in faults)
    comments = len(lines) - ids - marks - tokens - wrong
    marked = sum(line.startswith("# ") or bool(re.match(r"\d+[-.]\d+", line)) for line in lines)
    assert 0 <= comments <= marked, (comments, lines)
    faults.clear()
    samples = read_file(path, on_fault=faults.append)
    assert all(map(is_bio, (tag for sample in samples for tag in sample.tags or ())))
    assert len(samples) + len(faults) >= len(raws)
    counts["samples"] += len(samples)
    counts["faults"] += len(faults)


def check_jsonl(path: Path, counts: Counter[str]) -> None:
    """Every line that holds something is a sample or a fault."""
    faults: list[GmfError] = []
    samples = read_file(path, on_fault=faults.append)
    assert len(samples) + len(faults) == sum(bool(line.strip()) for line in read_lines(path))
    counts["samples"] += len(samples)
    counts["faults"] += len(faults)


def check_rows(path: Path, counts: Counter[str]) -> None:
    """Every row is a post or an error."""
    rows = read_all(path)
    counts["samples"] += sum(row.sample is not None for row in rows)
    counts["faults"] += sum(bool(row.error) for row in rows)


def check_table(path: Path, counts: Counter[str]) -> None:
    """Every line below the header is in a post, or is that of an error."""
    rows = read_all(path)
    content = "".join(f"{row.id} {row.sample.text}" for row in rows if row.sample)
    wrong = {int(row.origin.rpartition(":")[2]) for row in rows if row.error}
    for number, line in enumerate(read_lines(path)[1:], 2):
        marker = line[line.rfind("r") :]
        if marker.endswith("e") and marker[1:-1].isdigit():
            assert marker in content or number in wrong, (line, number, rows)
    check_rows(path, counts)


def check_labels(path: Path, counts: Counter[str]) -> None:
    """A file for scoring is read whole or refused."""
    counts["samples"] += len(read_labelled_file(path).samples)


def check_folder(path: Path, counts: Counter[str]) -> None:
    """The doctor ends with findings, validation says no more than training refuses."""
    folder = path.parent
    report = examine_folder(folder)
    counts["findings"] += len(report.findings)
    findings = validate_folder(folder)
    counts["faults"] += sum(finding.severity == "error" for finding in findings)
    folder_statistics(folder)


def check_regions(path: Path, counts: Counter[str]) -> None:
    """Every line of regions is read or a fault."""
    faults: list[GmfError] = []
    counts["samples"] += len(read_regions(path, on_fault=faults.append))
    counts["faults"] += len(faults)


def utf8(random: Random) -> bytes:
    """Return a table as UTF-8."""
    return "\n".join(table(random)).encode()


def columns_file(random: Random) -> bytes:
    """Return columns as bytes."""
    return encoded(random, columns(random))


def json_file(random: Random) -> bytes:
    """Return lines of JSON as bytes."""
    return encoded(random, json_lines(random))


def json_list(random: Random) -> bytes:
    """Return a JSON list like the lines."""
    lines = [line for line in json_lines(random) if line[:1] in ("{", "[")]
    return encoded(random, ["[", *(f"{line}," for line in lines[:-1]), *lines[-1:], "]"])


def compressed(random: Random) -> bytes:
    """Return columns, compressed, every other one damaged."""
    kind = random.choice([gzip.compress, bz2.compress, lzma.compress])
    content = kind(columns_file(random))
    return damaged(random, content) if random.random() < 0.5 else content


def regions_file(random: Random) -> bytes:
    """Return lines like those of regions."""
    rows = []
    for _ in range(random.randint(0, 4)):
        box = [random.choice([-1, 0, 5, 1e9, None]) for _ in range(random.choice([4, 4, 3]))]
        found = [{"box": box, "score": random.choice([0.5, 2])}, value(random)]
        name = random.choice(["1.jpg", "../x.jpg", "", word(random)])
        rows.append(json.dumps({"image": name, "regions": found[: random.randint(0, 2)]}))
    return encoded(random, rows)


#: File name, content and check of each target.
TARGETS: dict[str, tuple[str, Callable[[Random], bytes], Callable[[Path, Counter[str]], None]]] = {
    "reader conll": ("train.txt", columns_file, check_conll),
    "reader jsonl": ("train.jsonl", json_file, check_jsonl),
    "reader conll, compressed": ("train.txt", compressed, check_conll),
    "reader conll, any bytes": ("train.txt", lambda r: r.randbytes(r.randint(0, 80)), check_conll),
    "regions": ("regions.jsonl", regions_file, check_regions),
    "folder of columns": ("data/train.txt", columns_file, check_folder),
    "folder of json": ("data/train.jsonl", json_file, check_folder),
    "input conll": ("posts.conll", columns_file, check_rows),
    "input jsonl": ("posts.jsonl", json_file, check_rows),
    "input csv": ("posts.csv", utf8, check_table),
    "input tsv": ("posts.tsv", utf8, check_table),
    "input csv, bytes": ("posts.csv", lambda r: encoded(r, table(r)), check_rows),
    "input parquet": ("posts.parquet", parquet, check_rows),
    "input arrow": ("posts.arrow", arrow, check_rows),
    "input json": ("posts.json", json_list, check_rows),
    "input text": ("posts.txt", lambda r: encoded(r, [word(r, 12) for _ in range(4)]), check_rows),
    "input folder": ("posts/a.txt", lambda r: encoded(r, [word(r), word(r)]), check_rows),
    "score columns": ("gold.txt", columns_file, check_labels),
    "score jsonl": ("gold.jsonl", json_file, check_labels),
}


def fuzz(name: str, *, inputs: int, seed: int = 1) -> Counter[str]:
    """Return how many inputs were read and refused, and what was in them.

    Raises:
        Exception: Whatever a reader lets through, and an AssertionError where something is lost;
            a note names the input.
    """
    file, make, check = TARGETS[name]
    counts: Counter[str] = Counter(inputs=inputs)
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as folder:
        path = Path(folder) / file
        path.parent.mkdir(exist_ok=True)
        target = path.parent if path.parent.name == "posts" else path
        for number in range(inputs):
            content = make(Random(f"{seed} {name} {number}"))
            path.write_bytes(content)
            try:
                check(target, counts)
            except GmfError as error:
                counts["refused" if str(error) else "refused without words"] += 1
            except Exception as error:
                error.add_note(f"{name}, input {number} of seed {seed}: {content!r}")
                raise
    return counts


def main() -> None:
    """Fuzz all targets and print what became of the inputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(TARGETS), choices=TARGETS)
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for name in options.only:
        start = time.perf_counter()
        counts = fuzz(name, inputs=options.inputs, seed=options.seed)
        results[name] = {**counts, "seconds": round(time.perf_counter() - start, 1)}
        print(name, results[name], file=sys.stderr, flush=True)
    print(json.dumps({"seed": options.seed, "targets": results}, indent=2))


if __name__ == "__main__":
    main()
