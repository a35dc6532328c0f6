"""What models make of real tweets that have their image: with it, with another's, with none.

    python benchmarks/case_studies.py DATA... --run NAME=RUN... > case-studies.json

``DATA`` are folders in the layout of Twitter-2015, ``RUN`` runs of any model; several of one name
are seeds. For each tweet of any split whose image file is there: the entities of gold, and by name
and control (``real``, ``shuffled`` among these tweets, ``none``) those that its runs found, each
with the number of runs and their mean confidence; under ``attention`` the mean share of an entity's
attention that goes to its image. Entities are told by their place, since the tweets belong to their
authors. At the end lenient micro F1 over all of these tweets, by name and control.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean

from gmf.core.tags import entities_of
from gmf.core.types import Entity, Prediction, Sample, ScoredEntity
from gmf.evaluation.image_controls import Control, apply_control
from gmf.evaluation.scores import score
from gmf.models.checkpoint import load_tagger
from gmf.reading.readers import read_split, splits_of
from gmf.training.run_folder import checkpoint_of

CONTROLS: tuple[Control, ...] = ("real", "shuffled", "none")


def main() -> None:
    """Print the tweets, and the scores over all of them, as JSON."""
    parser = argparse.ArgumentParser(description="Real tweets that have their image.")
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--run", action="append", required=True, metavar="NAME=RUN")
    options = parser.parse_args()
    posts = [(folder, *found) for folder in options.data for found in tweets_with_image(folder)]
    samples = [sample for *_, sample in posts]
    gold = [sample.tags or () for sample in samples]
    answers: dict[str, dict[str, list[list[Prediction]]]] = {}
    for name, _, run in (given.partition("=") for given in options.run):
        tagger = load_tagger(checkpoint_of(Path(run)))
        for control in CONTROLS:
            shown = apply_control(samples, control=control).samples
            predictions = list(tagger.predict(shown, explain=control == "real"))
            answers.setdefault(name, {}).setdefault(control, []).append(predictions)
        print(run, file=sys.stderr)
    tweets = [
        {
            "tweet": f"{folder.name}/{split}/{sample.id}",
            "gold": [told(entity) for entity in entities_of(gold[row])],
            "found": {
                name: {
                    control: told_of([predictions[row] for predictions in runs])
                    for control, runs in by_control.items()
                }
                for name, by_control in answers.items()
            },
            "attention": {
                name: mean_of(s for run in by_control["real"] for s in shares(run[row]))
                for name, by_control in answers.items()
            },
        }
        for row, (folder, split, sample) in enumerate(posts)
    ]
    scores = {
        name: {
            control: [round(100 * f1_of(gold, predictions), 1) for predictions in runs]
            for control, runs in by_control.items()
        }
        for name, by_control in answers.items()
    }
    print(json.dumps({"f1": scores, "tweets": tweets}, indent=1))


def tweets_with_image(folder: Path) -> Iterator[tuple[str, Sample]]:
    """Yield split and sample of the tweets of a folder whose image file is there."""
    for split in splits_of(folder):
        for sample in read_split(folder, split):
            if any(Path(str(image.source)).is_file() for image in sample.images):
                yield split, sample


def shares(prediction: Prediction) -> Iterator[float]:
    """Yield the share of attention of each entity found that goes to the image."""
    explanation = prediction.explanation
    if explanation is not None and explanation.slot_attention is not None:
        for entity in prediction.entities:
            words = explanation.slot_attention[:, entity.start : entity.end]
            yield float(words.sum(axis=-1).mean())


def told(entity: Entity | ScoredEntity) -> str:
    """Return an entity as its type and its words, from 0, ends excluded."""
    return f"{entity.type} {entity.start}:{entity.end}"


def told_of(predictions: Sequence[Prediction]) -> dict[str, list[float]]:
    """Return how many of a tweet's predictions have each entity, and its mean confidence."""
    confidences: dict[str, list[float]] = {}
    for prediction in predictions:
        for entity in prediction.entities:
            confidences.setdefault(told(entity), []).append(entity.confidence)
    return {name: [len(given), round(mean(given), 3)] for name, given in confidences.items()}


def mean_of(values: Iterable[float]) -> float | None:
    """Return the mean, or ``None`` of nothing."""
    given = list(values)
    return round(mean(given), 3) if given else None


def f1_of(gold: Sequence[Sequence[str]], predictions: Sequence[Prediction]) -> float:
    """Return lenient micro F1."""
    return score(gold, [prediction.tags for prediction in predictions]).lenient.micro.f1


if __name__ == "__main__":
    main()
