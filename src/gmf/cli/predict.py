"""``gmf predict``: entities of a post and its images, or of all posts of files."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from gmf.cli.output import (
    PARTS_FAILED,
    Device,
    ImageTrust,
    Precision,
    json_for,
    report_images,
    say,
    tables,
    write,
    write_json,
)
from gmf.cli.predict_options import (
    ContextColumn,
    Delimiter,
    Encoding,
    IdColumn,
    ImageColumn,
    ImageRoot,
    InputFormat,
    KeepColumns,
    Long,
    MaxErrors,
    MinConfidence,
    Operands,
    Output,
    OutputFormat,
    Quotes,
    RowError,
    TextColumn,
    Types,
    refuse_idle_options,
)
from gmf.cli.progress import ProgressLines, job_progress
from gmf.core.config import parse_config
from gmf.core.device import check_precision
from gmf.core.errors import ConfigError
from gmf.inference.loop import WINDOW
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.names import STANDARD
from gmf.jobs.inputs.open import name_of_format
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.job import JobOptions
from gmf.jobs.job_outputs import error_file
from gmf.jobs.job_report import JobReport
from gmf.prediction.publishing.hub import is_model


def predict(
    ctx: typer.Context,
    operands: Operands = None,
    text: Annotated[str | None, typer.Option(help="One post instead of an input.")] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="An image of that post; may be given several times.")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(help="A context field of that post, as caption=TEXT; several times."),
    ] = None,
    output: Output = None,
    output_format: OutputFormat = None,
    input_format: InputFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    quoting: Quotes = "auto",
    text_column: TextColumn = "text",
    image_column: ImageColumn = None,
    context_column: ContextColumn = None,
    id_column: IdColumn = "id",
    keep_columns: KeepColumns = None,
    image_root: ImageRoot = None,
    min_confidence: MinConfidence = 0.0,
    types: Types = None,
    long: Long = "split",
    on_error: RowError = "row",
    max_errors: MaxErrors = None,
    engine: Annotated[str, typer.Option(help="local, or ray for several machines.")] = "local",
    workers: Annotated[int | None, typer.Option(help="Processes of --engine ray.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Posts of one pass.")] = 32,
    device: Device = "auto",
    precision: Precision = "fp32",
    image_trust: ImageTrust = 1,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output or a stopped job that is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find entities in one post, or in every row of inputs; a killed job goes on where it was.

    Examples:
      gmf predict runs/RUN --text "Rocky is ready" --image rocky.png
      gmf predict runs/RUN posts.jsonl --output found.jsonl
      gmf predict runs/RUN 'shards/*.csv.gz' --output found.parquet
      cat posts.jsonl | gmf predict runs/RUN - --output - | head

    Exit status: 0 every row is a document; 3 all is done, but rows failed;
    1 a model or input cannot be read, or it ended before; 2 the command is wrong.
    """
    common: dict[str, Any] = {
        "batch_size": batch_size,
        "min_confidence": min_confidence,
        "types": _listed("--types", types) or None,
        "long": long,
        "device": device,
        "precision": check_precision(precision),
        "image_trust": image_trust,
    }
    refuse_idle_options(ctx)
    run, sources = _run_and_sources(operands or [], has_text=text is not None)
    if text is not None and not sources and output is None:
        _one(run, _post(text, image, context), JobOptions(**common), as_json=as_json)
        return
    if not sources or output is None or text is not None or image or context:
        raise ConfigError("expected INPUT and --output, or --text, --image and --context")
    reading = {
        "format": input_format,
        "encoding": encoding,
        "delimiter": delimiter,
        "quoting": quoting,
        "text": text_column,
        "images": image_column,
        "context": tuple(context_column or ()),
        "id": id_column,
        "keep": _listed("--keep-columns", keep_columns),
        "image_root": None if image_root is None else image_root.absolute(),
    }
    options = common | {
        "input": reading,
        "output_format": output_format,
        "on_error": on_error,
        "max_errors": max_errors,
        "engine": engine,
        "workers": workers,
    }
    checked = parse_config(JobOptions, options, source="options")
    if _errors_of(run, sources, output, checked, overwrite=overwrite, as_json=as_json):
        raise typer.Exit(PARTS_FAILED)


def _run_and_sources(operands: list[str], *, has_text: bool) -> tuple[str | None, list[str]]:
    """Return the model, ``None`` for the starter, and the inputs.

    The first operand is the model unless it can only be an input.
    """
    if not operands:
        return None, []
    first = operands[0]
    if not has_text and not is_model(first) and _is_input(first, alone=len(operands) == 1):
        return None, operands
    return first, operands[1:]


