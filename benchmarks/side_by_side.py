"""An installed gmf model beside spaCy's ``en_core_web_sm`` on the same posts, in one run.

    python benchmarks/side_by_side.py DATA --spacy en_core_web_sm [--model starter] > side.json

``DATA`` holds the folders of ``CORPORA``, of which the test split is read. Both systems get the
same words and are scored alike: types are read as those of ``TYPES``; what is not there, such as
spaCy's dates, counts as no entity, and so does a type that a corpus does not annotate. Each system
runs in a process of its own, on one core; its own figures are CPU seconds and peak memory there.
``--spacy`` is what ``spacy.load`` takes: a package, or the folder inside its wheel.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gmf
from gmf.core.tags import alias_tag
from gmf.core.types import Sample
from gmf.evaluation.provenance import describe_hardware, package_versions
from gmf.evaluation.scores import score

CORPORA = ("twitter2017", "twitter2015", "btc", "wnut17", "tweebank_ner")
#: Types of all corpora and systems by the type that they are scored as.
TYPES = {
    **dict.fromkeys(("PER", "PERSON", "person"), "PER"),
    **dict.fromkeys(("LOC", "GPE", "FAC", "location"), "LOC"),
    **dict.fromkeys(("ORG", "corporation", "group"), "ORG"),
    **dict.fromkeys(("MISC", "OTHER", "product", "creative-work"), "MISC"),
    **dict.fromkeys(("NORP", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"), "MISC"),
}
Tagger = Callable[[Sequence[Sample]], list[tuple[str, ...]]]


def gmf_tagger(name: str) -> tuple[Tagger, Path]:
    """Return what tags samples with a gmf model, and where its files are."""
    pipeline = gmf.load(name, device="cpu")
    assert pipeline.source is not None

    def tag(samples: Sequence[Sample]) -> list[tuple[str, ...]]:
        return [document.tags for document in pipeline.predict(samples)]

    return tag, pipeline.source


def spacy_tagger(name: str) -> tuple[Tagger, Path]:
    """Return what tags samples with a spaCy pipeline of which only the entities are computed."""
    import spacy
    from spacy.tokens import Doc

    nlp = spacy.load(name)
    # It has a tok2vec of its own.
    nlp.select_pipes(enable=["ner"])

    def tag(samples: Sequence[Sample]) -> list[tuple[str, ...]]:
        # It refuses words without characters, which some corpora have.
        docs = [Doc(nlp.vocab, words=[word or " " for word in s.tokens]) for s in samples]
        return [
            tuple(f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc)
            for doc in nlp.pipe(docs, batch_size=256)
        ]

    return tag, Path(nlp.path)


TAGGERS = {"gmf": gmf_tagger, "spacy": spacy_tagger}


def run_one(system: str, name: str, data: Path) -> dict[str, Any]:
    """Return tags, speed, size and memory of a system; called in its own process."""
    began = time.perf_counter()
    tag, folder = TAGGERS[system](name)
    loaded = time.perf_counter() - began
    tags: dict[str, list[tuple[str, ...]]] = {}
    posts, seconds = 0, 0.0
    for corpus in CORPORA:
        tagged = gmf.read_samples(data / corpus, split="test")
        samples = [replace(sample, tags=None) for sample in tagged]
        tag(samples[:32])
        start = time.process_time()
        tags[corpus] = tag(samples)
        seconds, posts = seconds + time.process_time() - start, posts + len(samples)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "tags": tags,
        "figures": {
            "posts_per_cpu_second": round(posts / seconds, 1),
            "load_seconds": round(loaded, 2),
            "megabytes": round(size / 1e6, 1),
            "peak_memory_megabytes": round(memory / 1e3),
        },
    }


def in_own_process(system: str, name: str, data: Path) -> dict[str, Any]:
    """Return what ``run_one`` returns, from a process with one thread."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, __file__, str(data), "--one", system, name]
    done = subprocess.run(command, env={**os.environ, **one}, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def mapped(tags: Sequence[str], known: set[str]) -> list[str]:
    """Return tags with their types as ``TYPES`` reads them, those that are not known as O."""
    return [
        tag if tag == "O" or tag[2:] in known else "O"
        for tag in (alias_tag(tag, aliases=TYPES) for tag in tags)
    ]


def table(found: dict[str, Any], data: Path) -> list[dict[str, Any]]:
    """Return F1 of each system on each corpus."""
    rows: list[dict[str, Any]] = []
    for corpus in CORPORA:
        samples = gmf.read_samples(data / corpus, split="test")
        gold = [[alias_tag(tag, aliases=TYPES) for tag in sample.tags or ()] for sample in samples]
        known = {tag[2:] for tags in gold for tag in tags if tag != "O"}
        row: dict[str, Any] = {"corpus": corpus, "posts": len(samples), "types": sorted(known)}
        for system, result in found.items():
            predicted = [mapped(tags, known) for tags in result["tags"][corpus]]
            scores = score(gold, predicted)
            row[system] = {
                "f1_lenient": round(100 * scores.lenient.micro.f1, 2),
                "f1_strict": round(100 * scores.strict.micro.f1, 2),
            }
        rows.append(row)
    return rows


def main() -> None:
    """Print figures and scores as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter", help="what gmf.load takes")
    parser.add_argument("--spacy", default="en_core_web_sm", help="what spacy.load takes")
    parser.add_argument("--one", nargs=2, metavar=("SYSTEM", "NAME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        json.dump(run_one(*arguments.one, arguments.data), sys.stdout)
        return
    names = {"gmf": arguments.model, "spacy": arguments.spacy}
    found = {system: in_own_process(system, name, arguments.data) for system, name in names.items()}
    content = {
        "systems": {s: {"name": names[s], **found[s]["figures"]} for s in names},
        "scores": table(found, arguments.data),
        "types_read_as": TYPES,
        "hardware": describe_hardware(),
        "versions": package_versions(),
    }
    json.dump(content, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
