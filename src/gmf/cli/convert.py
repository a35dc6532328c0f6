"""``gmf data convert``: documents of one format into another."""

from pathlib import Path
from typing import Annotated, cast

import typer

from gmf.cli.output import PARTS_FAILED, say, write, write_json
from gmf.exchange.convert import convert
from gmf.exchange.formats import readable, writable
from gmf.exchange.image_files import ImageFiles
from gmf.exchange.offsets import UNITS, Unit
from gmf.exchange.report import ConversionReport
from gmf.exchange.schemes import SCHEMES

#: Documents that were left out and are shown one by one; all of them are in ``--json``.
_SHOWN = 20


def convert_command(
    source: Annotated[Path, typer.Argument(help="File, or folder of files.")],
    target: Annotated[Path, typer.Argument(help="File or folder to write.")],
    from_format: Annotated[
        str | None,
        typer.Option("--from", help=f"Format of SOURCE, else found by its content: {readable()}."),
    ] = None,
    to_format: Annotated[
        str | None,
        typer.Option("--to", help=f"Format of TARGET, else by its ending: {writable()}."),
    ] = None,
    offsets: Annotated[
        str | None,
        typer.Option(
            help=f"What the offsets of SOURCE count: {', '.join(UNITS)}; what its tool writes by "
            "default."
        ),
    ] = None,
    scheme: Annotated[
        str, typer.Option(help=f"Tag scheme of a TARGET with tags: {', '.join(SCHEMES)}.")
    ] = "IOB2",
    annotator: Annotated[
        str | None,
        typer.Option(
            help="Whose annotation is taken where a text has several (Label Studio, Prodigy, "
            "INCEpTION); by default the ground truth, the curated or the first one. The others "
            "are counted."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a SOURCE that is not Unicode, e.g. cp1252.")
    ] = None,
    image_files: Annotated[
        str,
        typer.Option(
            help="What becomes of the images: link (to where the paths of TARGET lead; a copy "
            "where no link can be), copy or keep (left where they are)."
        ),
    ] = "link",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a TARGET that is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Convert annotations between formats of tools and libraries.

    Examples:
      gmf data convert project.json data/train.jsonl --from label-studio
      gmf data convert data/train.txt train.jsonl --to doccano

    Exit status: 0 all annotation of SOURCE is in TARGET, 3 some is not,
    1 and 2 nothing is written.
    """
    report = convert(
        source,
        target,
        from_format=from_format,
        to_format=to_format,
        offsets=cast(Unit | None, offsets),
        scheme=scheme,
        annotator=annotator,
        encoding=encoding,
        image_files=cast(ImageFiles, image_files),
        overwrite=overwrite,
    )
    _tell(report)
    if as_json:
        write_json({"output": str(target), **report.as_dict()})
    else:
        write(f"{target}: {report.written} documents of {report.read} in {source}")
    if not report.is_complete:
        raise typer.Exit(PARTS_FAILED)


def _tell(report: ConversionReport) -> None:
    for fault in report.faults[:_SHOWN]:
        say(f"left out: {fault}")
    if len(report.faults) > _SHOWN:
        say(f"left out: {len(report.faults) - _SHOWN} more, see --json")
    for word, counts in (("lost", report.lost), ("note", report.notes)):
        for kind, count in counts.items():
            say(f"{word}: {kind}: {count}, first in {report.examples[kind]}")
