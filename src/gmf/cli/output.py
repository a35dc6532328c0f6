"""What all commands share: results to stdout, messages to stderr, exit codes."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

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

from gmf.data.image_report import ImageReport

#: Where to compute; ``gmf.core.device.torch_device`` refuses what is not there.
Device = Annotated[str, typer.Option(help="auto (a GPU when there is one), cpu, cuda, cuda:1, ...")]
#: Messages and progress.
messages = Console(stderr=True, soft_wrap=True)
#: Results.
results = Console(soft_wrap=True)


@contextmanager
def progress_bar() -> Generator[Progress]:
    """Show a progress bar on stderr; one line when stderr is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages, disable=not sys.stderr.isatty()) as progress:
        yield progress


def say(text: str) -> None:
    """Print a message to stderr as it is."""
    messages.print(text, markup=False, highlight=False)


def write(text: str) -> None:
    """Print a result to stdout as it is."""
    typer.echo(text)


def report_images(report: ImageReport) -> None:
    """Say on stderr what became of the images, when there were any."""
    if report.images:
        say(report.summary())
