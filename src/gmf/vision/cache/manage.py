"""What lies in the caches, and how to be rid of it."""

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from gmf.core.config import near_hint
from gmf.core.errors import ConfigError
from gmf.vision.cache.store import ENTRY_BYTES, INDEX, META, cache_root, lock_of

#: What caches hold; the last is what cannot be told.
KINDS = ("pixels", "maps", "pooled_maps", "damaged")


@dataclass(frozen=True)
class CacheInfo:
    """One cache on disk.

    Args:
        name: Name of its folder.
        kind: ``pixels``, ``maps`` or ``pooled_maps``; ``damaged`` when its description is.
        identity: Digests that it is keyed by.
        views: Cached views.
        size_bytes: Space on disk.
        written: Time of the last write, UTC; ``None`` when nothing was written.
    """

    name: str
    kind: str
    identity: dict[str, str]
    views: int
    size_bytes: int
    written: datetime | None


def cache_info(root: Path | None = None) -> list[CacheInfo]:
    """Return all caches, sorted by name.

    Args:
        root: Folder of all caches; by default below ``GMF_HOME``.
    """
    folder = root or cache_root()
    if not folder.is_dir():
        return []
    return [_info_of(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def clear_cache(*, kinds: Collection[str] = (), root: Path | None = None) -> list[CacheInfo]:
    """Delete caches and return what they were. A process that uses one goes on and fills it anew.

    Args:
        kinds: Kinds to delete; empty for all.
        root: Folder of all caches; by default below ``GMF_HOME``.

    Raises:
        ConfigError: If a kind is none.
    """
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ConfigError(
            f"kind {unknown[0]!r}: expected one of {', '.join(KINDS)}{near_hint(unknown[0], KINDS)}"
        )
    folder = root or cache_root()
    chosen = [info for info in cache_info(folder) if not kinds or info.kind in kinds]
    for info in chosen:
        with FileLock(lock_of(folder / info.name)):
            shutil.rmtree(folder / info.name)
    return chosen


def _info_of(folder: Path) -> CacheInfo:
    meta: dict[str, Any] = {}
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        identity = {str(key): str(value) for key, value in meta["identity"].items()}
        kind = identity.pop("kind")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        identity, kind = {}, "damaged"
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    try:
        index = (folder / INDEX).stat()
    except FileNotFoundError:
        return CacheInfo(folder.name, kind, identity, 0, size, None)
    written = datetime.fromtimestamp(index.st_mtime, UTC)
    return CacheInfo(folder.name, kind, identity, index.st_size // ENTRY_BYTES, size, written)
