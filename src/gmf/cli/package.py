"""``gmf package``: a trained model as a wheel."""

from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.hub import Data, Split, check_split, scores_of
from gmf.cli.output import Device, say, write
from gmf.core.config import parse_config
from gmf.core.installed import installed_model
from gmf.prediction.publishing.hub import model_folder
from gmf.prediction.publishing.package import PackageOptions, build_wheel, write_project
from gmf.prediction.publishing.scores import PublishedScore


def package(
    run: Annotated[
        str, typer.Argument(help="Run folder, checkpoint folder, exported folder or hub id.")
    ],
    name: Annotated[str, typer.Option(help="What gmf.load will take; the package is gmf-NAME.")],
    version: Annotated[str, typer.Option(help="Version of the package.")] = "1.0",
    out: Annotated[Path, typer.Option(help="Folder of the wheel.")] = Path(),
    int8: Annotated[
        bool, typer.Option("--int8", help="Matrix products in eight bits: smaller and faster.")
    ] = False,
    split: Split = None,
    data: Data = None,
    license: Annotated[
        str | None,
        typer.Option(help="Licence of the weights, an SPDX expression: MIT, CC-BY-4.0."),
    ] = None,
    license_file: Annotated[
        Path | None, typer.Option(help="Text that goes along: licence, whom it wants named.")
    ] = None,
    device: Device = "auto",
    project: Annotated[
        Path | None, typer.Option(help="Write the folder that builds the wheel, not the wheel.")
    ] = None,
) -> None:
    """Build a wheel of a model: `pip install` it, and `gmf.load("NAME")` takes it."""
    given = {"name": name, "version": version, "license": license, "license_file": license_file}
    options = parse_config(PackageOptions, given, source="options")
    check_split(split)
    if (installed := installed_model(run)) is not None:
        options = options.of_installed(installed)

    def measure(exported: Path, own: Path | None) -> list[PublishedScore]:
        return scores_of(exported, split, data or own, device=device)

    folder = model_folder(run)
    say(f"packing {run}; an export takes about a minute")
    if project is not None:
        written = write_project(folder, project, options=options, int8=int8, measure=measure)
        write(str(written))
        return
    wheel = build_wheel(folder, out, options=options, int8=int8, measure=measure)
    size = wheel.stat().st_size / 1e6
    say(f"{size:.1f} MB; pip install {wheel}, then gmf predict {name} --text TEXT")
    write(str(wheel))
