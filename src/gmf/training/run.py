"""One training run, from a configuration to a run folder."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from gmf.core.config import near_hint
from gmf.core.errors import CheckpointError, ConfigError, EncoderError
from gmf.core.files import locked, sha256_of
from gmf.core.installed import installed_model, installed_models
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.evaluation.provenance import describe_hardware, digest_of_options, package_versions
from gmf.inference.exported_folder import TAGGER_GRAPH, is_exported
from gmf.models.checkpoint import WEIGHTS, load_tagger
from gmf.models.runtime import resolve_precision, seed_everything
from gmf.models.tagger import Tagger, build_tagger
from gmf.models.warm_start import TrainedWeights, freeze_layers, warm_start
from gmf.reading.context_file import check_fields
from gmf.reading.corpora import fingerprints, read_corpora
from gmf.reading.trainable import (
    absent_images,
    images_tell_the_corpus,
    look_alikes,
    training_faults,
    types_apart_by_case,
)
from gmf.training.config import RunConfig
from gmf.training.exchange import ending_together, of_all_processes, this_process
from gmf.training.inputs import code_digests, context_digest, image_digest
from gmf.training.run_files import LOCK
from gmf.training.run_folder import RunFolder, checkpoint_of
from gmf.training.run_state import RunState
from gmf.training.teacher import Teacher
from gmf.training.trainer import OnEpoch, OnStep, Trainer

#: Samples by the name of their split.
Splits = Mapping[str, Sequence[Sample]]


def train(
    config: RunConfig,
    path: Path,
    *,
    splits: Splits | None = None,
    on_step: OnStep = lambda *_: None,
    on_epoch: OnEpoch = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
    accept_changes: bool = False,
) -> tuple[RunState, ImageReport]:
    """Train the model of a configuration; the same call goes on with a killed run.

    The test split is never read here.

    Args:
        config: The run.
        path: Run folder.
        splits: Samples of ``train`` and ``dev`` in place of those of the data folder.
        on_step: Called with each batch: epoch, batch, batches of the epoch, loss.
        on_epoch: Called with each epoch's metrics.
        on_note: Called, before the first epoch, with what is read otherwise than the files have it,
            with a warning when next to no image is there, and with what is not as it was when a
            killed run stopped.
        accept_changes: Whether to go on with a killed run whose data, images, code or encoders are
            others now.

    Returns:
        How the run ended, and what became of its images in all processes.

    Raises:
        CheckpointError: If a file of the run folder is damaged that nothing can stand in for, or
            the teacher is no checkpoint.
        ConfigError: If no data folder is named, or the run folder holds another run, or one that
            began with other inputs, or another process trains in it; or if a teacher does not suit.
        DataError: If a data file breaks its format, or nobody can learn from it.
        EncoderError: If an encoder cannot be found or fetched.
        PeerError: If another process of the same training failed.
        TrainingError: If the loss is not a number.
    """
    process = this_process()
    device, alone = process.device, nullcontext()
    with ending_together():
        for note in config.idle_options():
            on_note(note)
        splits = splits or read_splits(config, on_note=on_note)
        _check_samples(config, splits, on_note)
        tagger = untrained_tagger(config, splits["train"], device=device, on_note=on_note)
        _check_open_tags(config, tagger, splits["train"])
        teacher = Teacher.of(
            config.training, student=tagger, samples=splits["train"], on_note=on_note
        )
        if teacher is not None:
            tagger.provenance["teacher"] = {"name": teacher.name, "digest": teacher.digest}
        provenance = {**tagger.provenance, **_provenance(config, splits, tagger, teacher)}
        tagger.model.to(device)
        collator = tagger.collator(cached=True)
        for told in (absent_images, images_tell_the_corpus) if tagger.model.uses_images else ():
            if warning := told(splits["train"]):
                on_note(f"warning: {warning}")
        trainer = Trainer(
            config,
            tagger=tagger,
            collator=collator,
            train=splits["train"],
            dev=splits["dev"],
            folder=RunFolder(path),
            teacher=teacher,
            on_step=on_step,
            on_epoch=on_epoch,
        )
        if process.is_main_process:  # Only now: a start that fails leaves no folder.
            alone = locked(path / LOCK, work=path)
        with alone:
            state = trainer.run(provenance, accept_changes=accept_changes, on_note=on_note)
        return state, of_all_processes(collator.report)


def _check_samples(config: RunConfig, splits: Splits, on_note: Callable[[str], None]) -> None:
    """Refuse samples from which nobody can learn; tell what is odd about them."""
    corpora = config.data.corpora
    folder = corpora[0].folder if len(corpora) == 1 else None
    labelled = [sample for samples in splits.values() for sample in samples]
    for fault in (*look_alikes(labelled), *training_faults(splits, folder=folder)):
        raise fault
    for note in types_apart_by_case(labelled):
        on_note(f"warning: {note}")
    for name, samples in splits.items():
        for note in check_fields(samples, config.data.context, what=name):
            on_note(note)


def read_splits(
    config: RunConfig, *, on_note: Callable[[str], None] = lambda _: None
) -> dict[str, list[Sample]]:
    """Return the samples of train and dev.

    Args:
        config: The run.
        on_note: Called with what is read otherwise than the files have it.

    Raises:
        ConfigError: If no data folder is named, or a type map does not suit its corpus.
        DataError: If a data file breaks its format.
    """
    data = config.data
    return read_corpora(data.corpora, ("train", "dev"), encoding=data.encoding, on_note=on_note)


def untrained_tagger(
    config: RunConfig,
    training_samples: Sequence[Sample],
    *,
    device: torch.device | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Tagger:
    """Return the model that a run begins with; the random state is that of the run's seed.

    Args:
        config: The run.
        training_samples: Source of tags, and of a vocabulary for models that have one.
        device: Where training computes, which may decide its precision; ``None`` for a GPU if there
            is one. The model stays on the CPU.
        on_note: Called with what a start from trained weights took over.

    Raises:
        CheckpointError: If ``init`` names no trained model.
        ConfigError: If ``init`` has other encoders, or there are not as many layers to freeze.
        EncoderError: If an encoder cannot be found or fetched.
    """
    trained = None if config.init is None else _trained(config.init)
    seed_everything(config.seed)
    try:
        tagger = build_tagger(
            config.model,
            tags=TagSet.of(tag for sample in training_samples for tag in sample.tags or ()),
            text_encoder=config.encoders.text,
            image_encoder=config.encoders.image,
            data=config.data,
            training_samples=training_samples,
            precision=resolve_precision(config.training.precision, device),
        )
    except EncoderError as error:
        if trained is None:
            raise
        name = trained[0].provenance.get("encoders", {}).get("text", {}).get("name", "unknown")
        raise EncoderError(
            f"{error}; init={config.init} was trained with the text encoder {name}"
        ) from error
    if config.init is not None and trained is not None:
        source, digest = trained
        started = warm_start(tagger, source, name=config.init)
        on_note(f"init={config.init}: {started.describe()}")
        tagger.provenance["init"] = {"name": config.init, "digest": digest}
    freeze_layers(tagger.model, config.training.freeze)
    return tagger


def _trained(init: str) -> tuple[TrainedWeights, str]:
    """Return the weights that a model begins with, and their digest."""
    installed = installed_model(init)
    if installed is None and not Path(init).exists():
        names = [model.name for model in installed_models()]
        raise CheckpointError(
            f"init={init}: expected a run folder, a checkpoint folder or an installed model"
            f"{near_hint(init, names)}"
        )
    folder = installed.check() if installed else checkpoint_of(Path(init))
    if is_exported(folder):
        return TrainedWeights.of_export(folder), sha256_of(folder / TAGGER_GRAPH)
    return TrainedWeights.of_tagger(load_tagger(folder)), sha256_of(folder / WEIGHTS)


def _check_open_tags(config: RunConfig, tagger: Tagger, samples: Sequence[Sample]) -> None:
    open_in = sorted({s.corpus for s in samples if s.unknown or s.annotated is not None})
    if open_in and not tagger.model.learns_from_open_tags:
        raise ConfigError(
            f"model {config.model.name!r}: its loss is its own and not that of the CRF, so it "
            f"would learn that what {open_in[0]} does not annotate is no entity; take a model with "
            "the CRF, such as bert-crf, or corpora with the same types"
        )


def _provenance(
    config: RunConfig, splits: Splits, tagger: Tagger, teacher: Teacher | None
) -> dict[str, Any]:
    """Return what a reader needs to believe a score: data, seed, versions, hardware."""
    # What the teacher reads is in the student's weights, too.
    readers = [tagger, *([teacher.tagger] if teacher else [])]
    fields = dict.fromkeys(name for reader in readers for name in reader.data.context)
    gpu = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    return {
        "data": [
            asdict(print_of_corpus)
            for name, samples in splits.items()
            for print_of_corpus in fingerprints(samples, part=name, corpora=config.data.corpora)
        ],
        "images": {
            name: image_digest(samples) if any(r.model.uses_images for r in readers) else "not read"
            for name, samples in splits.items()
        },
        "context": {name: context_digest(samples, fields) for name, samples in splits.items()},
        "code": code_digests(*(type(reader.model) for reader in readers)),
        "assets": digest_of_options(tagger.model.assets),
        "config_digest": digest_of_options(config.model_dump(mode="json")),
        "seed": config.seed,
        "versions": package_versions(),
        "hardware": describe_hardware(accelerators=gpu),
    }
