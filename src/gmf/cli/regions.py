"""``gmf regions``: find object regions in the images of a data set, and look at them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gmf.cli.output import PARTS_FAILED, Device, progress_bar, write
from gmf.context.run import ContextJob
from gmf.core.config import apply_overrides, parse_config
from gmf.core.device import torch_device
from gmf.core.errors import DataError
from gmf.reading.image_tasks import ImageTask, collect_images
from gmf.reading.regions_file import REGIONS_FILE, read_regions
from gmf.regions.base import ProposerChoice
from gmf.regions.contact_sheet import SheetEntry, contact_sheet
from gmf.regions.filters import RegionFilter
from gmf.regions.registry import build_proposer, region_proposers
from gmf.regions.run import RegionsJob


class _FindByDefault(TyperGroup):
    """Reads ``gmf regions DATA ...`` as ``gmf regions find DATA ...``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["find", *args]
        return super().parse_args(ctx, args)


regions_app = typer.Typer(
    cls=_FindByDefault,
    no_args_is_help=True,
    help="Object regions: `gmf regions DATA --proposer NAME --out DIR` finds them.",
)

Data = Annotated[Path, typer.Argument(help="Folder with train, dev (or valid) and test files.")]
Splits = Annotated[list[str] | None, typer.Option("--split", help="Only this split; repeatable.")]


def run_on_images(
    job: RegionsJob | ContextJob,
    tasks: Sequence[ImageTask],
    *,
    label: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Run a job on the images of a data set, with a progress bar, and print its report."""
    with progress_bar() as bar:
        line = bar.add_task(label, total=len(tasks))
        report = job.run(
            tasks, overwrite=overwrite, on_progress=lambda done: bar.update(line, completed=done)
        )
    if as_json:
        write(json.dumps({"file": str(job.file.path), **report.to_dict()}, indent=2))
    else:
        write(f"{job.file.path}: {report.summary()}")
    if report.images["failed"]:
        raise typer.Exit(PARTS_FAILED)


@regions_app.command("find")
def find(
    data: Data,
    proposer: Annotated[str, typer.Option(help=f"One of {', '.join(region_proposers)}.")],
    out: Annotated[Path, typer.Option(help="Folder of regions.jsonl; DATA itself is read from.")],
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Options of the proposer, such as threshold=0.4, and filter.max_regions=3, "
            "filter.min_score, filter.min_area_ratio, filter.max_area_ratio, filter.max_overlap.",
        ),
    ] = None,
    places: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="Folder, file or hub id that the proposer reads; hvpnet: DICT=CROPS."
        ),
    ] = None,
    split: Splits = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 8,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Drop regions of another source.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Find regions and write DIR/regions.jsonl; the same command goes on after an interruption."""
    settings = apply_overrides({}, options or ())
    limits = parse_config(RegionFilter, settings.pop("filter", {}), source="filter")
    choice = ProposerChoice(proposer, tuple(places or ()), settings, torch_device(device))
    tasks = collect_images(data, splits=split or ())
    job = RegionsJob(build_proposer(choice), limits=limits, out=out, batch_size=batch_size)
    run_on_images(job, tasks, label=proposer, overwrite=overwrite, as_json=as_json)


@regions_app.command("show")
def show(
    data: Data,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    regions: Annotated[
        Path | None, typer.Option(help="Folder of regions.jsonl; by default DATA.")
    ] = None,
    split: Splits = None,
    limit: Annotated[int, typer.Option(min=1, help="Most images to show.")] = 24,
    columns: Annotated[int, typer.Option(min=1, help="Images in a row.")] = 4,
    tile: Annotated[int, typer.Option(min=64, help="Side of an image, in pixels.")] = 320,
) -> None:
    """Draw boxes and phrases onto the images that can be read, as one contact sheet."""
    path = (regions or data) / REGIONS_FILE
    if not path.is_file():
        raise DataError("no such file; find regions first", path=path)
    regions_by_image = read_regions(path)
    tasks = [
        task
        for task in collect_images(data, splits=split or ())
        if task.name in regions_by_image and task.path.is_file()
    ]
    entries = [
        SheetEntry(
            task.path, regions_by_image[task.name], f"{task.name}: {' '.join(task.texts[0])}"
        )
        for task in tasks[:limit]
    ]
    if not entries:
        raise DataError("none of its images is in the data set and can be read", path=path)
    out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(entries, columns=columns, tile_px=tile).save(out, format="PNG")
    write(f"{out}: {len(entries)} of {len(tasks)} images")
