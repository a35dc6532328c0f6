"""``gmf data``: look at a data set before a model does."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.checks.examine import examine_folder
from gmf.checks.findings import Finding
from gmf.checks.repair import repair_folder
from gmf.checks.statistics import SplitStatistics, folder_statistics
from gmf.checks.validation import validate_folder
from gmf.cli.convert import convert_command
from gmf.cli.diagnosis import print_diagnosis
from gmf.cli.output import results, say, tables, write_json
from gmf.core.errors import ConfigError, DataError
from gmf.core.tags import ordered_types
from gmf.reading.reader import ReadOptions

data_app = typer.Typer(help="Look at a data set, or convert it.", no_args_is_help=True)
data_app.command("convert")(convert_command)

Folder = Annotated[Path, typer.Argument(help="Folder with train, dev (or valid) and test files.")]
Images = Annotated[
    Path | None, typer.Option(help="Folder of the images; found by its usual names by default.")
]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of files that are not Unicode, e.g. cp1252.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@data_app.command()
def stats(
    folder: Folder, images: Images = None, encoding: Encoding = None, as_json: AsJson = False
) -> None:
    """Count samples, words and entities of each split (the paper's Table 1)."""
    counts = folder_statistics(folder, options=ReadOptions(encoding, images))
    if as_json:
        _print_json({split: _as_json(count) for split, count in counts.items()})
    else:
        tables.print(_table(folder, counts))


@data_app.command()
def validate(
    folder: Folder,
    split: Annotated[
        list[str] | None,
        typer.Option(help="A split to check alone, though nobody can train on it; repeatable."),
    ] = None,
    images: Images = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
) -> None:
    """Check that one can train on a data set; exit status 1 when something cannot be used."""
    options = ReadOptions(encoding, images)
    findings = validate_folder(folder, options=options, only=tuple(split or ()))
    if as_json:
        _print_json([_fault(finding) for finding in findings])
    else:
        for finding in findings:
            where = "" if finding.message.startswith(finding.file) else f"{finding.file}: "
            results.print(f"{finding.severity}: ", end="", style="red")
            results.print(where + finding.message)
    errors = sum(finding.severity == "error" for finding in findings)
    say(f"{errors} errors, {len(findings) - errors} warnings")
    if errors:
        raise typer.Exit(1)


@data_app.command()
def doctor(
    folder: Folder,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Another data set whose test part must not be trained on; repeatable."),
    ] = None,
    images: Images = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    repair: Annotated[
        Path | None,
        typer.Option(
            help="Write a copy with BIO2, alias types and line ends mended to this folder."
        ),
    ] = None,
) -> None:
    """Find every irregularity and name the copy.

    Exit status: 0 clean, 1 findings, 2 nothing could be examined.
    """
    try:
        options = ReadOptions(encoding, images)
        report = examine_folder(folder, against=tuple(against or ()), options=options)
        mended = repair_folder(folder, out=repair, options=options) if repair else {}
    except DataError as error:  # 1 would mean findings.
        raise ConfigError(str(error)) from error
    if as_json:
        _print_json(report.to_dict())
    else:
        print_diagnosis(report)
    for file, counts in mended.items():
        listed = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing"
        say(f"{repair}/{file}: mended {listed}")
    say(f"{len(report.findings)} findings")
    if not report.is_clean:
        raise typer.Exit(1)


def _table(folder: Path, counts: dict[str, SplitStatistics]) -> Table:
    table = Table(title=str(folder), caption="strict: B- tags open entities; lenient: stray I- too")
    for name in ("", *counts):
        table.add_column(name, justify="right" if name else "left")

    def row(label: str, values: list[int]) -> None:
        table.add_row(label, *(f"{value:,}" for value in values))

    splits = list(counts.values())
    row("posts", [s.tweets for s in splits])
    row("tokens", [s.tokens for s in splits])
    row("longest", [s.longest for s in splits])
    table.add_section()
    for rule in ("strict", "lenient"):
        by_type: list[dict[str, int]] = [getattr(s, rule) for s in splits]
        for entity_type in ordered_types({t for types in by_type for t in types}):
            row(f"{entity_type} ({rule})", [types.get(entity_type, 0) for types in by_type])
        row(f"total ({rule})", [sum(types.values()) for types in by_type])
        table.add_section()
    row("posts without entity", [s.without_entity for s in splits])
    if any(s.unlabelled for s in splits):
        row("unlabelled posts", [s.unlabelled for s in splits])
    row("images named", [s.images for s in splits])
    row("images present", [s.images_present for s in splits])
    row("object regions", [s.regions for s in splits])
    return table


def _fault(finding: Finding) -> dict[str, str]:
    names = {"kind": "kind", "severity": "severity", "place": "file", "message": "message"}
    return {key: getattr(finding, name) for key, name in names.items()}


def _as_json(count: SplitStatistics) -> dict[str, object]:
    return {
        **dataclasses.asdict(count),
        "total_strict": count.total_strict,
        "total_lenient": count.total_lenient,
    }


def _print_json(value: object) -> None:
    write_json(value, indent=2)
