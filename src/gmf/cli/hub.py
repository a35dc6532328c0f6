"""``gmf hub``: a trained model as a folder or hub repository that others can load."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.output import Device, progress_bar, report_images, say, write
from gmf.core.config import near_hint
from gmf.core.errors import ConfigError
from gmf.core.plain import plain
from gmf.evaluation.scores import RULES
from gmf.prediction.publishing.hub import model_folder
from gmf.prediction.publishing.publish import push_to_hub, save_pretrained
from gmf.prediction.publishing.scores import PublishedScore

#: Splits that can be scored for the card.
SPLITS = ("train", "dev", "test")
hub_app = typer.Typer(help="Publish trained models.", no_args_is_help=True)

Run = Annotated[
    str, typer.Argument(help="Run folder, checkpoint folder, exported folder or installed model.")
]
License = Annotated[
    str | None, typer.Option(help="Licence of the weights, as the hub names it: mit, cc-by-4.0.")
]
Split = Annotated[
    str | None, typer.Option("--evaluate", help="Score this split now, for the card: test.")
]
Data = Annotated[Path | None, typer.Option(help="Its data folder; the run's own by default.")]


@hub_app.command()
def save(
    run: Run,
    folder: Annotated[Path, typer.Argument(help="Where to write.")],
    split: Split = None,
    data: Data = None,
    license: License = None,
    device: Device = "auto",
) -> None:
    """Write a model and its card to a folder that `gmf.load` takes on any machine."""
    scores = scores_of(run, split, data, device=device)
    written = save_pretrained(model_folder(run), folder, scores=scores, license=license)
    write(str(written))


@hub_app.command()
def push(
    run: Run,
    repo_id: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Made when absent.")],
    split: Split = None,
    data: Data = None,
    license: License = None,
    private: Annotated[
        bool, typer.Option("--private", help="A new repository is private.")
    ] = False,
    device: Device = "auto",
) -> None:
    """Upload a model and its card to the Hugging Face Hub; needs `hf auth login`."""
    scores = scores_of(run, split, data, device=device)
    write(push_to_hub(model_folder(run), repo_id, scores=scores, license=license, private=private))


def check_split(split: str | None) -> None:
    """Refuse what is no split before a model is packed for minutes.

    Raises:
        ConfigError: If it is none.
    """
    if split is not None and split not in SPLITS:
        near = near_hint(split, SPLITS)
        raise ConfigError(f"--evaluate {split!r}: expected {', '.join(SPLITS)}{near}")


def scores_of(
    run: str | Path, split: str | None, data: Path | None, *, device: str
) -> list[PublishedScore]:
    """Return the scores of a model on a split, measured now; none when no split is named."""
    check_split(split)
    if split is None:
        return []
    # Here, not above: help needs no torch.
    from gmf.experiments.evaluate import evaluate_run

    with progress_bar() as bar:
        task = bar.add_task("evaluating", total=None)
        result = evaluate_run(
            run,
            split=split,
            folder=data,
            device=device,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    report_images(result.images)
    for warning in result.warnings:
        say(f"warning: {warning}")
    part = asdict(result.report.provenance.data[-1])
    return [
        PublishedScore.of(
            rule,
            plain(result.report.scores.under(rule).micro),
            part,
            source=f"gmf evaluate --split {split}",
        )
        for rule in RULES
    ]
