"""A trained and scored run of the suite, as its report reads it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.core.errors import CheckpointError
from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.pairs import SamplePair
from gmf.training.run_files import METRICS

#: What the suite adds to a run folder: predictions on the test split, and what they are worth.
PREDICTIONS, RESULT = "test.jsonl", "result.json"


@dataclass(frozen=True)
class FinishedRun:
    """A trained and scored run of the suite.

    Args:
        dataset: Name of the data set, e.g. ``twitter2017`` or ``demo``.
        variant: A model's name, an ablation (``gmf-without-vcg``, ``-csa``, ``-cm``, ``-all``), or
            a point of a sweep (``gmf-alpha-0.3``).
        seed: Seed of the run.
        folder: Run folder: ``config.yaml``, ``metrics.jsonl``, the best checkpoint, and
            ``test.jsonl`` and ``result.json`` of the suite.
    """

    dataset: str
    variant: str
    seed: int
    folder: Path

    def result(self) -> dict[str, Any]:
        """Return ``minutes`` of training and ``report``, ``Report.to_dict`` of the test split.

        Raises:
            CheckpointError: If the run has no readable result.
        """
        path = self.folder / RESULT
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{path}: expected the result of a scored run ({error}); run the suite again"
            ) from error

    @property
    def test_f1(self) -> float:
        """Lenient micro F1 on the test split, in [0, 1]."""
        return self.result()["report"]["lenient"]["micro"]["f1"]

    def epochs(self) -> list[dict[str, Any]]:
        """Return the metrics of each epoch, in order: losses, dev scores, seconds.

        Raises:
            CheckpointError: If the run has no readable metrics.
        """
        path = self.folder / METRICS
        try:
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{path}: expected one line of JSON an epoch ({error})"
            ) from error

    def pairs(self) -> tuple[SamplePair, ...]:
        """Return gold and prediction of each test sample, in file order.

        Raises:
            DataError: If the file of predictions is absent or damaged.
        """
        return read_pairs(self.folder / PREDICTIONS).pairs
