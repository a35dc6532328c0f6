"""``gmf encoders``: list and install the packaged encoders."""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from gmf.cli.output import messages, say, tables, write
from gmf.core.config import parse_config
from gmf.encoders.catalogue import CATALOGUE, PAIRS, PackagedEncoder
from gmf.encoders.digest import is_complete, read_digest
from gmf.encoders.install import encoders_root, expand_names, install_encoder
from gmf.reading.readers import read_split

encoders_app = typer.Typer(no_args_is_help=True, help="Packaged encoders: list and install.")


@encoders_app.command("list")
def list_encoders(
    families: Annotated[
        bool,
        typer.Option(
            "--families",
            help="Also list the types of folders and hub ids that can be used; takes seconds.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List packaged encoders and proposers, the named pairs, and what is installed."""
    packaged = [_describe(entry) for entry in CATALOGUE.values()]
    text_families = _text_families() if families else []
    image_families = _image_families() if families else []
    if families:
        _tell_broken_families()
    if as_json:
        pairs = {name: {"text": text, "image": image} for name, (text, image) in PAIRS.items()}
        listed: dict[str, Any] = {"encoders": packaged, "pairs": pairs}
        if families:
            listed |= {"text_families": text_families, "image_families": image_families}
        write(json.dumps(listed, indent=2))
        return
    table = Table(Column("name", no_wrap=True), "role", "MB", "installed", "what it is", "licence")
    for row in packaged:
        state = str(row["digest"])[:12] if row["installed"] else "no"
        columns = (row["name"], row["role"], row["megabytes"], state, row["summary"])
        table.add_row(*(str(value) for value in columns), str(row["licence"]))
    tables.print(table)
    for name, (text, image) in PAIRS.items():
        tables.print(f"pair {name}: {text} + {image}")
    if families:
        tables.print(_table_of_families(text_families, image_families))


def _table_of_families(texts: list[dict[str, Any]], images: list[dict[str, Any]]) -> Table:
    table = Table(Column("type", no_wrap=True), "role", "visual clues or strides", "from")
    for row in texts:
        clues = "takes visual clues" if row["clues"] else "no visual clues"
        table.add_row(row["name"], "text", clues, row["source"])
    table.add_row("any other bidirectional one", "text", "no visual clues", "transformers")
    for row in images:
        strides = f"strides {', '.join(map(str, row['strides']))}"
        table.add_row(row["name"], "image", strides, row["source"])
    return table


def _describe(entry: PackagedEncoder) -> dict[str, Any]:
    folder = encoders_root() / entry.name
    installed = is_complete(folder)
    return {
        "name": entry.name,
        "role": entry.role,
        "summary": entry.summary,
        "megabytes": round(entry.size / 1e6, 1),
        "licence": entry.licence,
        "packages": [f"{package.name}=={package.version}" for package in entry.packages],
        "installed": installed,
        "digest": read_digest(folder) if installed else None,
    }


def _text_families() -> list[dict[str, Any]]:
    # Imported when asked for: torch takes seconds, and listing packages must be quick.
    from gmf.models.text_encoders import TEXT_FAMILIES

    return [
        {
            "name": name,
            "clues": family.takes_clues,
            "source": TEXT_FAMILIES.origin(name).source,
        }
        for name, family in TEXT_FAMILIES.usable().items()
    ]


def _tell_broken_families() -> None:
    from gmf.models.image_encoders import IMAGE_FAMILIES
    from gmf.models.text_encoders import TEXT_FAMILIES

    for registry in (TEXT_FAMILIES, IMAGE_FAMILIES):
        for fault in filter(None, map(registry.fault_of, registry)):
            say(f"cannot be used: {fault}")


def _image_families() -> list[dict[str, Any]]:
    """Return the families with the strides of each one's default configuration."""
    from gmf.models.image_encoders import IMAGE_FAMILIES, image_family

    families = {name: image_family(name) for name in IMAGE_FAMILIES.usable()}
    return [
        {
            "name": name,
            "strides": family.strides(cast(Any, family.model_class).config_class()),
            "source": IMAGE_FAMILIES.origin(name).source,
        }
        for name, family in families.items()
    ]


@encoders_app.command("install")
def install(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Encoders or pairs.")],
) -> None:
    """Download packaged encoders, check them by sha256 and convert them; skip what is there."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=messages,
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
        write(folder)


@encoders_app.command("scratch")
def scratch(
    folder: Annotated[Path, typer.Argument(help="Where to; must not be there.")],
    data: Annotated[Path, typer.Option(help="Data folder; its train split is read.")],
    layers: Annotated[int, typer.Option(min=1)] = 4,
    hidden_dim: Annotated[int, typer.Option(min=1, help="Width.")] = 256,
    heads: Annotated[int, typer.Option(min=1, help="Attention heads.")] = 4,
    vocabulary: Annotated[int, typer.Option(min=6, help="Most subwords.")] = 8000,
    max_subwords: Annotated[int, typer.Option(min=4, help="Longest post.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights.")] = 1,
) -> None:
    """Make a text encoder with random weights and a vocabulary of the training posts.

    For languages that no encoder at hand knows; nothing is pretrained.

    Examples:
      gmf encoders scratch encoders/own --data data
      gmf train twitter2017 data.folder=data encoders.text=encoders/own encoders.image=NAME
    """
    # Here, not above: torch takes seconds.
    from gmf.encoders.scratch import ScratchConfig, write_scratch_encoder

    config = parse_config(
        ScratchConfig,
        {
            "layers": layers,
            "hidden_dim": hidden_dim,
            "heads": heads,
            "vocabulary": vocabulary,
            "max_subwords": max_subwords,
            "seed": seed,
        },
        source="options",
    )
    posts = [sample.tokens for sample in read_split(data, "train")]
    number = write_scratch_encoder(folder, posts, config=config)
    messages.print(f"{number} subwords, {layers} layers of {hidden_dim}, random weights")
    write(str(folder))
