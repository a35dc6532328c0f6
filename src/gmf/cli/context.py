"""``gmf context``: find what images say, as a field of the context."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.output import Device, progress_bar, write
from gmf.cli.regions import Data, Splits
from gmf.context.base import DescriberChoice
from gmf.context.registry import build_describer, describers
from gmf.context.run import ContextJob
from gmf.core.config import apply_overrides
from gmf.core.device import torch_device
from gmf.reading.image_tasks import collect_images


def context(
    data: Data,
    describer: Annotated[str, typer.Option(help=f"One of {', '.join(describers)}.")],
    out: Annotated[Path, typer.Option(help="Folder of context.jsonl; DATA itself is read from.")],
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Options of the describer, such as field=NAME, min_score=0.7."
        ),
    ] = None,
    places: Annotated[
        list[str] | None,
        typer.Option("--from", help="Folder or hub id of the model that the describer takes."),
    ] = None,
    split: Splits = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 8,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Drop what another source wrote into the field.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Describe images in words and write DIR/context.jsonl; the same command goes on later."""
    settings = apply_overrides({}, options or ())
    choice = DescriberChoice(describer, tuple(places or ()), settings, torch_device(device))
    tasks = collect_images(data, splits=split or ())
    job = ContextJob(build_describer(choice), out=out, batch_size=batch_size)
    with progress_bar() as bar:
        line = bar.add_task(describer, total=len(tasks))
        report = job.run(
            tasks, overwrite=overwrite, on_progress=lambda done: bar.update(line, completed=done)
        )
    if as_json:
        write(json.dumps({"file": str(job.file.path), **report.to_dict()}, indent=2))
    else:
        write(f"{job.file.path}: {report.summary()}")
