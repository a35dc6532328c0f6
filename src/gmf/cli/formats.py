"""``gmf formats``: what is read, written and found in images, and where each part comes from."""

import inspect
import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from gmf.cli.output import results, write
from gmf.context.registry import describers
from gmf.core.errors import ConfigError
from gmf.core.registry import Registry
from gmf.evaluation.metrics.registry import METRICS
from gmf.exchange.formats import document_formats
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.outputs.open import output_formats
from gmf.reading.readers import readers
from gmf.regions.registry import region_proposers

formats_app = typer.Typer(
    no_args_is_help=True,
    help="Readers, input and output formats, region proposers, describers, metrics.",
)
#: Kind to its parts.
REGISTRIES: dict[str, Registry[Any]] = {
    "reader": readers,
    "input": input_formats,
    "output": output_formats,
    "document": document_formats,
    "proposer": region_proposers,
    "describer": describers,
    "metric": METRICS,
}


@formats_app.callback()
def formats() -> None:
    """Readers, input and output formats, region proposers, describers, metrics."""


@formats_app.command("list")
def list_formats(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the parts of each kind, the endings that choose them, and where they come from."""
    rows = [row for kind, registry in REGISTRIES.items() for row in _rows(kind, registry)]
    if as_json:
        write(json.dumps(rows, indent=2))
        return
    table = Table("kind", Column("name", no_wrap=True), "endings", "from", "what it is")
    for row in rows:
        suffixes = " ".join(row["suffixes"]) or "-"
        table.add_row(row["kind"], row["name"], suffixes, row["origin"], row["summary"])
    results.print(table)


def _rows(kind: str, registry: Registry[Any]) -> Iterator[dict[str, Any]]:
    for name in registry:
        origin = registry.origin(name).source
        try:
            part = registry.get(name)
        except ConfigError as error:  # A broken package must not hide the others.
            summary, suffixes = f"cannot be used: {error}", ()
        else:
            summary = (inspect.getdoc(part) or "").partition("\n")[0].replace("``", "")
            suffixes = getattr(part, "suffixes", ())
        yield {
            "kind": kind,
            "name": name,
            "suffixes": list(suffixes),
            "origin": origin,
            "summary": summary,
        }
