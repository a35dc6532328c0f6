"""Score a trained run on a split of a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError, DataError
from gmf.core.types import Prediction
from gmf.data.image_report import ImageReport
from gmf.data.readers import read_split
from gmf.evaluation.metrics import Scores, score
from gmf.models.checkpoint import load_tagger
from gmf.models.inference import predict
from gmf.training.fingerprint import fingerprint
from gmf.training.run_folder import checkpoint_of


@dataclass(frozen=True)
class RunEvaluation:
    """A run's predictions on a split and what they are worth.

    Args:
        scores: Lenient and strict.
        predictions: One a sample, in file order.
        images: What became of the images.
        provenance: What made the run, and the digest of the scored data.
        warnings: Doubts that a reader must know of.
    """

    scores: Scores
    predictions: tuple[Prediction, ...]
    images: ImageReport
    provenance: dict[str, Any]
    warnings: tuple[str, ...]


def evaluate_run(
    run: Path,
    *,
    split: str = "test",
    folder: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> RunEvaluation:
    """Predict and score a split.

    Args:
        run: Run folder or checkpoint folder.
        split: ``train``, ``dev`` or ``test``.
        folder: Data folder; the one the run was trained on when ``None``.
        on_progress: Hears how many samples of how many are done.

    Raises:
        CheckpointError: If the run holds no complete checkpoint.
        ConfigError: If neither the call nor the run names a data folder.
        DataError: If the split breaks its format or has no tags.
    """
    tagger = load_tagger(checkpoint_of(run))
    folder = folder or tagger.data.folder
    if folder is None:
        raise ConfigError("the run names no data folder; add --data DIR")
    samples = read_split(folder, split)
    if any(sample.tags is None for sample in samples):
        raise DataError(f"split {split}: expected tags on every sample", path=folder)
    collator = tagger.collator(cached=True)
    predictions: list[Prediction] = []
    for prediction in predict(tagger.model, samples, collator=collator):
        predictions.append(prediction)
        on_progress(len(predictions), len(samples))
    scores = score([sample.tags or () for sample in samples], [p.tags for p in predictions])
    digest = fingerprint(samples)
    trained = tagger.provenance.get("data", {})
    warnings: list[str] = []
    if split in trained and trained[split] != digest:
        warnings.append(
            f"{folder}, split {split}: not the data that the run was trained or selected on"
        )
    if digest == trained.get("train") and split != "train":
        warnings.append(f"{folder}, split {split}: is the training data of the run")
    provenance = {**tagger.provenance, "scored": {"split": split, "digest": digest}}
    return RunEvaluation(scores, tuple(predictions), collator.report, provenance, tuple(warnings))
