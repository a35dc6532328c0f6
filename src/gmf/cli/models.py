"""``gmf models``: the models by name, what each reads, and where it comes from."""

import inspect
import json
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from gmf.cli.output import results, say, write
from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.installed import InstalledModel, installed_models
from gmf.inference.exported_folder import read_info

models_app = typer.Typer(
    invoke_without_command=True, help="List the models: what each reads and where it comes from."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models_app.callback()
def list_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models: what each reads and where it comes from."""
    if context.invoked_subcommand is None:
        list_models(as_json)


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models: what each reads and where it comes from."""
    # Here, not above: installed models are listed without torch.
    from gmf.models.registry import models

    rows = [_describe(name) for name in models]
    if as_json:
        write(json.dumps(rows, indent=2))
        return
    table = Table(Column("name", no_wrap=True), "title", "text", "images", "exports", "from")
    for row in rows:
        images = ", ".join(row["images"]) or "-"
        exports = "yes" if row["exports"] else "no"
        table.add_row(row["name"], row["title"], row["text"], images, exports, row["origin"])
    results.print(table)


@models_app.command("installed")
def list_installed(as_json: AsJson = False) -> None:
    """List the trained models that are installed as packages, for `gmf.load("NAME")`.

    Exit status 1: one of them is damaged or was made for another version of gmf.
    """
    rows = [_describe_installed(model) for model in installed_models()]
    if as_json:
        write(json.dumps(rows, indent=2))
        _end_for_faults(rows)
        return
    names = ("version", "types", "images", "weights", "MB", "gmf", "licence", "state")
    folded = (Column(name, overflow="fold") for name in names)
    table = Table(Column("name", overflow="fold"), *folded, padding=(0, 0))
    for row in rows:
        images = "yes" if row["reads_images"] else "no"
        size = f"{row['bytes'] / 1e6:.1f}"
        table.add_row(
            row["name"],
            row["version"],
            ", ".join(row["types"]),
            images,
            row["weights"],
            size,
            row["gmf"],
            row["license"] or "-",
            "faulty" if row["fault"] else "whole",
        )
    results.print(table if rows else "no model is installed; gmf package makes one of a run")
    _end_for_faults(rows)


def _end_for_faults(rows: list[dict[str, Any]]) -> None:
    faults = [row["fault"] for row in rows if row["fault"]]
    for fault in faults:
        say(f"error: {fault}")
    if faults:
        raise typer.Exit(1)


def _describe_installed(model: InstalledModel) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": model.name,
        "version": model.package.version,
        "types": [],
        "reads_images": False,
        "weights": "",
        "bytes": sum(file.size for file in model.files),
        "gmf": model.gmf_range,
        "license": model.license,
        "fault": None,
    }
    try:
        info = read_info(model.check())
    except CheckpointError as error:
        return row | {"fault": str(error)}
    weights = "int8" if info.int8 else "fp32"
    return row | {
        "types": list(info.types),
        "reads_images": info.images is not None,
        "weights": weights,
    }


def _describe(name: str) -> dict[str, Any]:
    from gmf.models.registry import models

    row: dict[str, Any] = {"name": name, "origin": models.origin(name).source}
    try:
        with models.named_in_errors(name):
            kind = models.get(name)
            options = kind.Options().model_dump(mode="json", exclude={"name"})
    except ConfigError as error:  # A broken part must not hide the others.
        unknown = {"text": "-", "images": [], "exports": False, "options": {}, "departures": []}
        told = f"cannot be used: {error}"
        return row | unknown | {"title": told, "summary": told, "source": ""}
    return row | {
        "title": kind.title or name,
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "text": "words" if kind.reads_words else "subwords",
        "images": list(kind.visual_inputs),
        "exports": kind.export_obstacle() is None,
        "source": kind.source,
        "departures": list(kind.departures),
        "options": options,
    }
