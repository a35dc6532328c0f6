"""Series of runs on parts of one data set: k folds, and learning curves by the size of the data.

A series is a folder of run folders. Started again it goes on where it stood: a finished run is
read, one that was killed goes on with the epoch after its last.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.files import write_text
from gmf.core.tags import split_tag
from gmf.core.types import Sample
from gmf.training.config import RunConfig
from gmf.training.run import Splits, read_splits
from gmf.training.run_folder import RunState

SERIES = "series.json"
#: Trains one run of a series in a folder; called with its samples.
TrainOne = Callable[[Path, Splits], RunState]


@dataclass(frozen=True, slots=True)
class SeriesRun:
    """One run of a series.

    Args:
        name: Its folder in the series.
        train: Samples that it is trained on.
        dev: Samples that its checkpoint is chosen on.
        f1: Best dev F1, lenient micro, in [0, 1].
        epoch: Epoch of it.
    """

    name: str
    train: int
    dev: int
    f1: float
    epoch: int


def fold_splits(config: RunConfig, folds: int) -> dict[str, Splits]:
    """Return the splits of each fold: all samples of train and dev, each once for dev.

    The test split is never read. The parts are drawn by the seed of the run, alike in size, each
    with its share of every entity type.

    Raises:
        ConfigError: If there are fewer samples than folds.
        DataError: If a data file breaks its format.
    """
    splits = read_splits(config)
    samples = _by_type(_shuffled([*splits["train"], *splits["dev"]], seed=config.seed))
    if not 2 <= folds <= len(samples):
        raise ConfigError(f"--folds {folds}: expected from 2 to {len(samples)}, the samples")
    parts = [samples[number::folds] for number in range(folds)]
    return {
        f"fold-{number + 1:02d}": {
            "train": [s for other in parts if other is not part for s in other],
            "dev": part,
        }
        for number, part in enumerate(parts)
    }


def size_splits(config: RunConfig, sizes: Sequence[str]) -> dict[str, Splits]:
    """Return the splits of each size: ever more of train, and the whole of dev.

    What is in a smaller part is in each larger one. The first samples are such that every entity
    type is among them.

    Args:
        config: The run; its seed draws the parts.
        sizes: Numbers of samples, or percentages such as ``25%``.

    Raises:
        ConfigError: If a size is none, or beyond the data.
        DataError: If a data file breaks its format.
    """
    splits = read_splits(config)
    samples = _types_first(_shuffled(splits["train"], seed=config.seed))
    numbers = sorted({_number(size, len(samples)) for size in sizes})
    return {
        f"size-{number:06d}": {"train": samples[:number], "dev": splits["dev"]}
        for number in numbers
    }


def run_series(
    folder: Path, splits: Mapping[str, Splits], *, train_one: TrainOne, facts: Mapping[str, Any]
) -> list[SeriesRun]:
    """Train the runs of a series that are not finished, and write what all of them reached.

    Args:
        folder: Of the series.
        splits: Samples of each run by its name.
        train_one: Trains a run.
        facts: What decides the splits, kept in the file of the series.

    Raises:
        ConfigError: If the folder holds another series.
    """
    file = folder / SERIES
    if file.is_file():
        stored = json.loads(file.read_text(encoding="utf-8"))
        if {name: stored.get(name) for name in facts} != dict(facts):
            raise ConfigError(
                f"{folder}: holds another series; choose another folder with --run, or delete it"
            )
    runs: list[SeriesRun] = []
    for name, parts in splits.items():
        state = train_one(folder / name, parts)
        sizes = len(parts["train"]), len(parts["dev"])
        runs.append(SeriesRun(name, *sizes, state.best_f1, state.best_epoch))
        content = {**facts, "runs": list(map(asdict, runs)), "planned": len(splits)}
        write_text(file, json.dumps(content, indent=2) + "\n")
    return runs


def _shuffled(samples: Sequence[Sample], *, seed: int) -> list[Sample]:
    return random.Random(seed).sample(samples, len(samples))


def _by_type(samples: Sequence[Sample]) -> list[Sample]:
    """Return samples with the same rarest type beside each other."""
    counts = Counter(name for sample in samples for name in _types(sample))
    rarest = [min(_types(s), key=lambda name: (counts[name], name), default="") for s in samples]
    order = sorted(range(len(samples)), key=lambda number: rarest[number])
    return [samples[number] for number in order]


def _types(sample: Sample) -> set[str]:
    return {split_tag(tag)[1] for tag in sample.tags or ()} - {""}


def _types_first(samples: Sequence[Sample]) -> list[Sample]:
    seen, first, rest = set[str](), list[Sample](), list[Sample]()
    for sample in samples:
        types = _types(sample)
        (rest if types <= seen else first).append(sample)
        seen |= types
    return [*first, *rest]


def _number(size: str, most: int) -> int:
    is_share = size.endswith("%")
    try:
        share = float(size[:-1]) if is_share else 0.0
        number = max(1, round(share * most / 100)) if 0 < share <= 100 else 0
        number = number if is_share else int(size)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise ConfigError(
            f"size {size!r}: expected a number of samples up to {most}, or a share such as 25%"
        )
    return number
