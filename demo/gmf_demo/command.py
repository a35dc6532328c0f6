"""``gmf demo``: watch GMF learn to use images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gmf.cli.output import Device, progress_bar, results, say, write
from gmf.core.device import compute_on
from gmf.prediction.pipeline import document_of

if TYPE_CHECKING:
    from gmf_demo.run import DemoResult


def demo(
    out: Annotated[Path, typer.Option(help="Folder for corpus, runs and page.")] = Path(
        "demo-output"
    ),
    encoders: Annotated[str, typer.Option(help="A packaged pair.")] = "minilm-mobilenet",
    device: Device = "auto",
) -> None:
    """Draw a corpus, train text-only and GMF on it, and show what the images contribute."""
    # Here, not above: help needs no torch.
    from gmf_demo.run import run_demo
    from gmf_demo.shown_samples import write_demo_page

    compute_on(device)
    with progress_bar() as bar:
        task = bar.add_task("", total=None)

        def on_stage(stage: str) -> None:
            say(stage)
            bar.reset(task, description=stage, total=None)

        def on_progress(text: str, done: int, total: int) -> None:
            bar.update(task, description=text, completed=done, total=total)

        result = run_demo(out, encoders=encoders, on_stage=on_stage, on_progress=on_progress)
    results.print(_table(result, encoders))
    write(result.summary)
    page = out / "demo.html"
    for post in write_demo_page(result, page):
        document = document_of(post.prediction)
        entities = [f"{m.text} = {m.type} ({m.confidence:.2f})" for m in document.entities]
        write(f"{post.caption}: {document.text!r} -> {', '.join(entities) or 'no entities'}")
    write(f"page: {page}")


def _table(result: "DemoResult", encoders: str) -> Table:
    table = Table(
        title="Demo corpus, test split, F1 by kind of pair",
        caption=f"lenient micro F1; encoders {encoders}; one seed",
    )
    kinds = list(result.limits)
    for name in ("", *kinds):
        table.add_column(name, justify="right" if name else "left")
    for row, scores in result.scores.items():
        table.add_row(row, *(f"{100 * scores[kind]:.1f}" for kind in kinds))
    table.add_section()
    for name in ("text_only", "multimodal"):
        label = f"best possible, {name.replace('_', ' ')}"
        cells = (f"{100 * getattr(result.limits[kind], name):.1f}" for kind in kinds)
        table.add_row(label, *cells)
    return table
