"""A trained and scored run of the suite, as its report reads it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.core.errors import CheckpointError
from gmf.evaluation.pairs import TweetPair
from gmf.evaluation.prediction_io import read_pairs

#: What the suite adds to a run folder: predictions on the test split, and what they are worth.
PREDICTIONS, RESULT = "test.jsonl", "result.json"


@dataclass(frozen=True)
class FinishedRun:
    """A trained and scored run of the suite.

    Args:
        dataset: Name of the data set, e.g. ``twitter2017`` or ``demo``.
        variant: Model name, or for example ``gmf-without-vcg`` or ``gmf-alpha-0.3``.
        seed: Seed of the run.
        folder: Run folder: ``config.yaml``, ``metrics.jsonl``, checkpoints, and ``test.jsonl`` and
            ``result.json`` of the suite.
        minutes: Minutes of training.
    """

    dataset: str
    variant: str
    seed: int
    folder: Path
    minutes: float

    def report(self) -> dict[str, Any]:
        """Return the report of the test split, as ``Report.to_dict`` gives it.

        Raises:
            CheckpointError: If the run has no readable result.
        """
        path = self.folder / RESULT
        try:
            return json.loads(path.read_text(encoding="utf-8"))["report"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path}: expected the result of a scored run ({error}); run the suite again"
            ) from error

    def epochs(self) -> list[dict[str, Any]]:
        """Return the metrics of each epoch, in order: losses, dev scores, seconds.

        Raises:
            CheckpointError: If the run has no readable metrics.
        """
        path = self.folder / "metrics.jsonl"
        try:
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{path}: expected one line of JSON an epoch ({error})"
            ) from error

    def pairs(self) -> tuple[TweetPair, ...]:
        """Return gold and prediction of each test tweet, in file order.

        Raises:
            DataError: If the file of predictions is absent or damaged.
        """
        return read_pairs(self.folder / PREDICTIONS).pairs
