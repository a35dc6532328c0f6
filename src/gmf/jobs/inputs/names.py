"""What a user names as input, to files: globs, folders of files, URLs, pipes."""

import os
import re
import shutil
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import replacing
from gmf.core.unicode import is_unicode
from gmf.jobs.inputs.open import input_formats, name_of_format
from gmf.jobs.inputs.rows import InputOptions, no_inputs
from gmf.jobs.remote import is_remote, path_of
from gmf.reading.compression import open_bytes
from gmf.reading.context_file import CONTEXT_FILE
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.regions_file import REGIONS_FILE
from gmf.reading.text_files import open_text

#: Name of standard input, and of standard output.
STANDARD = "-"
_PIPE = "pipe"
#: First bytes that tell what comes out of a pipe.
_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"{": "jsonl", b"[": "json"}

#: Texts about a folder, which are no posts of it.
_ABOUT = re.compile(r"(readme|licen[cs]e|notice|changelog|requirements)\b", re.IGNORECASE)


@dataclass(frozen=True)
class InputFile:
    """A file, or a folder of texts and images, that rows are read from.

    Args:
        name: As messages show it; that of a pipe is the same each time.
        path: Where it lies; a pipe's content after it was kept.
        format: Name of its format.
        is_pipe: Whether it can be read once only.
        note: What is told of the folder that it was found in.
    """

    name: str
    path: Path
    format: str
    is_pipe: bool = False
    note: str = ""


def input_files(
    names: Sequence[str | Path], *, options: InputOptions, spool: Path | None = None
) -> list[InputFile]:
    """Return the files that are named, in the order of the names, those of a folder sorted.

    A folder of files of any format that has an ending is these files; any other is texts and
    images. One of both is refused unless the format is stated: the same post may be in both. What
    comes out of a pipe is kept in a folder first.

    Args:
        names: Paths, globs, URLs of file systems that fsspec knows, or ``-``.
        options: How posts are found; gives the format of files without an ending.
        spool: Folder for what comes out of pipes, made when it is needed; none without pipes.

    Raises:
        ConfigError: If a file is named twice, or its format is unknown.
        DataError: If there is none of a name, or a folder holds posts of both kinds.
    """
    files: list[InputFile] = []
    for name in names:
        if spool is not None and is_pipe(name):
            files.append(_kept_pipe(str(name), options, spool / f"{len(files)}"))
        else:
            files += _files_of(path_of(str(name)), options)
    real: dict[str, str] = {}
    for file in files:
        path = str(file.path)
        if not is_unicode(path):
            raise DataError("its name is no UTF-8; rename it", path=ascii(path))
        first = real.setdefault(path if is_remote(file.path) else os.path.realpath(path), path)
        if first is not path:
            same = "" if first == path else f", as {first} too"
            raise ConfigError(f"{path}: is named twice{same}; name each input once")
    return files


def is_pipe(name: str | Path) -> bool:
    """Return whether a name is that of standard input, or of what can be read once only."""
    if str(name) == STANDARD:
        return True
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 -- a URL is no path
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _kept_pipe(name: str, options: InputOptions, path: Path) -> InputFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = 0 if name == STANDARD else name
    try:
        with (
            open(source, "rb", closefd=name != STANDARD) as pipe,
            replacing(path) as half,
            half.open("wb") as file,
        ):
            shutil.copyfileobj(pipe, file, 2**20)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", path=name) from error
    known = "stdin" if name == STANDARD else _PIPE
    note = "" if path.stat().st_size else "nothing came out of it"
    with naming(known, path):
        return InputFile(known, path, _format_of_pipe(path, options), is_pipe=True, note=note)


@contextmanager
def naming(name: str, path: Path) -> Generator[None]:
    """Name an input in errors by its name, not by where the content of a pipe is kept."""
    try:
        yield
    except (ConfigError, DataError) as error:
        if name == str(path):
            raise
        raise type(error)(str(error).replace(str(path), name)) from error


