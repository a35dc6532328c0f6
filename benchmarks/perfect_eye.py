"""How well any late fusion can do on photographs, with a perfect eye and with that of an encoder.

    python benchmarks/perfect_eye.py DATA RUN... --images RUN > benchmarks/results/perfect-eye.json

``RUN`` are text-only runs of one setting, which differ in seed, on a corpus whose side file says
what each picture shows (a type, or ``ANY``). To the score of each tag of the text model the
evidence of an eye for its type is added, several times weaker and stronger: a perfect eye is told
what the picture shows; the other is a linear layer that was taught it from what the frozen encoder
of ``--images``, a run with images, makes of the picture. What each thing shown is worth for each
type, and how far to trust the text, are fitted on dev by the likelihood of the tags, so the weight
1 is the best for all pairs together. The sweep is what one pays on misleading pairs for related.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from image_trust import shown
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.evaluation.scores import score
from gmf.models.checkpoint import load_tagger
from gmf.models.modules.crf import LinearChainCrf
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.tagger import Tagger
from gmf.reading.groups import find_groups, read_groups
from gmf.reading.readers import read_split
from gmf.training.run_folder import checkpoint_of

WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
SHOWN = ("PER", "LOC", "ORG", "MISC", "ANY")
KINDS = ("all", "related", "unrelated", "misleading")
BATCH = 32


@dataclass(frozen=True)
class Corpus:
    """Posts by split, and what the side file says of each."""

    samples: dict[str, list[Sample]]
    groups: dict[str, dict[str, str]]

    @classmethod
    def read(cls, folder: Path) -> "Corpus":
        """Return the corpus of a data folder."""
        path = find_groups(folder)
        assert path is not None, f"{folder}: has no side file of groups"
        samples = {split: read_split(folder, split) for split in ("train", "dev", "test")}
        return cls(samples, read_groups(path).by_id)

    def shown(self, split: str) -> Tensor:
        """Return what the picture of each post shows, as a number."""
        return torch.tensor([SHOWN.index(self.groups[s.id]["shows"]) for s in self.samples[split]])


def main() -> None:
    """Print mean and sample deviation of lenient micro F1 over runs, by eye, weight and kind."""
    parser = argparse.ArgumentParser(description="A perfect eye beside text.")
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="run with images")
    options = parser.parse_args()
    corpus = Corpus.read(options.data)
    told = {s: nn.functional.one_hot(corpus.shown(s), len(SHOWN)).float() for s in ("dev", "test")}
    eyes = {"perfect": told, "encoder": taught(corpus, options.images)}
    rows: dict[str, dict[float, dict[str, list[float]]]] = {eye: {} for eye in eyes}
    for run in options.runs:
        tagger = load_tagger(checkpoint_of(run))
        words = {split: emissions(corpus.samples[split], tagger) for split in ("dev", "test")}
        for eye, seen in eyes.items():
            fusion = fitted(words["dev"], seen["dev"], corpus.samples["dev"], tagger.model.head)
            for weight in WEIGHTS:
                paths = fusion.tags(words["test"], seen["test"], weight)
                found = rows[eye].setdefault(weight, defaultdict(list))
                for kind in KINDS:
                    found[kind].append(f1(corpus, paths, kind))
    accuracy = (eyes["encoder"]["test"].argmax(1) == corpus.shown("test")).float().mean()
    result: dict[str, Any] = {"encoder_accuracy": round(100 * accuracy.item(), 1)}
    for eye, by_weight in rows.items():
        result[eye] = {
            f"{weight:g}": {kind: shown(values) for kind, values in found.items()}
            for weight, found in by_weight.items()
        }
    print(json.dumps(result, indent=1))


def batches(tagger: Tagger, samples: Sequence[Sample], size: int = BATCH) -> Iterator[Batch]:
    """Yield samples in batches, in order."""
    collator = tagger.collator(cached=True)
    for start in range(0, len(samples), size):
        yield collator(samples[start : start + size]).to("cpu")


@torch.no_grad()
def emissions(samples: list[Sample], tagger: Tagger) -> list[Tensor]:
    """Return the tag scores of each post's words, as a text-only model has them."""
    found = list[Tensor]()
    for batch in batches(tagger, samples):
        scores, mask = tagger.model(batch).emissions, tagger.model.head.mask(batch)
        found += [row[keep] for row, keep in zip(scores, mask, strict=True)]
    return found


