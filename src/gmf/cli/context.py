"""``gmf context``: find what images say, as a field of the context."""

from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.output import Device
from gmf.cli.regions import Data, Splits, run_on_images
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
    run_on_images(job, tasks, label=describer, overwrite=overwrite, as_json=as_json)
