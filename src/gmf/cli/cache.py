"""``gmf cache``: what the caches hold, and how to be rid of it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.cli.output import Device, progress_bar, tables, write
from gmf.cli.training_runs import Overrides, Preset
from gmf.core.device import compute_on
from gmf.vision.cache.manage import CacheInfo, cache_info, clear_cache
from gmf.vision.cache.store import cache_root

cache_app = typer.Typer(no_args_is_help=True, help="Caches of pixels and stage maps.")

#: `data.cache.folder` of a run, where its caches are not below ``GMF_HOME``.
Root = Annotated[
    Path | None, typer.Option("--folder", help="Folder of the caches, where a run named one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@cache_app.command()
def info(folder: Root = None, as_json: AsJson = False) -> None:
    """List the caches: kind, views, size, last write, and the digests they are keyed by."""
    caches = cache_info(folder)
    if as_json:
        write(_as_json(caches))
        return
    table = Table("cache", "kind", "views", "size", "written", title=str(folder or cache_root()))
    for cache in caches:
        written = cache.written.strftime("%Y-%m-%d %H:%M UTC") if cache.written else "never"
        table.add_row(cache.name, cache.kind, f"{cache.views:,}", _size(cache.size_bytes), written)
    tables.print(table)
    total = sum(cache.size_bytes for cache in caches)
    write(f"{len(caches)} caches, {_size(total)}")


@cache_app.command()
def fill(
    preset: Preset,
    overrides: Overrides = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what it would take.")] = False,
    device: Device = "auto",
) -> None:
    """Compute and keep now what `gmf train` with the same options would keep as it goes."""
    # Here, not above: help needs no torch.
    from gmf.experiments.presets import load_run_config
    from gmf.training.caching import plan_cache

    compute_on(device)
    cache, plan = plan_cache(load_run_config(preset, overrides or []))
    write(
        f"{cache.folder}: {plan.views:,} views, {len(plan.missing):,} to compute, "
        f"{_size(plan.needed_bytes)} to write, {_size(plan.free_bytes)} free; "
        f"{plan.unreadable:,} have no readable file"
    )
    plan.check()
    if only_plan:
        return
    with progress_bar() as bar:
        task = bar.add_task("views", total=len(plan.missing))
        for done in cache.fill(plan):
            bar.update(task, completed=done)
    stored, unstored = cache.counts.stored, cache.counts.unstored
    write(
        f"{stored:,} views written; {len(plan.missing) - stored - unstored:,} cannot be read, "
        f"{unstored:,} cannot be kept whole or have no room"
    )


@cache_app.command()
def clear(
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only caches of this kind: pixels, maps, pooled_maps or damaged."),
    ] = None,
    folder: Root = None,
    as_json: AsJson = False,
) -> None:
    """Delete caches; they fill again when they are needed."""
    gone = clear_cache(kinds=kind or (), root=folder)
    if as_json:
        write(_as_json(gone))
    else:
        total = sum(cache.size_bytes for cache in gone)
        write(f"deleted {len(gone)} caches, {_size(total)}")


def _as_json(caches: list[CacheInfo]) -> str:
    rows = [
        asdict(cache) | {"written": cache.written.isoformat() if cache.written else None}
        for cache in caches
    ]
    return json.dumps(rows, indent=2)


def _size(number: int) -> str:
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.2f} MB"
