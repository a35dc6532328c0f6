"""The functions at the top of the package: what the commands do, called from Python."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gmf.core.config import parse_config
from gmf.core.errors import ConfigError, DataError
from gmf.core.memory import freed_memory_kept
from gmf.core.tags import is_bio
from gmf.core.types import Sample
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.evaluator import evaluate as evaluate_pairs
from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.image_controls import Control
from gmf.evaluation.pairs import pair_of_tags
from gmf.evaluation.report import Report
from gmf.evaluation.scores import Rule
from gmf.jobs import files, job
from gmf.jobs.job_report import JobReport
from gmf.prediction.documents import Document
from gmf.reading.readers import read_file, read_split
from gmf.reading.tag_schemes import EXPECTED, SERVICE_LABELS

if TYPE_CHECKING:
    from gmf.data.image_report import ImageReport
    from gmf.experiments.evaluate import RunEvaluation

_logger = logging.getLogger("gmf")

#: One system's answer for one sample: a document, or one BIO tag a word.
Answer = Document | Sequence[str]


@dataclass(frozen=True)
class TrainedRun:
    """A finished training run.

    Args:
        folder: Run folder; ``gmf.load`` and ``gmf.evaluate`` take it.
        best_f1: Lenient micro F1 of the chosen epoch on dev, in [0, 1].
        best_epoch: The chosen epoch, from 1.
        epochs: Epochs that were trained.
        images: What became of the images.
    """

    folder: Path
    best_f1: float
    best_epoch: int
    epochs: int
    images: "ImageReport"


def read_samples(path: str | Path, *, split: str | None = None) -> list[Sample]:
    """Read a file of samples, or one split of a folder.

    Args:
        path: A data folder, or a CoNLL (``.txt``, ``.conll``) or JSON lines (``.jsonl``) file. A
            CoNLL file names its images ``images/<IMGID>.jpg`` beside it.
        split: ``train``, ``dev`` or ``test``; needed for a folder, and only there.

    Raises:
        ConfigError: If a folder is given without a split, or a file with one.
        DataError: If the file is absent or a line is wrong.
    """
    path = _path(path)
    if path.is_file():
        if split is not None:
            raise ConfigError(f"{path}: is a file; split={split!r} is for folders")
        return read_file(path)
    if split is None:
        raise ConfigError(f"{path}: expected a file, or split='train', 'dev' or 'test' of a folder")
    return read_split(path, split)


def train(
    config: str | Path,
    *,
    run: str | Path,
    on_step: Callable[[int, int, int, float], None] = lambda *_: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda _: None,
    on_note: Callable[[str], None] = _logger.warning,
    accept_changes: bool = False,
    **options: Any,
) -> TrainedRun:
    """Train a model; the same call goes on with a run that was killed.

    Args:
        config: A preset, for example ``twitter2017``, or a YAML file.
        run: Run folder; made when absent.
        on_step: Called after each batch with epoch, batch, batches of the epoch and loss.
        on_epoch: Called after each epoch with its metrics.
        on_note: Called with what is read otherwise than the files have it, and with what is not as
            it was when a killed run stopped; without it the notes are logged as warnings.
        accept_changes: Whether to go on with a run whose data, images, code or encoders changed.
        **options: Options laid over the preset, nested as in its file:
            ``data={"folder": "DIR"}, training={"epochs": 5}, model="bert-crf"``.

    Raises:
        ConfigError: If there is no such preset or file, an option is wrong, or the run folder
            holds another run, or one whose data, images, code or encoders changed.
        DataError: If a data file breaks its format.
        EncoderError: If an encoder cannot be found or fetched.
        TrainingError: If the loss is not a number.
    """
    from gmf.experiments.presets import load_run_config
    from gmf.training.run import train as train_run

    folder, checked = _path(run), load_run_config(str(config), list(_overrides(options)))
    with freed_memory_kept():
        state, images = train_run(
            checked,
            folder,
            on_step=on_step,
            on_epoch=on_epoch,
            on_note=on_note,
            accept_changes=accept_changes,
        )
    return TrainedRun(folder, state.best_f1, state.best_epoch, state.epochs_done, images)


def evaluate(
    run: str | Path,
    *,
    split: str = "test",
    data: str | Path | None = None,
    images: Control = "real",
    image_trust: float = 1,
    rule: Rule = "lenient",
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> "RunEvaluation":
    """Predict a split with a trained model and score it.

    Args:
        run: What ``gmf.load`` takes.
        split: ``train``, ``dev`` or ``test``.
        data: Data folder; the one the run was trained on when ``None``.
        images: What stands in for the images: ``real``, ``none``, ``blank``, ``shuffled``,
            ``noise``.
        image_trust: How far images may move the tags, see ``gmf.load``.
        rule: Counting rule of the analyses; lenient and strict are always scored.
        on_progress: Called with how many samples of how many are done.

    Raises:
        CheckpointError: If the run holds no complete checkpoint.
        ConfigError: If neither the call nor the run names a data folder, or images cannot be
            trusted so.
        DataError: If the split breaks its format or has no tags.
    """
    from gmf.experiments.evaluate import evaluate_run

    return evaluate_run(
        run,
        split=split,
        folder=None if data is None else _path(data),
        control=images,
        image_trust=image_trust,
        config=parse_config(EvaluationConfig, {"rule": rule}, source="options"),
        on_progress=on_progress,
    )


def score(
    gold: str | Path | Iterable[Sample],
    predictions: str | Path | Iterable[Answer] | None = None,
    *,
    rule: Rule = "lenient",
) -> Report:
    """Score any system's predictions, from files or from Python.

    Args:
        gold: A file of gold labels (or of gold and predicted ones), or samples with tags.
        predictions: A file; or for each sample its document or its BIO tags.
        rule: Counting rule of the analyses; lenient and strict are always scored.

    Raises:
        ConfigError: If one side is a file and the other is not.
        DataError: If a file breaks its format, the sides differ in length, or gold has no tags.
        ValueError: If there is nothing to score.
    """
    config = parse_config(EvaluationConfig, {"rule": rule}, source="options")
    if isinstance(gold, str | Path) and (
        predictions is None or isinstance(predictions, str | Path)
    ):
        path = None if predictions is None else _path(predictions)
        paired = read_pairs(_path(gold), predicted=path)
        return evaluate_pairs(paired.pairs, notes=paired.notes, config=config)
    if isinstance(gold, str | Path) or isinstance(predictions, str | Path) or predictions is None:
        raise ConfigError("expected two files, or samples and one answer for each of them")
    pairs = [pair_of_tags(sample, tags) for sample, tags in _answers(gold, predictions)]
    return evaluate_pairs(pairs, config=config)


def predict_files(
    model: str | Path | None,
    source: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] = lambda *_: None,
    **options: Any,
) -> JobReport:
    """Predict every row of an input; the same call goes on with a job that was killed.

    Args:
        model: What ``gmf.load`` takes; ``None`` for the installed starter model.
        source: File of any input format, glob, folder of such files, folder of texts and images,
            or URL of a file system that fsspec knows; or several.
        output: File, folder for brat and spaCy, or URL; ``.gz`` and others behind it compress.
        overwrite: Forget an output or an unfinished job that is there.
        on_progress: Called with how many rows of how many are done.
        **options: Options of ``JobOptions``, for example ``batch_size=64``,
            ``output_format="brat"``, ``input={"text": "tweet"}``.

    Raises:
        ConfigError: If an option is wrong, an optional package is missing, or the output is there
            or belongs to another job.
        CheckpointError: If there is no such model.
        DataError: If the input cannot be read, or changes meanwhile.
        GmfError: If the model fails on every post, or more rows fail than ``max_errors``.
    """
    return files.predict_files(
        model,
        source,
        output,
        options=parse_config(job.JobOptions, options, source="options"),
        overwrite=overwrite,
        on_progress=on_progress,
    )


def _path(name: object) -> Path:
    """Return a path; an empty name, which would mean the working folder, is refused."""
    if not isinstance(name, str | PathLike) or not str(name).strip():
        raise ConfigError(f"{name!r}: expected the path of a file or folder")
    return Path(cast("str | PathLike[str]", name))


def _overrides(options: Mapping[str, Any], *, prefix: str = "") -> Iterator[str]:
    """Yield ``key.sub=value``; a mapping with a name is first replaced as a whole."""
    for key, value in options.items():
        if not isinstance(value, Mapping):
            yield f"{prefix}{key}={json.dumps(value, default=str)}"
            continue
        if "name" in value:
            yield f"{prefix}{key}={json.dumps(value['name'])}"
        rest = {name: sub for name, sub in value.items() if name != "name"}
        yield from _overrides(rest, prefix=f"{prefix}{key}.")


def _answers(
    gold: Iterable[Sample], predictions: Iterable[Answer]
) -> Iterator[tuple[Sample, tuple[str, ...]]]:
    samples, answers = list(gold), list(predictions)
    if len(samples) != len(answers):
        raise DataError(f"{len(samples)} samples and {len(answers)} predictions: expected as many")
    for position, (sample, answer) in enumerate(zip(samples, answers, strict=True)):
        if not isinstance(cast(Any, sample), Sample):
            kind = type(sample).__name__
            raise DataError(
                f"gold at position {position}: expected a Sample, got {kind}; gmf.read_samples "
                "reads them"
            )
        if isinstance(answer, str) or not isinstance(cast(Any, answer), Document | Iterable):
            kind = type(answer).__name__
            raise DataError(f"sample {sample.id!r}: expected a document or BIO tags, got {kind}")
        tags = tuple(answer.tags if isinstance(answer, Document) else answer)
        if len(tags) != len(sample.tokens):
            raise DataError(
                f"sample {sample.id!r}: expected {len(sample.tokens)} tags, one a word, got "
                f"{len(tags)}"
            )
        known = (isinstance(cast(Any, t), str) and (is_bio(t) or t in SERVICE_LABELS) for t in tags)
        if False in (checks := list(known)):
            wrong = tags[checks.index(False)]
            raise DataError(f"sample {sample.id!r}: tag {wrong!r}: {EXPECTED}")
        yield sample, tags
