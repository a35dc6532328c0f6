"""``gmf predict``: entities of a post and its images, or of a whole file of posts."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.cli.output import Device, progress_bar, report_images, results, say, write
from gmf.core.config import parse_config
from gmf.core.errors import ConfigError
from gmf.core.registry import names_by_suffix
from gmf.data.tables import Quoting
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.job import JobOptions
from gmf.jobs.job_report import JobReport, error_file
from gmf.jobs.outputs.open import output_formats
from gmf.prediction.pipeline import load


def predict(
    run: Annotated[str, typer.Argument(help="Run folder, checkpoint folder or hub id.")],
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]",
            help="JSONL, CSV, TSV, Parquet or CoNLL file, or a folder of texts and images.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where the results go; its ending chooses the format: "
            f"{', '.join(names_by_suffix(output_formats))}. `gmf formats list` says more."
        ),
    ] = None,
    output_format: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(output_formats)}.")
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(input_formats)}, or a reader.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a text input that is not Unicode, e.g. cp1252.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Separator of a table; found in its header by default.")
    ] = None,
    quoting: Annotated[
        Quoting, typer.Option(help="Whether quotes enclose fields of a table, or are characters.")
    ] = "auto",
    text_column: Annotated[str, typer.Option(help="Column or key of the text.")] = "text",
    image_column: Annotated[
        list[str] | None,
        typer.Option(help="Column or key of images; may be given several times.  [image, images]"),
    ] = None,
    id_column: Annotated[str, typer.Option(help="Column or key of the identifier.")] = "id",
    image_root: Annotated[
        Path | None, typer.Option(help="Folder of the images; that of the input by default.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray for several machines.")] = "local",
    workers: Annotated[int | None, typer.Option(help="Processes of --engine ray.")] = None,
    batch_size: Annotated[int, typer.Option(help="Posts of one pass.")] = 32,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Forget an output or a stopped job that is there.")
    ] = False,
    text: Annotated[str | None, typer.Option(help="One post instead of an input.")] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="An image of that post; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find entities in one post, or in every row of an input; a killed job goes on where it was."""
    if text is not None and source is None and output is None:
        _one(run, text, image or [], device=device, as_json=as_json)
        return
    if source is None or output is None or text is not None or image:
        raise ConfigError("expected INPUT and --output, or --text with perhaps --image")
    options = {
        "input": {
            "format": input_format,
            "encoding": encoding,
            "delimiter": delimiter,
            "quoting": quoting,
            "text": text_column,
            "images": image_column,
            "id": id_column,
            "image_root": None if image_root is None else image_root.absolute(),
        },
        "output_format": output_format,
        "batch_size": batch_size,
        "device": device,
        "engine": engine,
        "workers": workers,
    }
    with progress_bar() as bar:
        task = bar.add_task("predicting", total=None)
        report = predict_files(
            run,
            source,
            output,
            options=parse_config(JobOptions, options, source="options"),
            overwrite=overwrite,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    _tell(report, as_json=as_json)


def _tell(report: JobReport, *, as_json: bool) -> None:
    report_images(report.images)
    if report.resumed_rows:
        say(f"{report.resumed_rows} of {report.rows} rows were done before")
    if report.noted:
        say(f"{report.noted} documents have notes on what the model did not see")
    if report.errors:
        say(f"{report.errors} of {report.rows} rows are error rows: {error_file(report.output)}")
    if as_json:
        names = ("rows", "documents", "noted", "errors", "resumed_rows")
        counts = {name: getattr(report, name) for name in names}
        write(json.dumps({"output": str(report.output), **counts}))
    else:
        write(f"{report.output}: {report.documents} documents of {report.rows} rows")


def _one(run: str, text: str, images: list[Path], *, device: str, as_json: bool) -> None:
    pipeline = load(run, device=device)
    document = pipeline(text, image=images)
    report_images(pipeline.report)
    for note in document.notes:
        say(f"note: {note}")
    if as_json:
        write(json.dumps(document.to_dict(), ensure_ascii=False))
        return
    table = Table("entity", "type", "characters", "confidence")
    for entity in document.entities:
        span = f"{entity.char_start}-{entity.char_end}"
        table.add_row(entity.text, entity.type, span, f"{entity.confidence:.3f}")
    results.print(table if document.entities else "no entities")
