"""Score a trained run on a split of a folder, with every analysis and its provenance."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from gmf.core.device import check_precision
from gmf.core.errors import ConfigError, DataError
from gmf.core.tags import alias_tag
from gmf.core.types import Sample
from gmf.data.config import DataConfig
from gmf.data.image_report import ImageReport
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.image_controls import IMAGE_CONTROLS, Control, apply_control
from gmf.evaluation.pairs import SamplePair, pair_of
from gmf.evaluation.post_groups import groups_of_folder, with_groups
from gmf.evaluation.provenance import (
    DataFingerprint,
    Provenance,
    data_warnings,
    describe_hardware,
    package_versions,
)
from gmf.evaluation.report import Report
from gmf.prediction.engine import Engine, load_engine
from gmf.prediction.publishing.hub import model_folder
from gmf.reading.context_file import check_fields
from gmf.reading.corpora import CorpusConfig, fingerprints, read_corpora
from gmf.reading.groups import read_groups
from gmf.reading.readers import splits_of
from gmf.training.run_files import CONFIG, is_finished


@dataclass(frozen=True)
class RunEvaluation:
    """A run's predictions on a split and what they are worth.

    Args:
        report: Scores under both rules and every analysis.
        pairs: Gold and prediction of each sample, in file order.
        images: What became of the images.
        warnings: Doubts that a reader must know of.
        notes: What is read otherwise than the files have it, context that samples lack, and what
            was left out of the groups of posts.
    """

    report: Report
    pairs: tuple[SamplePair, ...]
    images: ImageReport
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()


def evaluate_run(
    run: str | Path,
    *,
    split: str = "test",
    folder: Path | None = None,
    control: Control = "real",
    config: EvaluationConfig = DEFAULTS,
    device: str = "auto",
    precision: str = "fp32",
    image_trust: float = 1,
    batch_size: int = 32,
    aliases: Mapping[str, str] = MappingProxyType({}),
    temperature: float | None = None,
    groups: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> RunEvaluation:
    """Predict and score a split.

    Args:
        run: Run folder, checkpoint folder, exported or installed model, or hub id.
        split: ``train``, ``dev`` or ``test``.
        folder: Data folder; the one the run was trained on when ``None``.
        control: What stands in for the images.
        config: Rule of the analyses, resampling.
        device: Where to compute; ``auto`` takes a GPU when there is one.
        precision: What to compute in, see ``gmf.load``.
        image_trust: How far images may move the tags, see ``gmf.load``.
        batch_size: Samples of one pass.
        aliases: Types to be read as others, in gold and predictions.
        temperature: Of confidences, in place of that which was fitted on dev; 1 shows them as
            trained.
        groups: Side file that puts posts in groups; by default that of the data folder, if it has
            one.
        on_progress: Called with how many samples are done, and of how many.

    Raises:
        CheckpointError: If the run holds no complete checkpoint.
        ConfigError: If neither the call nor the run names a data folder, the device is absent, or
            images cannot be trusted so, or a control is of a context that the model does not read.
        DataError: If the split or the stated groups break their format, it has no tags, or no
            sample has a context field that the model reads.
    """
    engine = load_engine(
        model_folder(run),
        device=device,
        precision=check_precision(precision),
        cached=True,
        image_trust=image_trust,
    )
    if temperature is not None:
        _calibrate(engine, temperature, run=run)
    read = _Data.of(folder, engine.tagger.data if engine.tagger else None)
    if read is None:
        raise ConfigError(f"{run}: names no data folder; add --data DIR")
    notes: list[str] = []
    samples = _aliased(read.split(split, on_note=notes.append), aliases)
    if any(sample.tags is None for sample in samples):
        raise DataError(f"split {split}: expected tags on every sample", path=read.path)
    notes += [] if control == "no-context" else check_fields(samples, engine.context, what=split)
    shown = apply_control(samples, control=control, seed=config.seed, context=engine.context)
    if shown.own:
        notes.append(f"{control}: {shown.own} samples keep what is their own, none other was left")
    pairs, images = list[SamplePair](), ImageReport()
    counting = partial(nullcontext, images)
    for prediction in engine.run(shown.samples, counting=counting, batch_size=batch_size):
        pair = pair_of(prediction, reads_images=engine.reads_images)
        pairs.append(_aliased_pair(pair, aliases))
        on_progress(len(pairs), len(samples))
    trained_on = [DataFingerprint(**item) for item in engine.provenance.get("data", [])]
    scored = fingerprints(samples, part=split, corpora=read.corpora)
    warnings = [*_unfinished(Path(run)), *_warnings(trained_on, scored, split)]
    training = read.training()
    if folder is None:
        warnings += _other_training(trained_on, training or (), read)
    pairs = _grouped(pairs, read, training or (), stated=groups, on_note=notes.append)
    report = evaluate(
        pairs,
        training=training and _aliased(training, aliases),
        provenance=_provenance(engine, data=(*trained_on, *scored), images=images, control=control),
        config=config,
    )
    return RunEvaluation(report, tuple(pairs), images, tuple(warnings), tuple(notes))


@dataclass(frozen=True)
class _Data:
    """What is evaluated on.

    Args:
        corpora: The folders.
        encoding: Of files that are not Unicode.
        all_corpora: Those of the run, which decide what each of them does not annotate.
    """

    corpora: tuple[CorpusConfig, ...]
    encoding: str | None = None
    all_corpora: tuple[CorpusConfig, ...] = ()

    @classmethod
    def of(cls, folder: Path | None, data: DataConfig | None) -> "_Data | None":
        """Return a folder, one of the run's corpora as the run reads it, or all of the run."""
        known = data.corpora if data and (data.folder or data.folders) else ()
        encoding = data.encoding if data else None
        if folder is None:
            return cls(known, encoding, known) if known else None
        for corpus in known:
            if corpus.folder.resolve() == folder.resolve():
                return cls((corpus,), encoding, known)
        # Where the images lie, and the encoding, is known of the folders of the run alone.
        return cls((CorpusConfig(folder=folder),), None, (CorpusConfig(folder=folder),))

    @property
    def path(self) -> Path:
        """A folder to name in messages."""
        return self.corpora[0].folder

    def training(self) -> list[Sample] | None:
        """Return the training split; ``None`` where a folder has none."""
        has_training = all("train" in splits_of(corpus.folder) for corpus in self.corpora)
        return self.split("train") if has_training else None

    def split(self, name: str, *, on_note: Callable[[str], None] = lambda _: None) -> list[Sample]:
        """Return the samples of a split."""
        read = read_corpora(self.all_corpora, (name,), encoding=self.encoding, on_note=on_note)
        samples = read[name]
        titles = {corpus.title for corpus in self.corpora}
        return [s for s in samples if not s.corpus or s.corpus in titles]


