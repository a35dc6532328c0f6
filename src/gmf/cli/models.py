"""``gmf models``: the models by name, and what each of them reads."""

import inspect
import json
from typing import Annotated, Any

import typer
from rich.table import Table

from gmf.cli.output import results, write
from gmf.models.registry import MODELS, model_class


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models, what each reads of a post, and its options."""
    rows = [_describe(name) for name in MODELS]
    if as_json:
        write(json.dumps(rows, indent=2))
        return
    table = Table("name", "text", "images", "what it is")
    for row in rows:
        table.add_row(row["name"], row["text"], ", ".join(row["images"]) or "-", row["summary"])
    results.print(table)


def _describe(name: str) -> dict[str, Any]:
    kind = model_class(name)
    return {
        "name": name,
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "text": "words" if kind.reads_words else "subwords",
        "images": list(kind.visual_inputs),
        "options": kind.Options().model_dump(mode="json", exclude={"name"}),
    }
