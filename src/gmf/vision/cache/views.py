"""A cache laid over any source of views."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock

from gmf.core.errors import CacheError
from gmf.core.files import write_text
from gmf.data.images import FaultKind, UnusableImageError, name_of
from gmf.data.views import FetchedViews, View, ViewContent, ViewSource, take_rows
from gmf.vision.cache.codecs import Codec, codec_of
from gmf.vision.cache.identity import ContentKeys, digest_of
from gmf.vision.cache.store import META, RecordStore, cache_root, lock_of

#: Space that a cache leaves free on its disk.
KEEP_FREE_BYTES = 1 << 30
_FORMAT_VERSION = 1


@dataclass
class CacheCounts:
    """What a cache did in this process.

    Args:
        hits: Views read from the cache.
        misses: Views computed.
        stored: Views written.
        unstored: Views computed but not written, for want of disk space, of an exact record, or of
            a part of the image.
    """

    hits: int = 0
    misses: int = 0
    stored: int = 0
    unstored: int = 0


@dataclass(frozen=True)
class CachePlan:
    """What filling a cache would take.

    Args:
        views: Distinct contents whose files can be read; a broken one shows only when computed.
        unreadable: Views whose files cannot be read.
        missing: One view of each content that is not cached yet.
        record_bytes: Size of one.
        free_bytes: Free space on the disk.
    """

    views: int
    unreadable: int
    missing: tuple[View, ...]
    record_bytes: int
    free_bytes: int

    @property
    def needed_bytes(self) -> int:
        """Disk space for what is missing."""
        return len(self.missing) * self.record_bytes

    def check(self) -> None:
        """Check that it fits.

        Raises:
            CacheError: If less than the needed space and the reserve is free.
        """
        if self.needed_bytes and self.needed_bytes + KEEP_FREE_BYTES > self.free_bytes:
            raise CacheError(
                f"the cache needs {_gigabytes(self.needed_bytes)} for {len(self.missing)} views of "
                f"{self.record_bytes} bytes and leaves {_gigabytes(KEEP_FREE_BYTES)} free, but "
                f"only {_gigabytes(self.free_bytes)} are free; free some (`gmf cache clear`, for "
                "data.cache.folder with --folder), move "
                "the cache (GMF_HOME), or choose a smaller kind: pooled_maps, pixels or none"
            )


class CachedViews:
    """Delivers views from disk; computes, and writes, those that are not there.

    Keys are digests of the encoded image and the box; the folder is named by everything else that
    the content depends on. So equal images are kept once, and nothing stale is ever read.

    Args:
        inner: Computes views.
        kind: Name of what is cached, for people.
        identity: Digests of everything besides the image that the content depends on.
        make_codec: Called once for a new cache, with ``inner``.
        root: Folder of all caches; by default the one of `cache_root`.

    Attributes:
        counts: What the cache did.
    """

    def __init__(
        self,
        inner: ViewSource,
        *,
        kind: str,
        identity: dict[str, str],
        make_codec: Callable[[ViewSource], Codec],
        root: Path | None = None,
    ) -> None:
        self.inner, self.counts = inner, CacheCounts()
        facts = {"kind": kind, "format": str(_FORMAT_VERSION), **identity}
        folder = (root or cache_root()) / f"{kind}-{digest_of(facts)[:20]}"
        meta = _read_or_make_meta(folder, facts=facts, make_codec=lambda: make_codec(inner))
        self._codec: Codec = _codec_of(meta, folder / META)
        self._store = RecordStore(folder, record_bytes=self._codec.record_bytes, meta=meta)
        self._keys = ContentKeys()
        self._faults: dict[bytes, tuple[FaultKind, str]] = {}

    @property
    def folder(self) -> Path:
        """Where the cache lies."""
        return self._store.folder

    def fetch(self, views: Sequence[View]) -> FetchedViews:
        """Return each view's content, from the cache where it is there, or its fault."""
        faults: dict[int, UnusableImageError] = {}
        records: dict[int, memoryview] = {}
        missing: dict[bytes, list[int]] = {}
        for position, view in enumerate(views):
            entry = self._look_up(view)
            if isinstance(entry, bytes):
                missing.setdefault(entry, []).append(position)
            elif isinstance(entry, memoryview):
                records[position] = entry
            else:
                faults[position] = entry
        self.counts.hits += len(records)
        rows = np.full(len(views), -1)
        rows[list(records)] = np.arange(len(records))
        substitutions: dict[int, str] = {}
        blocks: list[ViewContent] = []
        if records:
            blocks.append(self._codec.decode(list(records.values())))
            self._store.release()
        if missing:
            computed = self._compute(list(missing), [views[p[0]] for p in missing.values()])
            if computed.content is not None:
                blocks.append(computed.content)
            for number, positions in enumerate(missing.values()):
                if number in computed.faults:
                    fault = computed.faults[number]
                    renamed = {p: _renamed(fault.kind, fault.detail, views[p]) for p in positions}
                    faults.update(renamed)
                else:
                    rows[positions] = len(records) + computed.rows[number]
                    if number in computed.substitutions:
                        text = computed.substitutions[number]
                        substitutions |= dict.fromkeys(positions, text)
        content = take_rows(_joined(blocks), rows[rows >= 0]) if blocks else None
        return FetchedViews.of(
            content, faults=faults, substitutions=substitutions, count=len(views)
        )

    def plan(self, views: Sequence[View]) -> CachePlan:
        """Return what it would take to cache these views; reads every file once."""
        distinct: dict[bytes, View] = {}
        unreadable = 0
        for view in views:
            try:
                distinct.setdefault(self._keys.key_of(view), view)
            except UnusableImageError:
                unreadable += 1
        missing = tuple(view for key, view in distinct.items() if self._store.get(key) is None)
        self._store.release()
        size = self._codec.record_bytes
        return CachePlan(len(distinct), unreadable, missing, size, self._free_bytes())

    def fill(self, plan: CachePlan, *, batch_size: int = 32) -> Iterator[int]:
        """Cache what a plan found missing; yields how many views are done after each batch.

        Raises:
            CacheError: If the disk has not enough room; nothing was written then.
        """
        plan.check()
        for start in range(0, len(plan.missing), batch_size):
            self.fetch(plan.missing[start : start + batch_size])
            yield min(start + batch_size, len(plan.missing))

    def _look_up(self, view: View) -> memoryview | UnusableImageError | bytes:
        """Return a view's record or fault when known, else its key."""
        try:
            key = self._keys.key_of(view)
        except UnusableImageError as fault:
            return fault
        if key in self._faults:
            return _renamed(*self._faults[key], view)
        record = self._store.get(key)
        if record is None:
            self.counts.misses += 1
            return key
        return record

    def _compute(self, keys: Sequence[bytes], views: Sequence[View]) -> FetchedViews:
        """Return views that are not cached, and cache them under their keys."""
        fetched = self.inner.fetch(views)
        records: dict[bytes, bytes] = {}
        for position, key in enumerate(keys):
            if position in fetched.faults:
                fault = fetched.faults[position]
                self._faults[key] = (fault.kind, fault.detail)
                continue
            # A record tells of no substitution, which is to be counted each time.
            is_whole = position not in fetched.substitutions
            record = self._codec.encode(fetched.content_of(position)) if is_whole else None
            if record is None:
                self.counts.unstored += 1
            else:
                records[key] = record
        self._keep(records)
        return fetched

    def _keep(self, records: dict[bytes, bytes]) -> None:
        size = len(records) * self._codec.record_bytes
        if records and size + KEEP_FREE_BYTES <= self._free_bytes():
            try:
                self.counts.stored += self._store.put(records)
            except OSError as error:
                raise CacheError(f"{self.folder}: cannot be written: {error}") from error
        else:
            self.counts.unstored += len(records)

    def _free_bytes(self) -> int:
        there = self.folder
        while not there.exists():
            there = there.parent
        return shutil.disk_usage(there).free


