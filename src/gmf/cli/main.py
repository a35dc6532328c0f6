"""The ``gmf`` command: commands by name; exit 0 done, 1 failed, 2 bad usage or config."""

import os
import sys
import time

import typer

from gmf.cli.commands import CodeFiles, CommandTable
from gmf.cli.output import escape_what_consoles_lack, say, write
from gmf.core.errors import ConfigError, GmfError, PeerError
from gmf.core.memory import freed_memory_kept
from gmf.core.version import __version__

#: How long a process that stops for another's error lets that one tell it.
SECONDS_TO_TELL = 5

app = typer.Typer(
    cls=CommandTable,
    help="Multimodal named entity recognition: text and images together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def root(
    show_version: bool = typer.Option(
        False, "--version", metavar="", help="Print the version and stop."
    ),
    code: CodeFiles = None,  # noqa: ARG001 (loaded by the option itself)
) -> None:
    """Multimodal named entity recognition: text and images together."""
    if show_version:
        write(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    escape_what_consoles_lack()
    try:
        with freed_memory_kept():
            app()
    except ConfigError as error:
        _fail(error, 2)
    except PeerError:
        # A launcher ends all processes when one ends; first the other one is to tell why.
        time.sleep(SECONDS_TO_TELL)
        sys.exit(1)
    except GmfError as error:
        _fail(error, 1)
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "gmf":
            raise
        name = error.name.partition(".")[0]
        _fail(GmfError(f"{name} is not installed and is needed here: pip install {name}"), 1)
    except OSError as error:
        reason = error.strerror or str(error)
        _fail(GmfError(f"{error.filename or 'a file'}: cannot be read or written ({reason})"), 1)


def _fail(error: GmfError, code: int) -> None:
    say(f"error: {error}")
    sys.exit(code)
