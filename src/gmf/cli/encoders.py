"""``gmf encoders``: list and install the packaged encoders."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from gmf.encoders.catalogue import CATALOGUE, PAIRS
from gmf.encoders.digest import is_complete, read_digest
from gmf.encoders.install import encoders_root, expand_names, install_encoder

encoders_app = typer.Typer(no_args_is_help=True, help="Packaged encoders: list and install.")


@encoders_app.command("list")
def list_encoders(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List packaged encoders and proposers, the named pairs, and what is installed."""
    rows = [
        {
            "name": entry.name,
            "role": entry.role,
            "summary": entry.summary,
            "megabytes": round(entry.size / 1e6, 1),
            "licence": entry.licence,
            "packages": [f"{package.name}=={package.version}" for package in entry.packages],
            "installed": (installed := is_complete(encoders_root() / entry.name)),
            "digest": read_digest(encoders_root() / entry.name) if installed else None,
        }
        for entry in CATALOGUE.values()
    ]
    if as_json:
        pairs = {name: {"text": text, "image": image} for name, (text, image) in PAIRS.items()}
        typer.echo(json.dumps({"encoders": rows, "pairs": pairs}, indent=2))
        return
    table = Table("name", "role", "MB", "installed", "what it is", "licence")
    for row in rows:
        state = str(row["digest"])[:12] if row["installed"] else "no"
        columns = (row["name"], row["role"], row["megabytes"], state, row["summary"])
        table.add_row(*(str(value) for value in columns), str(row["licence"]))
    console = Console()
    console.print(table)
    for name, (text, image) in PAIRS.items():
        console.print(f"pair {name}: {text} + {image}")


@encoders_app.command("install")
def install(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Encoders or pairs.")],
) -> None:
    """Download packaged encoders, check them by sha256 and convert them; skip what is there."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
    )
    folders: list[str] = []
    with bar:
        for name in expand_names(names):
            task = bar.add_task(name, total=CATALOGUE[name].size)
            folder = install_encoder(
                name, progress=lambda done, task=task: bar.update(task, completed=done)
            )
            bar.update(task, completed=CATALOGUE[name].size)
            folders.append(str(folder))
    for folder in folders:
        typer.echo(folder)
