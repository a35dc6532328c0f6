"""Predict the tweets of a data folder that have their image, with and without it.

    python benchmarks/real_images.py RUN [RUN ...]

Prints a Markdown table: for each run, the tweets with a readable image in all splits of its data
folder, their gold entities, lenient micro F1 with the image, with none and with the images
exchanged among them, and how many tweets are tagged otherwise without the image. Tweets of the
training split were seen in training.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from gmf.core.types import Prediction, Sample
from gmf.evaluation.image_controls import Control, apply_control
from gmf.evaluation.scores import score
from gmf.models.checkpoint import load_tagger
from gmf.models.tagger import Tagger
from gmf.reading.readers import read_split, splits_of
from gmf.training.run_folder import checkpoint_of


def tweets_with_image(folder: Path) -> list[Sample]:
    """Return the samples of all splits whose image file is there."""
    samples = [sample for split in splits_of(folder) for sample in read_split(folder, split)]
    return [s for s in samples if any(Path(str(image.source)).is_file() for image in s.images)]


def predictions_of(tagger: Tagger, samples: Sequence[Sample], control: Control) -> list[Prediction]:
    """Return predictions with the images that a control leaves."""
    shown = apply_control(samples, control=control).samples
    return list(tagger.predict(shown))


def main() -> None:
    """Print one row a run."""
    print("| run | tweets | entities | F1, image | F1, exchanged | F1, none | changed by image |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for run in map(Path, sys.argv[1:]):
        tagger = load_tagger(checkpoint_of(run))
        if tagger.data.folder is None:
            sys.exit(f"{run}: names no data folder")
        samples = tweets_with_image(tagger.data.folder)
        found = {
            control: predictions_of(tagger, samples, control)
            for control in ("real", "shuffled", "none")
        }
        f1 = {}
        for control, predictions in found.items():
            gold = [p.sample.tags or () for p in predictions]
            f1[control] = score(gold, [p.tags for p in predictions]).lenient.micro
        changed = sum(a.tags != b.tags for a, b in zip(found["real"], found["none"], strict=True))
        cells = [f"{100 * f1[name].f1:.1f}" for name in ("real", "shuffled", "none")]
        entities = f1["real"].gold
        print(f"| {run} | {len(samples)} | {entities} | {' | '.join(cells)} | {changed} |")


if __name__ == "__main__":
    main()