def _warnings(
    trained_on: Sequence[DataFingerprint], scored: Sequence[DataFingerprint], split: str
) -> list[str]:
    warnings = data_warnings(trained_on, evaluated=scored)
    learned = {item.digest for item in trained_on if item.part == "train"}
    if split != "train" and any(item.digest in learned for item in scored):
        warnings.append(f"{split}: is what the run was trained on")
    return warnings


def _unfinished(run: Path) -> list[str]:
    if not (run / CONFIG).is_file() or is_finished(run):
        return []
    return [f"{run}: is not finished; the best of its epochs so far is scored"]


def _other_training(
    trained_on: Sequence[DataFingerprint], training: Sequence[Sample], data: _Data
) -> list[str]:
    """Return a warning where the run's folder has other training posts than the run learnt from."""
    known = {item.digest for item in trained_on if item.part == "train"}
    found = fingerprints(training, part="train", corpora=data.corpora) if training else []
    if not known or not found or known == {item.digest for item in found}:
        return []
    return [
        f"{data.path}: its training posts are not those that the run was trained on, which may be "
        "a part of them or another corpus; if it is another, name the right folder with --data"
    ]


def _grouped(
    pairs: list[SamplePair],
    data: _Data,
    training: Sequence[Sample],
    *,
    stated: Path | None,
    on_note: Callable[[str], None],
) -> list[SamplePair]:
    """Return the pairs with the groups of the stated file, or of the folder of each corpus."""
    if stated is not None:
        ids = (sample.id for sample in training)
        return with_groups(pairs, read_groups(stated), training=ids, on_note=on_note)
    found: dict[int, SamplePair] = {}
    for corpus in data.corpora:
        own = {i: pair for i, pair in enumerate(pairs) if pair.corpus in ("", corpus.title)}
        ids = [sample.id for sample in training if sample.corpus in ("", corpus.title)]
        grouped = groups_of_folder(list(own.values()), corpus.folder, training=ids, on_note=on_note)
        found |= dict(zip(own, grouped, strict=True))
    return [found.get(i, pair) for i, pair in enumerate(pairs)]


def _calibrate(engine: Engine, temperature: float, *, run: str | Path) -> None:
    """Give confidences another temperature than the one that was fitted on dev."""
    tagger = engine.tagger
    if tagger is None:
        raise ConfigError(f"{run}: an exported model keeps its temperature; name its run")
    tagger.model.head.crf.temperature = temperature
    tagger.provenance["calibration"] = {"temperature": temperature}


def _aliased(samples: Sequence[Sample], aliases: Mapping[str, str]) -> list[Sample]:
    return [
        replace(sample, tags=_aliased_tags(sample.tags, aliases)) if sample.tags else sample
        for sample in samples
    ]


def _aliased_pair(pair: SamplePair, aliases: Mapping[str, str]) -> SamplePair:
    scored = pair.scored and tuple(
        replace(entity, type=aliases.get(entity.type, entity.type)) for entity in pair.scored
    )
    return replace(pair, predicted=_aliased_tags(pair.predicted, aliases), scored=scored)


def _aliased_tags(tags: Sequence[str], aliases: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(alias_tag(tag, aliases=aliases) for tag in tags)


def _provenance(
    engine: Engine, *, data: tuple[DataFingerprint, ...], images: ImageReport, control: Control
) -> Provenance:
    recorded = engine.provenance
    shown, other = (control, "") if control in IMAGE_CONTROLS else ("real", f" ({control})")
    return Provenance(
        rule="lenient",
        data=data,
        encoders={e["name"]: e["digest"] for e in recorded.get("encoders", {}).values()},
        config_digest=recorded.get("config_digest", ""),
        precision=recorded.get("precision", ""),
        seeds=(recorded["seed"],) if "seed" in recorded else (),
        images=shown if engine.reads_images else "none",
        context=f"{', '.join(engine.context)}{other}" if engine.context else "",
        image_trust=engine.image_trust,
        image_counts=dict(images.images),
        versions=package_versions(),
        hardware=describe_hardware(),
        calibration=recorded.get("calibration", {}),
    )
