"""Whether drawn images would help the starter on photographs: why it reads text alone.

    python benchmarks/starter_images.py DATA --out OUT > starter-images.json

DATA holds what ``starter.py`` reads, and ``photo`` and ``mvsa_posts``, which are measured on and
never trained on. Two small starters are trained on the same posts, the first of each open corpus
and a drawn corpus of which a part of the images is swapped: ``text``, BERT-CRF, and ``images``,
GMF, from which a part of the images is hidden. Both read the test split of ``photo``, by kind of
pair, with true, shuffled and no images; ``images`` also reads ``mvsa_posts``, which have no tags,
with true and shuffled ones. Resumable, like every run.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gmf_demo.corpus import DemoCorpusConfig, write_corpus
from gmf_demo.run import KINDS
from pair_kinds import kinds_of

import gmf
from gmf.core.types import Sample
from gmf.evaluation.image_controls import Control, apply_control
from gmf.evaluation.scores import score
from gmf.experiments.presets import load_run_config
from gmf.training.run import read_splits, train
from starter import prepare

#: Posts of each open corpus, and those that are drawn.
OPEN = {"train": 800, "dev": 300}
DRAWN = DemoCorpusConfig(num_train=1200, num_dev=200, num_test=1)
MODELS = {
    "text": ("model=bert-crf",),
    "images": ("model=gmf", "model.hide_images=0.3", "data.cache.kind=pooled_maps"),
}
SEEN: tuple[Control, ...] = ("real", "shuffled", "none")
Documents = list[gmf.Document]


def train_both(data: Path, out: Path) -> dict[str, Path]:
    """Return the folders of both runs, trained."""
    write_corpus(out / "corpora" / "drawn", config=DRAWN)
    folders = [*prepare(data, out / "corpora"), str(out / "corpora" / "drawn")]
    runs = {name: out / name for name in MODELS}
    for name, options in MODELS.items():
        config = load_run_config(
            "starter",
            [
                f"data.folders={json.dumps(folders)}",
                "training.learning_rate=2e-4",
                "training.agreement=none",
                "training.weight_average=0",
                *options,
            ],
        )
        splits = {split: first_of_each(s, split) for split, s in read_splits(config).items()}
        train(config, runs[name], splits=splits, on_epoch=lambda row: print(row, file=sys.stderr))
    return runs


def first_of_each(samples: Sequence[Sample], split: str) -> list[Sample]:
    """Return all drawn samples, and the first of each other corpus."""
    kept: list[Sample] = []
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.corpus] = counts.get(sample.corpus, 0) + 1
        if sample.corpus == "drawn" or counts[sample.corpus] <= OPEN[split]:
            kept.append(sample)
    return kept


def read(run: Path, samples: Sequence[Sample], control: Control) -> Documents:
    """Return what a run finds with the images that a control leaves."""
    shown = apply_control(samples, control=control).samples
    return list(gmf.load(run).predict(shown))


def f1_by_kind(
    samples: Sequence[Sample], documents: Documents, kinds: dict[str, str]
) -> dict[str, float]:
    """Return lenient micro F1 in percent of each kind of pair."""
    rows: dict[str, float] = {}
    for kind in KINDS:
        part = [n for n, s in enumerate(samples) if kind in ("all", kinds[s.id])]
        scores = score([samples[n].tags or () for n in part], [documents[n].tags for n in part])
        rows[kind] = round(100 * scores.lenient.micro.f1, 2)
    return rows


def moved(real: Documents, shuffled: Documents) -> dict[str, Any]:
    """Return how many entities and confidences another image changes."""
    both = [
        {(e.char_start, e.char_end, e.type): e.confidence for e in found.entities}
        for found in (*real, *shuffled)
    ]
    pairs = list(zip(both[: len(real)], both[len(real) :], strict=True))
    changes = np.array([abs(a[key] - b[key]) for a, b in pairs for key in a.keys() & b.keys()])
    return {
        "posts": len(pairs),
        "entities": sum(len(a) for a, _ in pairs),
        "entities_not_found_with_another": sum(len(a.keys() - b.keys()) for a, b in pairs),
        "entities_found_only_with_another": sum(len(b.keys() - a.keys()) for a, b in pairs),
        "mean_change_of_confidence": round(float(changes.mean()), 4),
        "share_changed_by_more_than_0.1": round(float((changes > 0.1).mean()), 4),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    runs = train_both(options.data, options.out)
    kinds = kinds_of(options.data / "photo")
    photo = gmf.read_samples(options.data / "photo", split="test")
    posts = gmf.read_samples(options.data / "mvsa_posts" / "posts.jsonl")
    found = {seen: read(runs["images"], photo, seen) for seen in SEEN}
    rows = {f"images, {seen}": f1_by_kind(photo, found[seen], kinds) for seen in SEEN}
    rows["text"] = f1_by_kind(photo, read(runs["text"], photo, "real"), kinds)
    real, shuffled = (read(runs["images"], posts, seen) for seen in SEEN[:2])
    content = {
        "photo": {"posts": len(photo), "f1_lenient": rows},
        "photo_moved_by_another_image": moved(found["real"], found["shuffled"]),
        "mvsa_posts_moved_by_another_image": moved(real, shuffled),
    }
    json.dump(content, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
