"""What GMF does with images by kind of pair: gates, attention, what each stage knows, the contrast.

    python benchmarks/fusion_evidence.py DATA RUN... > benchmarks/results/fusion-evidence.json

``RUN`` are runs of GMF of one setting, which differ in seed, on a corpus whose side file states the
kind of each pair and what its picture shows (a type, or ``ANY``). On its test posts, mean and
sample deviation over runs:

- gates: weight of each stage, mean over text layers, by kind;
- attention: share of a word's attention that goes to the image, by text layer and kind, words of
  entities and others apart;
- probes: accuracy of a linear layer, taught on train, that tells what a picture shows from each
  stage of the frozen encoder, from the guidance of each text layer, and the share of the commonest;
- contrast: how often the own image is the nearest of 64 posts' images, and its mean rank (1 the
  best, 32.5 by chance), by kind;
- gradients: norm of what each loss sends into each part, mean of the first training batches.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from image_trust import spread_of
from perfect_eye import SHOWN, Corpus, batches, linear_probe
from torch import Tensor

from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.models.checkpoint import load_tagger
from gmf.models.gmf import Gmf
from gmf.models.modules.contrastive import cosines
from gmf.models.modules.visual_clue_guidance import VisualClues
from gmf.models.tagger import Tagger
from gmf.training.run_folder import checkpoint_of

AMONG, GRADIENT_BATCHES = 64, 8
PARTS = ("text_encoder", "attention", "mapping", "gating", "guidance", "matching", "head")


def main() -> None:
    """Print all of it as JSON."""
    parser = argparse.ArgumentParser(description="What GMF does with images, by kind of pair.")
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", nargs="+", type=Path)
    options = parser.parse_args()
    corpus, found = Corpus.read(options.data), defaultdict[str, list[float]](list)
    for run in options.runs:
        tagger = load_tagger(checkpoint_of(run))
        for name, value in evidence(tagger, corpus):
            found[name].append(value)
        print(run, file=sys.stderr)
    result: dict[str, Any] = {}
    for name, values in found.items():
        *path, last = name.split("/")
        place = result
        for part in path:
            place = place.setdefault(part, {})
        place[last] = spread_of(values, digits=3)
    print(json.dumps(result, indent=1))


def evidence(tagger: Tagger, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Yield the figures of one run, each under its path."""
    model = tagger.model
    assert isinstance(model, Gmf)
    yield from gates_and_attention(tagger, corpus)
    yield from probes(tagger, model, corpus)
    yield from contrast(tagger, model, corpus)
    yield from gradients(tagger, model, corpus)


def seen(model: Gmf, batch: Batch) -> tuple[tuple[Tensor, ...], VisualClues]:
    """Return the maps of a batch's images, and the clues that the text gets of them."""
    maps = model.image_encoder.maps_of(batch)
    assert maps is not None, "posts without pictures"
    fused, _ = model._pyramid(maps)  # pyright: ignore[reportPrivateUsage]
    return maps, model.guidance(fused, batch.view_index, slot_mask=batch.view_index >= 0)


def gates_and_attention(tagger: Tagger, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Yield gates by stage, attention by layer; means over posts and over words."""
    found = defaultdict[str, list[float]](list)
    for batch in batches(tagger, corpus.samples["test"]):
        for sample, shown in zip(batch.samples, tagger.model.explain(batch), strict=True):
            if shown.gates is None or shown.slot_attention is None:
                continue
            kind = corpus.groups[sample.id]["kind"]
            for stage, weight in enumerate(shown.gates[:, 0].mean(axis=0), 1):
                found[f"gates/{kind}/stage {stage}"].append(float(weight))
            for layer, words in enumerate(shown.slot_attention.sum(axis=2), 1):
                for tag, mass in zip(sample.tags or (), words, strict=False):
                    what = "others" if tag == "O" else "entities"
                    found[f"attention/{kind}/{what}/layer {layer}"].append(float(mass))
    for name in sorted(found):
        yield name, sum(found[name]) / len(found[name])


def probes(tagger: Tagger, model: Gmf, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Yield how well a linear layer tells what a picture shows, from each place it passes."""
    features: dict[str, dict[str, Tensor]] = {}
    for split, samples in corpus.samples.items():
        for name, values in features_of(tagger, model, samples).items():
            features.setdefault(name, {})[split] = values
    targets = {split: corpus.shown(split) for split in corpus.samples}
    for name, inputs in features.items():
        expected = linear_probe(inputs, targets)["test"]
        yield f"probes/{name}", (expected.argmax(1) == targets["test"]).float().mean().item()
    share = torch.bincount(targets["test"], minlength=len(SHOWN)).max() / len(targets["test"])
    yield "probes/commonest", share.item()


@torch.no_grad()
def features_of(tagger: Tagger, model: Gmf, samples: Sequence[Sample]) -> dict[str, Tensor]:
    """Return a vector of each post's whole image, from the stages and from the guidance."""
    found = defaultdict[str, list[Tensor]](list)
    for batch in batches(tagger, samples):
        maps, clues = seen(model, batch)
        views = batch.view_index[:, 0]
        for stage, values in enumerate(maps, 1):
            found[f"stage {stage}"].append(values.float().mean(dim=(2, 3))[views])
        for layer, values in enumerate(clues.values, 1):
            cells = values.unflatten(2, (batch.view_index.shape[1], -1))[:, :, 0]
            found[f"clues of layer {layer}"].append(cells.mean(dim=2).flatten(1).float())
    return {name: torch.cat(parts) for name, parts in found.items()}


@torch.no_grad()
def contrast(tagger: Tagger, model: Gmf, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Yield where the own image stands among those of other posts, as the matching sees them."""
    found = defaultdict[str, list[int]](list)
    guided = model.options.consistency_text == "guided"
    for batch in batches(tagger, corpus.samples["test"], AMONG):
        if len(batch) < AMONG:
            continue
        maps, clues = seen(model, batch)
        hidden = model.text_encoder(batch.text_inputs, clues if guided else None)
        texts, images = model.matching.pairs(hidden[:, 0], maps[-1], batch.view_index[:, 0])
        likeness = cosines(texts, images)
        ranks = (likeness > likeness.diagonal()[:, None]).sum(dim=1) + 1
        for sample, rank in zip(batch.samples, ranks.tolist(), strict=True):
            found[corpus.groups[sample.id]["kind"]].append(rank)
    for kind, ranks in sorted(found.items()):
        yield f"contrast/{kind}/nearest", sum(rank == 1 for rank in ranks) / len(ranks)
        yield f"contrast/{kind}/mean rank", sum(ranks) / len(ranks)


def gradients(tagger: Tagger, model: Gmf, corpus: Corpus) -> Iterator[tuple[str, float]]:
    """Yield the norm of each loss's gradient by part, at the trained weights."""
    found = defaultdict[str, list[float]](list)
    model.train()
    for number, batch in enumerate(batches(tagger, corpus.samples["train"])):
        if number == GRADIENT_BATCHES:
            break
        torch.manual_seed(number)
        output = model(batch)
        for term, loss in output.losses.items():
            model.zero_grad()
            (output.weights.get(term, 1.0) * loss).backward(retain_graph=True)
            for part in PARTS:
                module = getattr(model, part, None)
                norms = (
                    [p.grad.norm() for p in module.parameters() if p.grad is not None]
                    if module
                    else []
                )
                if norms:
                    found[f"gradients/{term}/{part}"].append(torch.stack(norms).norm().item())
    model.eval()
    for name, values in found.items():
        yield name, sum(values) / len(values)


if __name__ == "__main__":
    main()