def taught(corpus: Corpus, run: Path) -> dict[str, Tensor]:
    """Return what a linear layer on the encoder's last maps expects each picture to show."""
    tagger = load_tagger(checkpoint_of(run))
    features = {split: features_of(samples, tagger) for split, samples in corpus.samples.items()}
    return linear_probe(features, {split: corpus.shown(split) for split in features})


def linear_probe(
    features: Mapping[str, Tensor], targets: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the probabilities of what pictures show, of a layer taught on train, chosen on dev.

    Args:
        features: Of each picture, by split.
        targets: What each shows, by split.
    """
    mean, deviation = features["train"].mean(0), features["train"].std(0) + 1e-6
    inputs = {split: (values - mean) / deviation for split, values in features.items()}
    torch.manual_seed(0)
    layer = nn.Linear(len(mean), len(SHOWN))
    optimiser = torch.optim.AdamW(layer.parameters(), lr=1e-3, weight_decay=1.0)
    best, least = dict[str, Tensor](), float("inf")
    for _ in range(30):
        for rows in torch.randperm(len(targets["train"])).split(64):
            loss = nn.functional.cross_entropy(layer(inputs["train"][rows]), targets["train"][rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            now = nn.functional.cross_entropy(layer(inputs["dev"]), targets["dev"]).item()
        if now < least:
            least, best = now, {k: v.clone() for k, v in layer.state_dict().items()}
    layer.load_state_dict(best)
    with torch.no_grad():
        return {split: layer(values).softmax(dim=1) for split, values in inputs.items()}


@torch.no_grad()
def features_of(samples: list[Sample], tagger: Tagger) -> Tensor:
    """Return mean and maximum over cells of the last stage, of each post's first picture."""
    found = list[Tensor]()
    for batch in batches(tagger, samples):
        stages = tagger.model.image_encoder.maps_of(batch)
        assert stages is not None, "posts without pictures"
        maps = stages[-1].float().flatten(2)
        found.append(torch.cat([maps.mean(2), maps.amax(2)], dim=1)[batch.view_index[:, 0]])
    return torch.cat(found)


@dataclass(frozen=True)
class LateFusion:
    """Evidence of an eye for the types, added to the scores of their tags."""

    crf: LinearChainCrf
    names: list[str]
    worth: Tensor
    log_scale: Tensor

    def scores(self, words: Tensor, seen: Tensor, weight: float) -> Tensor:
        """Return emissions; ``seen`` are probabilities of what pictures show."""
        evidence = (seen @ self.worth.exp()).log()
        types = sorted({name[2:] for name in self.names})
        columns = torch.tensor([types.index(name[2:]) for name in self.names])
        return words * self.log_scale.exp() + weight * evidence[:, None, columns]

    @torch.no_grad()
    def tags(self, words: list[Tensor], seen: Tensor, weight: float) -> list[list[str]]:
        """Return the best tags of each post."""
        padded, mask = padded_words(words)
        paths = self.crf.best_path(self.scores(padded, seen, weight), mask)
        return [
            [self.names[int(tag)] for tag in path[: len(row)]]
            for path, row in zip(paths, words, strict=True)
        ]


def padded_words(words: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return rows of one length, and which words there are."""
    lengths = torch.tensor([len(row) for row in words])
    padded = pad_sequence(words, batch_first=True)
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]


def fitted(
    words: list[Tensor], seen: Tensor, samples: list[Sample], head: TaggingHead
) -> LateFusion:
    """Return the fusion that makes the tags of posts likeliest."""
    names = list(head.states)
    worth = torch.zeros(len(SHOWN), len({name[2:] for name in names}), requires_grad=True)
    fusion = LateFusion(head.crf, names, worth, torch.zeros(1, requires_grad=True))
    padded, mask = padded_words(words)
    labels = pad_sequence(
        [torch.tensor([names.index(tag) for tag in s.tags or ()]) for s in samples],
        batch_first=True,
    )
    optimiser = torch.optim.Adam([worth, fusion.log_scale], lr=0.05)
    loss = torch.zeros(())
    for _ in range(150):
        loss = -head.crf.log_likelihood(fusion.scores(padded, seen, 1.0), labels, mask).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"{loss.item():.4f} a post on dev", file=sys.stderr)
    return fusion


def f1(corpus: Corpus, paths: list[list[str]], kind: str) -> float:
    """Return lenient micro F1 on the test posts of a kind."""
    pairs = [
        (sample.tags or (), path)
        for sample, path in zip(corpus.samples["test"], paths, strict=True)
        if kind in ("all", corpus.groups[sample.id]["kind"])
    ]
    return score([gold for gold, _ in pairs], [path for _, path in pairs]).lenient.micro.f1


if __name__ == "__main__":
    main()
