"""Score a trained run on a split of a folder, with every analysis and its provenance."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmf.core.device import torch_device
from gmf.core.errors import ConfigError, DataError
from gmf.data.image_report import ImageReport
from gmf.data.reader import DEFAULTS as AS_FOUND
from gmf.data.readers import read_split, splits_of
from gmf.data.releases import fingerprint
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.image_controls import Control, apply_control
from gmf.evaluation.pairs import SamplePair, pair_of
from gmf.evaluation.provenance import (
    DataFingerprint,
    Provenance,
    data_warnings,
    describe_hardware,
    package_versions,
)
from gmf.evaluation.report import Report
from gmf.models.checkpoint import load_tagger
from gmf.models.tagger import Tagger
from gmf.training.run_folder import checkpoint_of


@dataclass(frozen=True)
class RunEvaluation:
    """A run's predictions on a split and what they are worth.

    Args:
        report: Scores under both rules and every analysis.
        pairs: Gold and prediction of each sample, in file order.
        images: What became of the images.
        warnings: Doubts that a reader must know of.
    """

    report: Report
    pairs: tuple[SamplePair, ...]
    images: ImageReport
    warnings: tuple[str, ...]


def evaluate_run(
    run: Path,
    *,
    split: str = "test",
    folder: Path | None = None,
    control: Control = "real",
    config: EvaluationConfig = DEFAULTS,
    device: str = "auto",
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> RunEvaluation:
    """Predict and score a split.

    Args:
        run: Run folder or checkpoint folder.
        split: ``train``, ``dev`` or ``test``.
        folder: Data folder; the one the run was trained on when ``None``.
        control: What stands in for the images.
        config: Rule of the analyses, resampling.
        device: Where to compute; ``auto`` takes a GPU when there is one.
        on_progress: Called with how many samples are done, and of how many.

    Raises:
        CheckpointError: If the run holds no complete checkpoint.
        ConfigError: If neither the call nor the run names a data folder, or the device is absent.
        DataError: If the split breaks its format or has no tags.
    """
    tagger = load_tagger(checkpoint_of(run))
    tagger.model.to(torch_device(device))
    # Where the images lie is known of the folder of the run alone.
    reading = tagger.data.reading if folder is None else AS_FOUND
    folder = folder or tagger.data.folder
    if folder is None:
        raise ConfigError("the run names no data folder; add --data DIR")
    samples = read_split(folder, split, options=reading)
    if any(sample.tags is None for sample in samples):
        raise DataError(f"split {split}: expected tags on every sample", path=folder)
    shown = apply_control(samples, control=control, seed=config.seed).samples
    collator = tagger.collator(cached=True)
    pairs: list[SamplePair] = []
    for prediction in tagger.predict(shown, collator=collator):
        pairs.append(pair_of(prediction))
        on_progress(len(pairs), len(samples))
    trained_on = _fingerprints(tagger)
    scored = fingerprint(samples, part=split, folder=folder)
    warnings = data_warnings(trained_on, evaluated=[scored])
    if split != "train" and any(item.digest == scored.digest for item in trained_on[:1]):
        warnings.append(f"{split}: is what the run was trained on")
    report = evaluate(
        pairs,
        training=read_split(folder, "train", options=reading)
        if "train" in splits_of(folder)
        else None,
        provenance=_provenance(tagger, scored, control, collator.report),
        config=config,
    )
    return RunEvaluation(report, tuple(pairs), collator.report, tuple(warnings))


def _fingerprints(tagger: Tagger) -> list[DataFingerprint]:
    return [DataFingerprint(**item) for item in tagger.provenance.get("data", [])]


def _provenance(
    tagger: Tagger, scored: DataFingerprint, control: Control, images: ImageReport
) -> Provenance:
    recorded: dict[str, Any] = tagger.provenance
    return Provenance(
        rule="lenient",
        data=(*_fingerprints(tagger), scored),
        encoders={e["name"]: e["digest"] for e in recorded.get("encoders", {}).values()},
        config_digest=recorded.get("config_digest", ""),
        precision=recorded.get("precision", ""),
        seeds=(recorded["seed"],) if "seed" in recorded else (),
        images=control if tagger.model.uses_images else "none",
        image_counts=dict(images.images),
        versions=package_versions(),
        hardware=describe_hardware(),
    )
