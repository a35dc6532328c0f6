"""The demo: draw a corpus, train text-only and GMF on it, and see what the images contribute."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

from gmf.core.types import Prediction, Sample
from gmf.evaluation.image_controls import Control, apply_control
from gmf.evaluation.scores import score
from gmf.experiments.presets import load_run_config
from gmf.models.checkpoint import load_tagger
from gmf.models.tagger import Tagger
from gmf.training.caching import plan_cache
from gmf.training.config import RunConfig
from gmf.training.run import train
from gmf.training.run_folder import checkpoint_of
from gmf_demo.best_possible import Limit, limits_of
from gmf_demo.corpus import DemoCorpus, DemoCorpusConfig, write_corpus

#: Called with what is going on, how much of it is done, and of how much.
OnProgress = Callable[[str, int, int], None]
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

    @property
    def summary(self) -> str:
        """What the images contribute, in one sentence."""
        return (
            f"GMF closes {100 * self.gap_closed:.0f}% of the gap between the text-only model and "
            "the best possible, on related pairs"
        )


def run_demo(
    out: Path,
    *,
    encoders: str = "minilm-mobilenet",
    corpus: DemoCorpusConfig | None = None,
    overrides: Sequence[str] = (),
    on_stage: Callable[[str], None] = lambda _: None,
    on_progress: OnProgress = lambda *_: None,
) -> DemoResult:
    """Run the demo; what an earlier call completed in the same folder is kept.

    A model this small gains little from a second thread, so processes share the work: they draw
    the images together, and then one trains text-only while another encodes the images. The
    caller's module must be importable without starting the demo (``if __name__ == "__main__"``).

    Args:
        out: Folder for the corpus and the runs.
        encoders: A packaged pair.
        corpus: What to draw.
        overrides: Options of both runs, as on the command line.
        on_stage: Called with what begins.
        on_progress: Called with what is going on, how much of it is done, and of how much.

    Raises:
        EncoderError: If the encoders are not installed.
    """
    options = corpus or DemoCorpusConfig()
    configs = {
        model: load_run_config(
            f"demo-{model}",
            [f"data.folder={out / 'corpus'}", f"encoders={encoders}", *overrides],
        )
        for model in ("bert-crf", "gmf")
    }
    runs = {model: out / "runs" / model for model in configs}
    threads = torch.get_num_threads()
    with ProcessPoolExecutor(threads, mp_context=get_context("spawn")) as processes:
        on_stage("drawing and writing the corpus")
        written = write_corpus(out / "corpus", config=options, executor=processes)
        on_stage("training text-only; encoding the images beside it")
        share = max(1, threads // 2)
        text_only = processes.submit(_train_on, share, configs["bert-crf"], runs["bert-crf"])
        with _torch_threads(max(1, threads - share)):
            cache, plan = plan_cache(configs["gmf"])
            for done in cache.fill(plan):
                on_progress("images and regions", done, len(plan.missing))
        text_only.result()
    on_stage("training GMF")

    def on_step(epoch: int, number: int, total: int, loss: float) -> None:
        on_progress(f"epoch {epoch}, loss {loss:.2f}", number, total)

    train(configs["gmf"], runs["gmf"], on_step=on_step)
    on_stage("scoring on the test split")
    test = written.splits["test"]
    taggers = {name: load_tagger(checkpoint_of(run)) for name, run in runs.items()}
    scores = {
        row: f1_by_kind(written, predictions_of(taggers[model], test, control=control))
        for row, model, control in ROWS
    }
    limits = limits_of([written.facts[sample.id] for sample in test], shares=options)
    return DemoResult(written, scores, limits, runs)


def _train_on(threads: int, config: RunConfig, path: Path) -> None:
    with _torch_threads(threads):
        train(config, path)


@contextmanager
def _torch_threads(number: int) -> Generator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def predictions_of(
    tagger: Tagger, samples: Sequence[Sample], *, control: Control
) -> list[Prediction]:
    """Return predictions with images as a control wants them."""
    shown = apply_control(samples, control=control).samples
    return list(tagger.predict(shown))


def f1_by_kind(corpus: DemoCorpus, predictions: Sequence[Prediction]) -> dict[str, float]:
    """Return lenient micro F1, by kind of pair and over all."""
    result: dict[str, float] = {}
    for kind in KINDS:
        part = [p for p in predictions if kind in ("all", corpus.facts[p.sample.id].pair)]
        scores = score([p.sample.tags or () for p in part], [p.tags for p in part])
        result[kind] = scores.lenient.micro.f1
    return result
