"""``gmf predict``: entities of a text and its images."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.cli.output import report_images, results, say, write
from gmf.prediction.pipeline import load


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder or checkpoint folder.")],
    text: Annotated[str, typer.Option(help="The post.")],
    image: Annotated[
        list[Path] | None, typer.Option(help="An image of the post; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the entities of a post, with character offsets and confidences."""
    pipeline = load(run)
    document = pipeline(text, image=image)
    report_images(pipeline.report)
    for note in document.notes:
        say(f"note: {note}")
    if as_json:
        write(json.dumps(document.to_dict(), ensure_ascii=False))
        return
    table = Table("entity", "type", "characters", "confidence")
    for entity in document.entities:
        span = f"{entity.char_start}-{entity.char_end}"
        table.add_row(entity.text, entity.type, span, f"{entity.confidence:.3f}")
    results.print(table if document.entities else "no entities")
