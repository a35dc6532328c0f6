"""What the report reads of a run: its scores, its epochs and its predictions."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.evaluation.pairs import TweetPair
from gmf.evaluation.prediction_io import read_pairs

#: Files of a scored run, beside those of training.
PREDICTIONS, RESULT, METRICS = "test.jsonl", "result.json", "metrics.jsonl"


@dataclass(frozen=True)
class FinishedRun:
    """A trained and scored run of the suite.

    Args:
        dataset: ``twitter2017``, ``demo`` ...
        variant: A model's name, an ablation (``gmf-without-vcg``, ``-csa``, ``-cm``, ``-all``), or
            a point of a sweep (``gmf-alpha-0.3``).
        seed: Of the run.
        folder: Run folder: ``config.yaml``, ``metrics.jsonl``, ``test.jsonl``, ``result.json``.
    """

    dataset: str
    variant: str
    seed: int
    folder: Path

    def result(self) -> dict[str, Any]:
        """Return ``minutes`` of training and ``report`` on the test split, as plain values."""
        return json.loads((self.folder / RESULT).read_text(encoding="utf-8"))

    def epochs(self) -> list[dict[str, Any]]:
        """Return the metrics of each epoch: ``epoch``, ``losses``, ``dev``."""
        lines = (self.folder / METRICS).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def pairs(self) -> tuple[TweetPair, ...]:
        """Return gold and predictions of the test split, in file order.

        Raises:
            DataError: If the file breaks its format.
        """
        return read_pairs(self.folder / PREDICTIONS).pairs
