"""What a job leaves beside and at its output: never another's files, and all of it at its end."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import ConfigError
from gmf.core.files import sha256_of
from gmf.jobs.job_folder import JobFolder
from gmf.jobs.remote import is_remote
from gmf.reading.context_file import CONTEXT_FILE
from gmf.reading.regions_file import REGIONS_FILE


def error_file(output: Path) -> Path:
    """Return where the error rows of a job go."""
    return output.with_name(output.name + ".errors.jsonl")


def report_file(output: Path) -> Path:
    """Return where the summary of a job goes."""
    return output.with_name(output.name + ".report.json")


def check_places(output: Path, *, overwrite: bool) -> None:
    """Refuse an output for which a job would remove or change what is not its own.

    Args:
        output: The output, here or on another file system.
        overwrite: Whether an output that is there may be replaced.

    Raises:
        ConfigError: Names the file or folder, and what to do.
    """
    if output.name in (CONTEXT_FILE, REGIONS_FILE):
        raise ConfigError(
            f"{output}: {output.name} is read with the posts beside it; choose another output"
        )
    if not is_remote(output) and os.path.islink(output):  # noqa: PTH114 -- no error for odd names
        real = os.path.realpath(output)
        raise ConfigError(f"{output}: is a symbolic link; name what it leads to, {real}")
    if overwrite and _is_there(output) and output.is_dir() and not _is_there(report_file(output)):
        raise ConfigError(f"{output}: was not made by `gmf predict`; remove it yourself")
    # What another program wrote, and what a user keeps there, is never taken for a job's.
    folder = JobFolder(output)
    foreign = folder.foreign() if _is_there(folder.path) else None
    for path, keys in (
        (error_file(output), {"row", "id", "origin", "error"}),
        (report_file(output), {"rows", "documents", "job"}),
    ):
        if not foreign and _is_there(path) and not _is_own(path, keys):
            foreign = path
    if foreign:
        raise ConfigError(
            f"{foreign}: was not made by `gmf predict`, which needs that name for {output.name}; "
            "move it, or choose another output"
        )


def check_side_files(output: Path, files: Iterable[Path]) -> None:
    """Refuse an output that would replace a file which is read with the posts.

    Args:
        output: The output.
        files: The files beside the inputs that rows take something from.

    Raises:
        ConfigError: If it, its error rows or its report would.
    """
    read = {os.path.realpath(file) for file in files}
    for path in (output, error_file(output), report_file(output)):
        if not is_remote(path) and os.path.realpath(path) in read:
            raise ConfigError(f"{path}: is read with the posts beside it; choose another output")


def _is_there(path: Path) -> bool:
    # Names that no file can have are told when the folder of the job is made.
    return path.exists() if is_remote(path) else os.path.lexists(path)


def _is_own(path: Path, keys: set[str]) -> bool:
    """Return whether a file is empty, or its first value an object with some keys."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8") as file:
            content = file.readline() if path.name.endswith("l") else file.read()
        value: object = json.loads(content or "{}")
    except (OSError, ValueError, RecursionError):
        return False
    return not content or (isinstance(value, dict) and keys <= cast(dict[str, Any], value).keys())


def facts_of(output: Path, *, with_content: bool = True) -> dict[str, Any]:
    """Return by what a later change of an output is noticed: its files, their bytes, their digest.

    Args:
        output: A file or folder; hidden files in it, which tools keep there, do not count.
        with_content: Whether to read it all for the digest.
    """
    is_folder = output.is_dir()
    found = sorted(output.rglob("*")) if is_folder else [output]
    paths = [p for p in found if p.is_file() and not (is_folder and p.name.startswith("."))]
    facts = {"files": len(paths), "bytes": sum(path.stat().st_size for path in paths)}
    if not with_content:
        return facts
    if not is_folder:
        return facts | {"sha256": sha256_of(output)}
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(output).as_posix()}:{sha256_of(path)};".encode())
    return facts | {"sha256": digest.hexdigest()}


def check_unchanged(output: Path, facts: dict[str, Any]) -> None:
    """Refuse an output that is no longer what a job wrote; of a remote one sizes are compared.

    Raises:
        ValueError: Says what differs.
    """
    found = facts_of(output, with_content=not is_remote(output))
    for name, value in found.items():
        if facts[name] != value:
            what = {"files": f"it had {facts[name]} files and has {value}"}
            what["bytes"] = f"it had {facts[name]} bytes and has {value}"
            raise ValueError(f"changed since: {what.get(name, 'its content is another')}")
