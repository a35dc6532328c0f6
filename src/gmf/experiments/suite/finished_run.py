"""A trained and scored run of the suite, as its report reads it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.core.errors import CheckpointError
from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.image_controls import CONTROLS, Control
from gmf.evaluation.pairs import SamplePair
from gmf.training.run_files import METRICS

#: What the suite adds to a run folder: predictions on the test split, and what they are worth.
#: Predictions under a control are in ``test-CONTROL.jsonl``.
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

    @property
    def controls(self) -> list[Control]:
        """What it was scored under beside its real images."""
        return [
            control
            for control in CONTROLS
            if control != "real" and predictions_of(self.folder, control).exists()
        ]

    def pairs(self, control: Control = "real") -> tuple[SamplePair, ...]:
        """Return gold and prediction of each test sample, in file order.

        Args:
            control: What stands in for the images.

        Raises:
            DataError: If the file of predictions is absent or damaged.
        """
        return read_pairs(predictions_of(self.folder, control)).pairs


def predictions_of(folder: Path, control: Control) -> Path:
    """Return the file of a run's predictions under a control."""
    name = Path(PREDICTIONS)
    return folder / (PREDICTIONS if control == "real" else f"{name.stem}-{control}{name.suffix}")
