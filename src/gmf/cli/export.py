"""``gmf export``: a trained model for other runtimes."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gmf.cli.output import results, say, write
from gmf.core.config import near_hint
from gmf.core.errors import ConfigError
from gmf.core.extras import require_extra
from gmf.prediction.publishing.hub import model_folder

#: What can be written.
FORMATS = ("onnx",)


def export(
    run: Annotated[str, typer.Argument(help="Run folder, checkpoint folder or hub id.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    format: Annotated[str, typer.Option(help=f"What to write: {', '.join(FORMATS)}.")] = "onnx",
    int8: Annotated[
        bool, typer.Option("--int8", help="Matrix products in eight bits: smaller and faster.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Export a model; `gmf.load` and `gmf predict` take the folder, and need no torch for it."""
    if format not in FORMATS:
        expected = f"expected {' or '.join(FORMATS)}{near_hint(format, FORMATS)}"
        raise ConfigError(f"--format {format!r}: {expected}")
    require_extra("onnx", "onnxruntime", "onnxscript", extra="onnx", purpose="gmf export")
    # Here, not above: help needs no torch, and the extra may be absent.
    from gmf.models.checkpoint import load_tagger
    from gmf.prediction.onnx.export import export_onnx

    say(f"exporting {run}; this takes about a minute")
    report = export_onnx(load_tagger(model_folder(run)), out, int8=int8)
    say(
        f"compared with the checkpoint: largest difference of an emission "
        f"{report.max_difference:.2g}, {100 * report.same_tags:.1f} % of tags alike"
    )
    if as_json:
        write(
            json.dumps(
                {
                    "folder": str(report.folder),
                    "sizes": report.sizes,
                    "max_difference": report.max_difference,
                    "same_tags": report.same_tags,
                }
            )
        )
        return
    table = Table("file", "MB", title=str(report.folder))
    for name, size in report.sizes.items():
        table.add_row(name, f"{size / 1e6:.2f}")
    table.add_row("total", f"{sum(report.sizes.values()) / 1e6:.2f}")
    results.print(table)
