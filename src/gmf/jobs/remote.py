"""Outputs on other file systems: a job works on this machine, and what it made is copied there."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from gmf.core.errors import ConfigError, GmfError
from gmf.core.extras import require_extra
from gmf.core.paths import gmf_home


def path_of(name: str) -> Path:
    """Return the path that a name or URL stands for; of a URL one that fsspec serves.

    Raises:
        ConfigError: If the URL's file system is not installed, or no file has such a name.
    """
    if "\0" in name:
        raise ConfigError(f"{name!a}: no file has such a name")
    if "://" not in name:
        return Path(name).absolute()
    require_extra("upath", extra="remote", purpose=name)
    from upath import UPath

    try:
        path = cast(Any, UPath(name))
        return Path(path.path) if "file" in _protocols(path) else path
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{name}: no file system of that name can be used ({error})") from error


def is_remote(path: Path) -> bool:
    """Return whether a path is on another file system than this machine's."""
    return not isinstance(path, Path)  # pyright: ignore[reportUnnecessaryIsInstance] -- or a UPath


def stage_of(target: Path) -> Path:
    """Return where on this machine the output of a URL is made; always the same, to go on there.

    Raises:
        ConfigError: If nothing can be written there.
    """
    marker = target.with_name(f"{target.name}.parts")
    try:  # Before hours of work, not after them.
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_bytes(b"")
        marker.unlink()
    except Exception as error:  # Each file system raises types of its own.
        raise ConfigError(f"{target}: cannot be written: {_reason(error)}") from error
    folder = gmf_home() / "outputs" / hashlib.sha256(str(target).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / target.name


def copy_out(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Copy files or folders from this machine, in order; what is absent here is removed there.

    Args:
        pairs: Where each is, and where it goes.

    Raises:
        GmfError: If one cannot be written.
    """
    for here, there in pairs:
        files, name = cast(Any, there).fs, cast(Any, there).path
        try:
            if there.is_dir() or (there.exists() and not here.exists()):
                files.rm(name, recursive=True)
            if here.exists():
                files.put(str(here), name, recursive=here.is_dir())
        except Exception as error:
            raise GmfError(
                f"{there}: cannot be written: {_reason(error)}; it is kept at {here}, and the same "
                "command copies it again"
            ) from error


def _protocols(path: Any) -> tuple[str, ...]:
    protocols = path.fs.protocol
    return (protocols,) if isinstance(protocols, str) else tuple(protocols)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
