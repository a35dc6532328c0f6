"""Files that commands write beside what they print: never over what they read."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from gmf.cli.output import say, warn_of
from gmf.core.errors import ConfigError, GmfError
from gmf.core.files import write_text

_PAGE = b"<!doctype html"


def check_outputs(
    *, page: Path | None, predictions: Iterable[Path] = (), inputs: Iterable[Path] = ()
) -> None:
    """Check, before any work, that files can be written and nothing is lost by it.

    Args:
        page: A page to write; another page may be there.
        predictions: Other files to write; what is there is replaced unless it is an input.
        inputs: Files and folders that the command reads.

    Raises:
        ConfigError: If the folder of one is absent, or one is a folder, an input, lies in an input,
            or would replace what is no page.
    """
    read = {path.resolve() for path in inputs}
    for option, path in (("--html", page), *(("--predictions", path) for path in predictions)):
        if path is None:
            continue
        if not path.parent.is_dir():
            raise ConfigError(f"{option} {path}: no such folder as {path.parent}; make it first")
        if path.is_dir():
            raise ConfigError(f"{option} {path}: is a folder; name a file")
        if path.exists() and read & {path.resolve(), *path.resolve().parents}:
            raise ConfigError(f"{option} {path}: is read by this command; choose another file")
    if page is not None and page.exists() and not _is_page(page):
        raise ConfigError(f"--html {page}: is there and is no page; choose another file")


def write_page(path: Path | None, build: Callable[[], str]) -> None:
    """Write a page when a path is given.

    Raises:
        GmfError: If it cannot be written.
    """
    if path is None:
        return
    try:
        write_text(path, build())
    except OSError as error:
        raise GmfError(f"{path}: cannot be written ({error.strerror or error})") from error
    say(f"page written to {path}")


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PAGE)).lower() in (b"", _PAGE)


def tell_copies(files: Sequence[Path], digests: Sequence[str]) -> None:
    """Warn of each file that holds the same bytes as one before it in a list.

    Args:
        files: The files.
        digests: Of each.
    """
    first: dict[str, Path] = {}
    for path, digest in zip(files, digests, strict=True):
        other = first.setdefault(digest, path)
        if other is not path:
            warn_of(path, [f"the same bytes as {other}; both count, as two runs"])
