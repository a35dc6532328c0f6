"""The options of ``gmf predict``, as the command line takes them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gmf.core.errors import ConfigError
from gmf.core.registry import Registry
from gmf.core.suffixes import names_by_suffix
from gmf.inference.long_posts import LongPosts
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.job import OnError
from gmf.jobs.outputs.open import output_formats
from gmf.reading.tables import Quoting


def _names(registry: Registry[Any]) -> str:
    """Return the names of parts for help, with a mark on those that cannot be used."""
    return ", ".join(
        f"{name} (broken, see gmf formats list)" if registry.fault_of(name) else name
        for name in registry
    )


Operands = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN INPUT",
        help="RUN: installed model, run folder, checkpoint folder or hub id; the installed starter "
        "model by default. INPUT: files, globs, folders of files or of texts and images, URLs of "
        "file systems, - for standard input: "
        f"{', '.join(names_by_suffix(input_formats))}; also .gz, .bz2, .xz, .zst.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        help="Where the results go, - for standard output; its ending chooses the format: "
        f"{', '.join(names_by_suffix(output_formats))}; .gz, .bz2, .xz or .zst behind it compress. "
        "`gmf formats list` says more."
    ),
]
OutputFormat = Annotated[str | None, typer.Option(help=f"One of {_names(output_formats)}.")]
InputFormat = Annotated[
    str | None, typer.Option(help=f"One of {_names(input_formats)}, or a reader.")
]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of a text input that is not Unicode, e.g. cp1252.")
]
Delimiter = Annotated[
    str | None, typer.Option(help="Separator of a table; found in its header by default.")
]
Quotes = Annotated[
    Quoting, typer.Option(help="Whether quotes enclose fields of a table, or are characters.")
]
TextColumn = Annotated[
    str, typer.Option(help="Column or key of the text; user.text is a nested one.")
]
ImageColumn = Annotated[
    list[str] | None,
    typer.Option(help="Column or key of images; may be given several times.  [image, images]"),
]
ContextColumn = Annotated[
    list[str] | None,
    typer.Option(
        help="Column or key of a context field of its name; may be given several times. Rows with "
        "a mapping 'context' need none."
    ),
]
IdColumn = Annotated[str, typer.Option(help="Column or key of the identifier.")]
KeepColumns = Annotated[
    str | None, typer.Option(help="Columns or keys that go to the output, separated by commas.")
]
ImageRoot = Annotated[
    Path | None, typer.Option(help="Folder of the images; that of the input by default.")
]
MinConfidence = Annotated[
    float, typer.Option(min=0, max=1, help="Least confidence of the entities that are kept.")
]
Types = Annotated[
    str | None, typer.Option(help="The only entity types that are kept, separated by commas.")
]
Long = Annotated[
    LongPosts,
    typer.Option(help="Posts longer than the model reads: in overlapping windows, cut, or fail."),
]
RowError = Annotated[
    OnError,
    typer.Option(help="A row that fails: listed in OUTPUT.errors.jsonl, only counted, or the end."),
]
MaxErrors = Annotated[
    int | None, typer.Option(min=0, help="Rows that may fail before the job ends; any by default.")
]

#: Parameters that say how inputs are read, divided and written.
_OF_INPUTS = (
    *("output_format", "input_format", "encoding", "delimiter", "quoting", "text_column"),
    *("image_column", "context_column", "id_column", "keep_columns", "image_root", "on_error"),
    *("max_errors", "engine", "workers", "overwrite"),
)


def refuse_idle_options(ctx: typer.Context) -> None:
    """Refuse options that would change nothing.

    Raises:
        ConfigError: If options of inputs stand beside one post, or workers without Ray.
    """
    given = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name in _OF_INPUTS
        and (source := ctx.get_parameter_source(parameter.name)) is not None
        and source.name in ("COMMANDLINE", "ENVIRONMENT")
    ]
    if given and ctx.params["text"] is not None and ctx.params["output"] is None:
        raise ConfigError(f"{' and '.join(given)}: not for --text; leave it out")
    if ctx.params["workers"] is not None and ctx.params["engine"] != "ray":
        raise ConfigError("--workers: of --engine ray alone; leave it out")