def _format_of_pipe(path: Path, options: InputOptions) -> str:
    if options.format is not None:
        return options.format
    with open_bytes(path) as file:
        head = file.read(64)
    if not head.startswith((b"PAR1", b"ARROW1")):
        with open_text(path, encoding=options.encoding) as file:
            head = file.read(64).lstrip()
    name = next((format for magic, format in _MAGIC.items() if head.startswith(magic)), None)
    if name is None and not head:  # No rows, in whatever format.
        return "jsonl"
    if name is None:
        raise ConfigError(
            f"a pipe has no name that ends with its format: add --input-format, one of "
            f"{', '.join(_file_formats())}"
        )
    return name


def _files_of(path: Path, options: InputOptions) -> list[InputFile]:
    if not path.exists() and has_magic(str(path)):
        return [file for p in _matches(path) for file in _files_of(p, options)]
    if path.is_dir() and options.format in (None, *_file_formats()):
        files = list(_visible(path))
        shards = [p for p in files if _is_shard(p, options) and not _lies_beside(p)]
        texts = [p for p in files if _is_text(p) and not _ABOUT.match(p.name)]
        if texts:  # What is told of texts in a .json is no input beside them.
            shards = [p for p in shards if options.format or not p.name.lower().endswith(".json")]
        if shards and texts and options.format is None:
            name = name_of_format(shards[0], options)
            raise DataError(
                f"it holds posts of two kinds, files such as {shards[0].name} and texts such as "
                f"{texts[0].name}: read one with --input-format {name}, the other with "
                "--input-format folder, or move one elsewhere",
                path=path,
            )
        if shards:
            read = set(map(str, shards))
            note = no_inputs([p.name for p in files if str(p) not in read and not _lies_beside(p)])
            note = "; ".join(filter(None, (note, _linked(path))))
            first, *rest = (InputFile(str(p), p, name_of_format(p, options)) for p in shards)
            return [replace(first, note=note), *rest]
    if not path.exists():
        raise DataError("no such file or folder", path=path)
    return [InputFile(str(path), path, name_of_format(path, options))]


def _matches(pattern: Path) -> list[Path]:
    """Return the files and folders that a glob finds; of one with ``**`` the files alone."""
    if is_remote(pattern):
        remote = cast(Any, pattern)
        names = sorted(remote.fs.glob(remote.path))
        found = [path_of(remote.fs.unstrip_protocol(name)) for name in names]
    else:
        found = [Path(name) for name in sorted(glob(str(pattern), recursive=True))]  # noqa: PTH207
    found = [path for path in found if not path.name.startswith(".")]
    found = [path for path in found if "**" not in str(pattern) or not path.is_dir()]
    if not found:
        raise DataError("no file has such a name", path=pattern)
    return found


def _is_shard(path: Path, options: InputOptions) -> bool:
    """Return whether a file of a folder is an input; texts beside images are not, by themselves."""
    try:
        name = name_of_format(path, options.model_copy(update={"format": None}))
    except ConfigError:
        return False
    return options.format in (None, name) and (options.format is not None or not _is_text(path))


def _linked(folder: Path) -> str:
    """Return what is told of folders that are links, into which no reader goes."""
    paths = () if is_remote(folder) else folder.rglob("*")
    links = [path for path in paths if path.is_symlink() and path.is_dir()]
    names = ", ".join(str(link) for link in links[:5])
    return f"folders that are links are not read, name them as inputs: {names}" if links else ""


def _lies_beside(path: Path) -> bool:
    """Return whether a file belongs to the posts of others: images, their regions, context."""
    return path.name in (REGIONS_FILE, CONTEXT_FILE) or path.suffix.lower() in IMAGE_SUFFIXES


def _is_text(path: Path) -> bool:
    return ".txt" in [suffix.lower() for suffix in path.suffixes]


def _file_formats() -> list[str]:
    return [name for name, kind in input_formats.usable().items() if not kind.is_folder]


def _visible(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders, sorted; hidden and marker files are none."""
    for path in sorted(folder.rglob("*")):
        parts = str(path).removeprefix(str(folder)).split("/")
        if not any(part.startswith((".", "_")) for part in parts) and not path.is_dir():
            yield path
