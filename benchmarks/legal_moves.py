"""What it does to F1 that decoding makes legal BIO2 moves only (decision 0006).

    python benchmarks/legal_moves.py RUN [RUN ...]

Reads the test split of each run's data folder once and decodes it twice: with legal moves only, as
always, and with all moves, as a CRF without the restriction does. Prints a Markdown table of micro
F1 under both counting rules.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

from gmf.evaluation.scores import Scores, score
from gmf.models.checkpoint import load_tagger
from gmf.models.modules.crf import LinearChainCrf
from gmf.models.tagger import Tagger
from gmf.reading.readers import read_split
from gmf.training.run_folder import checkpoint_of
from gmf.training.sampling import batches

BATCH = 32


@torch.no_grad()
def scores_of(tagger: Tagger) -> dict[str, Scores]:
    """Score the tagger on the test split of its data folder, by the moves that it may make."""
    if tagger.data.folder is None:
        sys.exit("the run names no data folder")
    samples = read_split(tagger.data.folder, "test")
    collator, model = tagger.collator(cached=True), tagger.model.eval()
    encoded = collator.encode(samples)
    plan = batches([sample.length for sample in encoded], batch_size=BATCH, shuffle=False)
    found: dict[str, dict[int, tuple[str, ...]]] = {"legal": {}, "all": {}}
    for rows in track(plan, console=Console(file=sys.stderr)):
        batch = collator.collate([encoded[row] for row in rows]).to("cpu")
        emissions = model(batch)
        legal = model.decode(emissions, batch)
        with unrestricted(model.head.crf):
            free = model.decode(emissions, batch)
        for name, decoded in (("legal", legal), ("all", free)):
            found[name] |= {row: d.tags for row, d in zip(rows, decoded, strict=True)}
    gold = [sample.tags or () for sample in samples]
    return {
        name: score(gold, [tags[row] for row in range(len(samples))])
        for name, tags in found.items()
    }


@contextmanager
def unrestricted(crf: LinearChainCrf) -> Generator[None]:
    """Let decoding make every move."""
    penalties = crf.move_penalty, crf.start_penalty
    crf.move_penalty, crf.start_penalty = (torch.zeros_like(p) for p in penalties)
    yield
    crf.move_penalty, crf.start_penalty = penalties


def main() -> None:
    """Print one row a run and way of decoding."""
    print("| run | moves | lenient F1 | strict F1 |\n| --- | --- | ---: | ---: |", flush=True)
    for run in map(Path, sys.argv[1:]):
        for moves, scores in scores_of(load_tagger(checkpoint_of(run))).items():
            lenient, strict = (scores.under(rule).micro.f1 for rule in ("lenient", "strict"))
            print(f"| {run} | {moves} | {100 * lenient:.2f} | {100 * strict:.2f} |", flush=True)


if __name__ == "__main__":
    main()
