"""Fuzz every reader and input format: the right rows or one clear error, and nothing is lost.

python benchmarks/fuzz_readers.py --examples 10000 > benchmarks/results/fuzz_readers.json
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gmf.core.errors import GmfError
from gmf.core.tags import is_bio
from gmf.evaluation.files.read import read_labelled_file
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions, Row
from gmf.reading.conll import read_blocks
from gmf.reading.readers import read_file
from gmf.reading.text_files import read_lines

LETTERS = "abZ9 #@-.\"',;|😀é\u00a0\u200d\u00ad\ufe0f\u0301\x00\r\\"
WORDS = st.text(st.sampled_from(LETTERS), max_size=6)
TAGS = st.sampled_from(
    ["O", "B-PER", "I-PER", "E-PER", "S-LOC", "b-per", "PER", "X", "B", " O", "B-PER ", "B_LOC", ""]
)
SEPARATORS = st.sampled_from(["\t", "\t", "\t", " ", ",", ""])
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
CODECS = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
KEYS = st.sampled_from(
    ["text", "tokens", "tags", "entities", "id", "image", "images", "txt", "label", "start"]
)
ENTITY = st.fixed_dictionaries(
    {"start": st.integers(-1, 9), "end": st.integers(-1, 9), "type": TAGS | st.none()}
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10) | st.floats() | WORDS | TAGS | ENTITY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=5,
)


@st.composite
def encoded(draw, lines):
    """Return lines as bytes, perhaps with some of them damaged."""
    end, codec = draw(ENDS), draw(CODECS)
    content = end.join(draw(lines)).encode(codec, errors="ignore")
    damages = st.lists(st.tuples(st.integers(0, max(len(content), 1)), st.binary(max_size=3)))
    for place, junk in draw(damages) if draw(st.integers(0, 3)) == 0 else ():
        content = content[:place] + junk + content[place + draw(st.integers(0, 2)) :]
    return content


@st.composite
def columns(draw):
    separator = draw(SEPARATORS)
    row = st.tuples(WORDS, TAGS).map(separator.join)
    other = st.sampled_from(["", " ", "IMGID:1", "IMGID: 2", "IMGID:../3", "# a = b", "-DOCSTART-"])
    return draw(st.lists(row | row | row | other, max_size=12))


OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4) | st.fixed_dictionaries(
    {"text": WORDS, "entities": st.lists(ENTITY, max_size=3)}
)
JSON_LINES = st.lists(OBJECTS.map(json.dumps) | OBJECTS.map(repr) | WORDS, max_size=6)


@st.composite
def table(draw):
    mark = draw(st.sampled_from([",", ";", "\t", "|"]))
    cell = st.text(st.sampled_from(f'ab"\n{mark} '), max_size=5)
    quoted = cell.map(lambda c: '"' + c.replace('"', '""') + '"')
    rows = draw(st.lists(st.tuples(cell | quoted, cell | quoted).map(mark.join), max_size=8))
    lines = "\n".join(rows).split("\n")
    # Every line says which it is, so that each can be looked for in what was read.
    return [f"id{mark}text", *(line and f"{line}r{number}e" for number, line in enumerate(lines))]


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
    ids = sum(line.startswith("IMGID:") and "\t" not in line for line in lines)
    marks = sum(line.startswith("-DOCSTART-") for line in lines)
    tokens = sum(len(raw.tokens) for raw in raws)
    wrong = sum(getattr(fault, "field", None) != "IMGID" for fault in faults)
    comments = len(lines) - ids - marks - tokens - wrong
    assert 0 <= comments <= sum(line.startswith("# ") for line in lines), (comments, lines)
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


#: File name, content and check of each target.
TARGETS: dict[str, tuple[str, st.SearchStrategy[bytes], Callable[[Path, Counter[str]], None]]] = {
    "reader conll": ("train.txt", encoded(columns()), check_conll),
    "reader jsonl": ("train.jsonl", encoded(JSON_LINES), check_jsonl),
    "input conll": ("posts.conll", encoded(columns()), check_rows),
    "input jsonl": ("posts.jsonl", encoded(JSON_LINES), check_rows),
    "input csv": ("posts.csv", table().map(lambda t: "\n".join(t).encode()), check_table),
    "input tsv": ("posts.tsv", table().map(lambda t: "\n".join(t).encode()), check_table),
    "input csv, bytes": ("posts.csv", encoded(table()), check_rows),
    "input parquet": ("posts.parquet", st.binary(max_size=60), check_rows),
    "input folder": ("posts/a.txt", encoded(st.lists(WORDS, max_size=3)), check_rows),
    "score columns": ("gold.txt", encoded(columns()), check_labels),
    "score jsonl": ("gold.jsonl", encoded(JSON_LINES), check_labels),
    "any bytes": ("train.txt", st.binary(max_size=80), check_conll),
}


def fuzz(name: str, *, examples: int, number: int = 1) -> Counter[str]:
    """Return how many inputs were read and refused, and what was in them.

    Raises:
        Exception: Whatever a reader lets through, and an AssertionError where something is lost.
    """
    file, strategy, check = TARGETS[name]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.parent.mkdir(exist_ok=True)

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def one(content: bytes) -> None:
            path.write_bytes(content)
            counts["inputs"] += 1
            try:
                check(path if "/" not in file else path.parent, counts)
            except GmfError as error:
                counts["refused" if str(error) else "refused without words"] += 1

        one()
    return counts


def main() -> None:
    """Fuzz all targets and print what became of the inputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(TARGETS), choices=TARGETS)
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for name in options.only:
        start = time.perf_counter()
        counts = fuzz(name, examples=options.examples, number=options.seed)
        results[name] = {**counts, "seconds": round(time.perf_counter() - start, 1)}
    print(json.dumps({"seed": options.seed, "targets": results}, indent=2))


if __name__ == "__main__":
    main()
