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

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import write_text
from gmf.core.tags import split_tag
from gmf.core.types import Sample
from gmf.evaluation.provenance import digest_of_options
from gmf.reading.corpora import fingerprints
from gmf.training.config import RunConfig
from gmf.training.inputs import context_digest
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


def fold_splits(
    config: RunConfig, folds: int, *, on_note: Callable[[str], None] = lambda _: None
) -> dict[str, Splits]:
    """Return the splits of each fold: all samples of train and dev, each once for dev.

    The test split is never read. The parts are drawn by the seed of the run, alike in size, each
    with its share of every entity type.

    Args:
        config: The run.
        folds: How many there are.
        on_note: Called with what is read otherwise than the files have it.

    Raises:
        ConfigError: If there are fewer samples than folds.
        DataError: If a data file breaks its format.
    """
    splits = read_splits(config, on_note=on_note)
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


def size_splits(
    config: RunConfig, sizes: Sequence[str], *, on_note: Callable[[str], None] = lambda _: None
) -> dict[str, Splits]:
    """Return the splits of each size: ever more of train, and the whole of dev.

    What is in a smaller part is in each larger one. The first samples are such that every entity
    type is among them.

    Args:
        config: The run; its seed draws the parts.
        sizes: Numbers of samples, or percentages such as ``25%``.
        on_note: Called with what is read otherwise than the files have it.

    Raises:
        ConfigError: If a size is none, or beyond the data.
        DataError: If a data file breaks its format.
    """
    splits = read_splits(config, on_note=on_note)
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
        facts: What decides the splits and their worth, kept in the file of the series.

    Raises:
        CheckpointError: If that file is damaged.
        ConfigError: If the folder holds another series.
    """
    file = folder / SERIES
    stored = _stored(file) if file.is_file() else facts
    if other := [name for name, fact in facts.items() if stored.get(name, fact) != fact]:
        raise ConfigError(
            f"{folder}: holds another series (other {' and '.join(other)}); choose another folder "
            "with --run, or delete it"
        )
    runs: list[SeriesRun] = []
    for name, parts in splits.items():
        state = train_one(folder / name, parts)
        sizes = len(parts["train"]), len(parts["dev"])
        runs.append(SeriesRun(name, *sizes, state.best_f1, state.best_epoch))
        content = {**facts, "runs": list(map(asdict, runs)), "planned": len(splits)}
        write_text(file, json.dumps(content, indent=2) + "\n")
    return runs


def facts_of(config: RunConfig, splits: Mapping[str, Splits]) -> dict[str, Any]:
    """Return digests of the configuration and of the data of a series' runs.

    Args:
        config: The runs.
        splits: Their samples, by the name of the run.
    """
    data = {
        f"{name}/{part}": [
            *(one.digest for one in fingerprints(samples, part=part, corpora=config.data.corpora)),
            context_digest(samples, config.data.context),
        ]
        for name, parts in splits.items()
        for part, samples in parts.items()
    }
    options = config.model_dump(mode="json")
    return {"config_digest": digest_of_options(options), "data_digest": digest_of_options(data)}


def _stored(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{file}: expected JSON that gmf wrote ({error}); delete this file, and the runs "
            "beside it are read again"
        ) from error


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
