"""``gmf models``: the models by name, what each reads, and where it comes from."""

import inspect
import json
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from gmf.cli.output import results, write
from gmf.models.registry import models

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


def _describe(name: str) -> dict[str, Any]:
    kind = models.get(name)
    return {
        "name": name,
        "title": kind.title or name,
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "text": "words" if kind.reads_words else "subwords",
        "images": list(kind.visual_inputs),
        "exports": kind.export_obstacle() is None,
        "origin": models.origin(name).source,
        "source": kind.source,
        "departures": list(kind.departures),
        "options": kind.Options().model_dump(mode="json", exclude={"name"}),
    }
