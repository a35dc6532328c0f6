"""Throw damaged files at every importer: the right answer or one clear error, nothing lost.

    python benchmarks/fuzz_importers.py --inputs 10000 --out benchmarks/results/fuzz-importers.json

For each format, files that it writes are damaged (bytes changed, cut, doubled, values and keys
swapped for odd ones) and read. An input passes if reading ends with documents or with an error of
gmf, takes no more than ten seconds, every document that was counted is either there or named
among the faults, and every mention lies in its text.
"""

import argparse
import json
import random
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from gmf.core.errors import GmfError
from gmf.exchange.convert import read_documents, write_documents
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.formats import document_formats
from gmf.reading.json_rows import ImageRow

TEXTS = [
    *("Ann Lee in Oslo 😀.", "人名 and\r\n地名", 'a_b [x]|*;->\\\t"q"', "no one"),
    "\u2028 Rome \x85",
]
TYPES = ["PER", "人名", "Fabric Type", "B-X"]
ODD_BYTES = [
    *(b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t"),
    *(b"{", b"]", b'"', b"\\", b"-1"),
]
ODD_VALUES = [
    *(None, -1, 0, 10**30, 1.5, True, float("nan")),
    *("", "x", "\ud83d", "../x", [], {}, [[]]),
]


def seeds(random_: random.Random, name: str) -> list[AnnotatedText]:
    """Return documents with images, overlaps, confidences and emoji."""
    made = []
    for position in range(random_.randint(1, 3)):
        text = random_.choice(TEXTS)
        mentions = []
        for _ in range(random_.randint(0, 3)):
            start = random_.randrange(len(text))
            end = random_.randint(start + 1, len(text))
            if text[start:end].strip():
                confidence = random_.choice([None, 0.5])
                mentions.append(Mention(start, end, random_.choice(TYPES), confidence))
        images = (ImageRow(path="a.jpg", regions=()),) if random_.random() < 0.3 else ()
        made.append(AnnotatedText(text, tuple(mentions), f"{name}-{position}", images=images))
    return made


def damage_values(random_: random.Random, value: object) -> object:
    """Return a JSON value with one part replaced, left out or doubled."""
    if random_.random() < 0.2 or not value or not isinstance(value, dict | list):
        return random_.choice(ODD_VALUES)
    if isinstance(value, list):
        index = random_.randrange(len(value))
        kind = random_.random()
        if kind < 0.15:
            return value[:index] + value[index + 1 :]
        if kind < 0.3:
            return [*value, value[index]]
        return [*value[:index], damage_values(random_, value[index]), *value[index + 1 :]]
    key = random_.choice(list(value))
    rest = {k: v for k, v in value.items() if k != key}
    kind = random_.random()
    if kind < 0.15:
        return rest
    if kind < 0.25:
        return {**rest, random_.choice(["text", "x", "spans", "label", "data"]): value[key]}
    return {**value, key: damage_values(random_, value[key])}


def damage(random_: random.Random, content: bytes) -> bytes:
    """Return the bytes of a file with some damage; JSON often stays JSON."""
    if content[:1] in b"[{" and random_.random() < 0.7:
        try:
            if content.startswith(b"[\n") or content.count(b"\n") < 2:
                return json.dumps(damage_values(random_, json.loads(content))).encode()
            lines = content.splitlines()
            index = random_.randrange(len(lines))
            lines[index] = json.dumps(damage_values(random_, json.loads(lines[index]))).encode()
            return b"\n".join(lines)
        except ValueError:
            pass
    for _ in range(random_.randint(1, 3)):
        start = random_.randint(0, len(content))
        end = min(len(content), start + random_.choice([0, 0, 1, 1, 2, 8, 100]))
        kind = random_.random()
        if kind < 0.6:
            new = random_.choice(ODD_BYTES)
        elif kind < 0.8:
            new = content[start:end] * 2
        else:
            digits = str(random_.choice([0, 7, 99, 10**9])).encode()
            new = digits if content[start:end].isdigit() else bytes([random_.randrange(256)])
        content = content[:start] + new + content[end:]
    return content


def files_of(path: Path) -> list[Path]:
    return [p for p in sorted(path.rglob("*")) if p.is_file()] if path.is_dir() else [path]


def one(random_: random.Random, name: str, folder: Path) -> str:
    """Damage one file and read it; return how it went.

    Raises:
        AssertionError: If something was lost or does not fit.
    """
    path = folder / f"source{document_formats.get(name)().suffix}"
    documents = seeds(random_, name)
    if document_formats.get(name).__name__ == "HuggingFaceParquetFormat":
        documents = [d for d in documents if d.mentions is not None]
    write_documents(documents, path, format=name)
    files = files_of(path)
    if not files:
        return "nothing written"
    file = random_.choice(files)
    file.write_bytes(damage(random_, file.read_bytes()))
    if random_.random() < 0.02:
        file.write_bytes(b"")
    try:
        found, report = read_documents(path, format=name)
    except GmfError as error:
        return "refused" if str(error) else "refused without words"
    assert report.read == len(found) + len(report.faults), (report.read, len(found), report.faults)
    for document in found:
        document.text.encode()
        for mention in document.mentions or ():
            assert 0 <= mention.char_start < mention.char_end <= len(document.text)
            assert mention.type
    return "faults" if report.faults else "losses" if report.lost else "read"


def run(name: str, *, inputs: int, seed: int, folder: Path) -> Counter[str]:
    """Return how many inputs of a format went how."""
    counts: Counter[str] = Counter()
    for number in range(inputs):
        random_ = random.Random(f"{seed}-{name}-{number}")
        place = folder / str(number)
        place.mkdir()
        signal.alarm(10)
        try:
            counts[one(random_, name, place)] += 1
        except Exception as error:
            kept = Path("fuzz-failures") / f"{name}-{number}"
            shutil.copytree(place, kept, dirs_exist_ok=True)
            error.add_note(f"format {name}, input {number} of seed {seed}; kept in {kept}")
            raise
        finally:
            signal.alarm(0)
            shutil.rmtree(place)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", action="append", help="repeatable; all by default")
    parser.add_argument("--folder", type=Path, help="for the files; a RAM disk is fast")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = {}
    for name in options.format or document_formats:
        begin = perf_counter()
        with TemporaryDirectory(dir=options.folder) as folder:
            counts = run(name, inputs=options.inputs, seed=options.seed, folder=Path(folder))
        results[name] = {**dict(sorted(counts.items())), "seconds": round(perf_counter() - begin)}
        print(name, results[name], flush=True)
    if options.out:
        content = {"inputs": options.inputs, "seed": options.seed, "python": sys.version.split()[0]}
        options.out.write_text(json.dumps({**content, "formats": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
