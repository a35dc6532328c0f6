"""What all commands share: results to stdout, messages to stderr, in any encoding of a console."""

import codecs
import io
import json
import os
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gmf.core.shown import without_controls
from gmf.data.image_report import ImageReport

#: Exit status of a command that did all it could, of which parts failed and were told.
PARTS_FAILED = 3
#: Where to compute; ``gmf.core.device.torch_device`` refuses what is not there.
Device = Annotated[str, typer.Option(help="auto (a GPU when there is one), cpu, cuda, cuda:1, ...")]
#: What to compute in; ``gmf.core.device.check_precision`` refuses what is none.
Precision = Annotated[
    str, typer.Option(help="fp32, bf16, or auto: bf16 where the hardware multiplies it.")
]
#: How far images may move the tags, see ``gmf.inference.image_trust``.
ImageTrust = Annotated[
    float,
    typer.Option(min=0, max=1, help="How far images move the tags: 0 not at all, 1 as trained."),
]
#: What is printed holds names of files, types and words of users: none of it is markup.
_AS_IT_IS: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}


class _Terminal(Console):
    """Shows what controls a terminal, wherever text stands: alone or in the cell of a table."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text to print."""
        return super().render_str(without_controls(text), **options)


#: Messages and progress.
messages = _Terminal(stderr=True, soft_wrap=True, **_AS_IT_IS)
#: Results, each line as long as it is.
results = _Terminal(soft_wrap=True, **_AS_IT_IS)
#: Tables that fold long words to the width of the terminal.
tables = _Terminal(**_AS_IT_IS)
_ESCAPED = "gmf.escaped"


def escape_what_consoles_lack() -> None:
    r"""Let stdout and stderr write ``\u0141`` for a character that their encoding lacks.

    That is readable in words and means the same character inside JSON. A stream that is closed is
    written to nowhere.
    """
    nowhere = Path(os.devnull)
    sys.stdout, sys.stderr = (s or nowhere.open("w") for s in (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPED)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error(_ESCAPED, _escape)


@contextmanager
def progress_bar() -> Generator[Progress]:
    """Show a progress bar on stderr; one line when stderr is no terminal."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages, disable=not sys.stderr.isatty()) as progress:
        yield progress


def say(text: str) -> None:
    """Print a message to stderr as it is, but for characters that control a terminal."""
    messages.print(text)


def write(text: str) -> None:
    """Print a result to stdout as it is, but for what would control a terminal that it is."""
    sys.stdout.write(f"{without_controls(text) if sys.stdout.isatty() else text}\n")
    sys.stdout.flush()


def write_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON to stdout; see ``json_for``."""
    write(json_for(sys.stdout, json.dumps(value, ensure_ascii=False, indent=indent)))


def json_for(stream: TextIO, content: str) -> str:
    r"""Return JSON as it is for a stream of UTF-8, and with ``\u0141`` for letters elsewhere.

    JSON is UTF-8 for whoever reads it, whatever the encoding of a console.
    """
    if codecs.lookup(stream.encoding or "utf-8").name == "utf-8":
        return content
    return content.encode("ascii", errors=_ESCAPED).decode("ascii")


def warn_of(path: Path, warnings: Iterable[str]) -> None:
    """Say on stderr what is to be known of a file or a run."""
    for warning in warnings:
        say(f"warning: {path}: {warning}")


def report_images(report: ImageReport) -> None:
    """Say on stderr what became of the images, when there were any."""
    if report.images:
        say(report.summary())