def _read_or_make_meta(
    folder: Path, *, facts: dict[str, str], make_codec: Callable[[], Codec]
) -> dict[str, Any]:
    path = folder / META
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock_of(folder)):
        if not path.exists():
            folder.mkdir(exist_ok=True)
            codec = make_codec()
            meta = {
                "identity": facts,
                "record_bytes": codec.record_bytes,
                "codec": codec.describe(),
            }
            write_text(path, json.dumps(meta, indent=2))
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CacheError(f"{path}: damaged ({error}); run `gmf cache clear`") from error


def _codec_of(meta: Any, path: Path) -> Codec:
    try:
        codec = codec_of(meta["codec"])
        if meta["record_bytes"] == codec.record_bytes:
            return codec
        fault = f"records of {codec.record_bytes} bytes, not {meta['record_bytes']}"
    except (KeyError, TypeError, CacheError) as error:
        fault = repr(error)
    raise CacheError(f"{path}: damaged ({fault}); run `gmf cache clear`")


def _joined(blocks: Sequence[ViewContent]) -> ViewContent:
    if len(blocks) == 1:
        return blocks[0]
    pixels = [block for block in blocks if not isinstance(block, tuple)]
    maps = [block for block in blocks if isinstance(block, tuple)]
    return np.concatenate(pixels) if pixels else tuple(map(torch.cat, zip(*maps, strict=True)))


def _renamed(kind: FaultKind, detail: str, view: View) -> UnusableImageError:
    return UnusableImageError(name_of(view.source), kind=kind, detail=detail)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