def _is_input(name: str, *, alone: bool) -> bool:
    """Say whether what is no model here can be an input; a folder only where none else is."""
    path = Path(name)
    if path.is_dir():
        return alone
    if path.exists() or name == STANDARD or "://" in name or any(sign in name for sign in "*?["):
        return True
    try:
        name_of_format(path, InputOptions())
    except ConfigError:
        return False
    return True


def _listed(option: str, names: str | None) -> tuple[str, ...]:
    listed = tuple(name.strip() for name in (names or "").split(",") if name.strip())
    if names is not None and not listed:
        raise ConfigError(f"{option} {names!r}: names nothing; name one or more, or leave it out")
    return listed


def _errors_of(
    run: str | None,
    sources: list[str],
    output: str,
    options: JobOptions,
    *,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Predict to where the output is named; return how many rows failed."""
    if output == STANDARD:
        return _to_standard_output(run, sources, options).errors
    report = _to_file(run, sources, output, options, overwrite=overwrite)
    _write_counts(report, as_json=as_json)
    return report.errors


def _to_file(
    run: str | None, sources: list[str], output: str, options: JobOptions, *, overwrite: bool
) -> JobReport:
    with job_progress("predicting", unit="rows") as on_progress:
        report = predict_files(
            run, sources, output, options=options, overwrite=overwrite, on_progress=on_progress
        )
    _tell(report, options, listed=f": {error_file(report.output)}")
    return report


def _to_standard_output(run: str | None, sources: list[str], options: JobOptions) -> JobReport:
    """Print documents while the job works; error rows go to standard error, at its end."""
    printed = {
        "output_format": options.output_format or "jsonl",
        "shard_rows": WINDOW * options.batch_size,  # As many as the model reads ahead.
    }
    with TemporaryDirectory() as folder:
        report = predict_files(
            run,
            sources,
            Path(folder) / "output",
            options=options.model_copy(update=printed),
            on_progress=ProgressLines("predicting", "rows"),
            stream=sys.stdout.buffer,
        )
        if error_file(report.output).exists():
            rows = error_file(report.output).read_text(encoding="utf-8")
            sys.stderr.write(json_for(sys.stderr, rows))
    _tell(report, options, listed="")
    return report


def _tell(report: JobReport, options: JobOptions, *, listed: str) -> None:
    report_images(report.images)
    for file in report.files:
        if "note" in file:
            say(f"{file['name']}: {file['note']}")
    if report.resumed_rows:
        say(f"{report.resumed_rows} of {report.rows} rows were done before")
    if report.noted:
        say(f"{report.noted} documents have notes on what the model did not see, or how it read")
    if report.windowed:
        say(f"{report.windowed} documents are longer than the model reads: read in windows")
    if report.errors:
        where = listed if options.on_error == "row" else " and left out"
        first = f"; the first is {report.first_error}" if listed and report.first_error else ""
        say(f"{report.errors} of {report.rows} rows are error rows{where}{first}")


def _write_counts(report: JobReport, *, as_json: bool) -> None:
    if as_json:
        names = ("rows", "documents", "noted", "windowed", "errors", "resumed_rows")
        counts = {name: getattr(report, name) for name in names}
        write(json.dumps({"output": str(report.output), **counts}))
    else:
        write(f"{report.output}: {report.documents} documents of {report.rows} rows")


def _post(text: str, images: list[str] | None, context: list[str] | None) -> dict[str, Any]:
    for pair in context or []:
        if "=" not in pair:
            raise ConfigError(f"--context {pair!r}: expected FIELD=TEXT, such as caption='a dog'")
    pairs = [pair.split("=", 1) for pair in context or []]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ConfigError("--context: names a field twice; give each its whole text once")
    return {"text": text, "images": images or [], "context": fields}


def _one(run: str | None, post: dict[str, Any], options: JobOptions, *, as_json: bool) -> None:
    pipeline = options.load(run)
    document = pipeline(post, **options.predicting)
    report_images(pipeline.report)
    for note in document.notes:
        say(f"note: {note}")
    if as_json:
        write_json(document.to_dict())
        return
    names = ("entity", "type", "characters", "confidence")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for entity in document.entities:
        span = f"{entity.char_start}-{entity.char_end}"
        table.add_row(entity.text, entity.type, span, f"{entity.confidence:.3f}")
    tables.print(table if document.entities else "no entities")
