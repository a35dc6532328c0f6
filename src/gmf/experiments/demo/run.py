"""The demo: draw a corpus, train text-only and GMF on it, and see what the images contribute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gmf.core.types import Prediction, Sample
from gmf.evaluation.controls import Control, apply_control
from gmf.evaluation.metrics import score
from gmf.experiments.demo.corpus import DemoCorpus, DemoCorpusConfig, write_corpus
from gmf.experiments.demo.limits import Limit, limits_of
from gmf.experiments.presets import load_run_config
from gmf.models.checkpoint import Tagger, load_tagger
from gmf.models.inference import predict
from gmf.training.run import train
from gmf.training.run_folder import checkpoint_of
from gmf.training.trainer import OnStep

#: Kinds of pair in the order of the table, and all of them together.
KINDS = ("related", "unrelated", "misleading", "all")
#: What is scored: the model, and what it sees instead of its images.
ROWS: tuple[tuple[str, str, Control], ...] = (
    ("text only", "bert-crf", "none"),
    ("GMF", "gmf", "real"),
    ("GMF, images shuffled", "gmf", "shuffled"),
    ("GMF, no images", "gmf", "none"),
)


@dataclass(frozen=True)
class DemoResult:
    """What the demo found.

    Args:
        corpus: The posts and what the generator knows of them.
        scores: Lenient micro F1 in [0, 1] on the test split, by row and by kind of pair.
        limits: The best F1 that any tagger can reach, by kind of pair.
        runs: Run folder of each model.
    """

    corpus: DemoCorpus
    scores: dict[str, dict[str, float]]
    limits: dict[str, Limit]
    runs: dict[str, Path]

    @property
    def gap_closed(self) -> float:
        """Share of the gap between text-only and the multimodal limit that GMF closes."""
        text, gmf = (self.scores[name]["related"] for name in ("text only", "GMF"))
        return (gmf - text) / (self.limits["related"].multimodal - text)


def run_demo(
    out: Path,
    *,
    encoders: str = "minilm-mobilenet",
    corpus: DemoCorpusConfig | None = None,
    overrides: Sequence[str] = (),
    on_stage: Callable[[str], None] = lambda _: None,
    on_step: OnStep = lambda *_: None,
) -> DemoResult:
    """Run the demo; what an earlier call completed in the same folder is kept.

    Args:
        out: Folder for the corpus and the runs.
        encoders: A packaged pair.
        corpus: What to draw.
        overrides: Options of both runs, as on the command line.
        on_stage: Hears what begins.
        on_step: Hears of each training batch.

    Raises:
        EncoderError: If the encoders are not installed.
    """
    options = corpus or DemoCorpusConfig()
    on_stage("drawing and writing the corpus")
    written = write_corpus(out / "corpus", config=options)
    runs: dict[str, Path] = {}
    for model in ("bert-crf", "gmf"):
        on_stage(f"training {model}")
        config = load_run_config(
            f"demo-{model}",
            [f"data.folder={out / 'corpus'}", f"encoders={encoders}", *overrides],
        )
        runs[model] = out / "runs" / model
        train(config, runs[model], on_step=on_step)
    on_stage("scoring on the test split")
    test = written.splits["test"]
    taggers = {name: load_tagger(checkpoint_of(run)) for name, run in runs.items()}
    scores = {
        row: f1_by_kind(written, predictions_of(taggers[model], test, control=control))
        for row, model, control in ROWS
    }
    limits = limits_of([written.facts[sample.id] for sample in test], shares=options)
    return DemoResult(written, scores, limits, runs)


def predictions_of(
    tagger: Tagger, samples: Sequence[Sample], *, control: Control
) -> list[Prediction]:
    """Return predictions with images as a control wants them."""
    shown = apply_control(samples, control=control).samples
    return list(predict(tagger.model, shown, collator=tagger.collator(cached=True)))


def f1_by_kind(corpus: DemoCorpus, predictions: Sequence[Prediction]) -> dict[str, float]:
    """Return lenient micro F1, by kind of pair and over all."""
    result: dict[str, float] = {}
    for kind in KINDS:
        part = [p for p in predictions if kind in ("all", corpus.facts[p.sample.id].pair)]
        scores = score([p.sample.tags or () for p in part], [p.tags for p in part])
        result[kind] = scores.lenient.micro.f1
    return result
