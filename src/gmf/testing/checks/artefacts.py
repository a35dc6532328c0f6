"""Checks of what is left of a model: its checkpoint, its export, its description."""

import inspect
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import torch

from gmf.core.errors import ExportError
from gmf.core.types import Sample
from gmf.models.base import VisualInput
from gmf.models.checkpoint import load_tagger, save_tagger
from gmf.models.tagger import Tagger
from gmf.prediction.onnx.engine import OnnxEngine
from gmf.prediction.onnx.export import export_onnx
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing.samples import mixed_samples
from gmf.testing.subject import Subject


def saved_model_reloads_bit_for_bit(subject: Subject) -> None:
    """A checkpoint gives the same emissions, tags and options."""
    model, batch = subject.model, subject.batch
    with TemporaryDirectory() as folder:
        save_tagger(subject.tagger(), Path(folder))
        loaded = load_tagger(Path(folder))
    subject.require(
        torch.equal(loaded.model(batch).emissions, model(batch).emissions),
        "emissions differ after saving and loading; something that they need is not a parameter, "
        "a buffer, an option or an asset",
    )
    subject.require(
        loaded.model.decode(loaded.model(batch), batch) == model.decode(model(batch), batch),
        "tags differ after saving and loading",
    )
    subject.require(
        loaded.model.options == model.options, "options differ after saving and loading"
    )
    subject.require(
        (loaded.tokenizer is None) == subject.kind.reads_words,
        "reads_words does not say whether it has a tokenizer",
    )


def export_agrees_with_the_checkpoint(subject: Subject) -> None:
    """The ONNX export gives the tags and confidences of the checkpoint, or is refused."""
    tagger = subject.tagger()
    tagger.model.head.crf.temperature = 1.7
    try:
        _export_agrees(subject, tagger)
    finally:
        tagger.model.head.crf.temperature = 1.0


def _export_agrees(subject: Subject, tagger: Tagger) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        mixed = mixed_samples(folder)
        bare = [Sample(sample.id, sample.tokens) for sample in mixed]
        obstacle = subject.kind.export_obstacle()
        try:
            # Compares emissions itself, on other samples.
            exported = OnnxEngine(export_onnx(tagger, folder / "exported").folder)
        except ExportError as error:
            subject.require(obstacle is not None and obstacle in str(error), str(error))
            return
        subject.require(obstacle is None, f"is exported, though its class says: {obstacle}")
        for samples in (mixed, bare, mixed[:1], bare[:1]):
            pairs = zip(
                exported.predict(samples), TorchEngine(tagger).predict(samples), strict=True
            )
            for one, other in pairs:
                same = one.tags == other.tags and all(
                    math.isclose(a.confidence, b.confidence, rel_tol=0, abs_tol=1e-4)
                    for a, b in zip(one.entities, other.entities, strict=True)
                )
                subject.require(
                    same, f"the export tags {one.tags} where the checkpoint tags {other.tags}"
                )


def describes_itself(subject: Subject) -> None:
    """What its class states is whole and agrees with itself."""
    kind = subject.kind
    subject.require(bool(inspect.getdoc(kind)), "its class has no docstring to list it with")
    subject.require(bool(kind.title), "its class states no title")
    subject.require(kind.source.endswith("."), "source: expected where it was published, and '.'")
    subject.require(
        _is_tuple(kind.departures) and all(text.endswith(".") for text in kind.departures),
        "departures: expected a tuple of sentences; a single one needs a comma behind it",
    )
    wrong = set(kind.visual_inputs) - set(get_args(VisualInput))
    subject.require(
        _is_tuple(kind.visual_inputs) and not wrong,
        f"visual_inputs: expected a tuple of {', '.join(get_args(VisualInput))}",
    )
    subject.require(
        kind.uses_images == bool(kind.visual_inputs), "uses_images contradicts visual_inputs"
    )
    subject.require(
        subject.model.options.name == subject.name, "its options do not hold its registered name"
    )


def _is_tuple(value: object) -> bool:
    return isinstance(value, tuple)
