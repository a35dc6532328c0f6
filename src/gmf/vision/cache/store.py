"""Fixed-size records on disk under content keys: memory-mapped, append-only, many processes."""

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from gmf.core.errors import CacheError
from gmf.core.files import write_text
from gmf.core.paths import gmf_home

KEY_BYTES = 32
_CHECK_BYTES = 8
ENTRY_BYTES = KEY_BYTES + _CHECK_BYTES
RECORDS, INDEX, META = "records.bin", "index.bin", "meta.json"


def cache_root() -> Path:
    """Return the folder that holds all caches of views."""
    return gmf_home() / "cache" / "views"


class RecordStore:
    """Records of one size, each under a 32-byte key.

    Records are appended to one file and flushed to disk before their keys are appended to the
    index, so a reader never sees a key without its whole record. Writers take a lock in turn. What
    a killed writer left behind the last whole key is overwritten by the next one. A store that is
    deleted while it is open starts anew with the next record.

    Args:
        folder: Where the files are; made when the first record is written.
        record_bytes: Size of a record.
        meta: Description, written beside the records as JSON.
    """

    def __init__(self, folder: Path, *, record_bytes: int, meta: Mapping[str, object]) -> None:
        self.folder, self.record_bytes, self.meta = folder, record_bytes, dict(meta)
        self._files: tuple[BinaryIO, ...] = ()
        self._forget()
        self._refresh()

    def __del__(self) -> None:
        for file in self._files:
            file.close()

    def __len__(self) -> int:
        self._refresh()
        return len(self._positions)

    def get(self, key: bytes) -> memoryview | None:
        """Return the record of a key, read-only and without a copy, or ``None``.

        Raises:
            CacheError: If the records are fewer than their keys.
        """
        if key not in self._positions:
            self._refresh()
        position = self._positions.get(key)
        if position is None:
            return None
        start = position * self.record_bytes
        end = start + self.record_bytes
        if self._map is None or end > len(self._map):
            records = self._files[1].fileno()
            if end > os.fstat(records).st_size:
                raise CacheError(f"{self.folder / RECORDS}: is cut short; run `gmf cache clear`")
            self._map = mmap.mmap(records, 0, access=mmap.ACCESS_READ)
        return memoryview(self._map)[start:end]

    def release(self) -> None:
        """Let the system take back the pages that were read; they stay in its own cache."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def put(self, records: Mapping[bytes, bytes]) -> int:
        """Write records whose keys are new, and return how many were.

        Raises:
            ValueError: If a key or a record has another size.
            OSError: If the disk is full or the folder cannot be written.
        """
        for key, record in records.items():
            if len(key) != KEY_BYTES or len(record) != self.record_bytes:
                raise ValueError(
                    f"expected a key of {KEY_BYTES} and a record of {self.record_bytes} bytes, "
                    f"got {len(key)} and {len(record)}"
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_of(self.folder)):
            self.folder.mkdir(exist_ok=True)
            self._write_meta()
            self._refresh()
            fresh = {key: record for key, record in records.items() if key not in self._positions}
            if fresh:
                self._append(fresh)
                self._refresh()
        return len(fresh)

    def _append(self, fresh: Mapping[bytes, bytes]) -> None:
        count = len(self._positions)
        with _open_for_update(self.folder / RECORDS) as file:
            file.seek(count * self.record_bytes)
            for record in fresh.values():
                file.write(record)
            file.flush()
            os.fsync(file.fileno())
        with _open_for_update(self.folder / INDEX) as file:
            file.truncate(count * ENTRY_BYTES)
            file.seek(count * ENTRY_BYTES)
            file.write(b"".join(_entry(key, count + n) for n, key in enumerate(fresh)))
            file.flush()
            os.fsync(file.fileno())

    def _refresh(self) -> None:
        """Read the keys that were added since, by this process or another."""
        try:
            # Opened anew each time: a handle that a forked process shares would share its position.
            with (self.folder / INDEX).open("rb") as index:
                if not self._is_held(index):
                    self._forget()
                    self._hold()
                if not self._is_held(index):
                    return
                index.seek(len(self._positions) * ENTRY_BYTES)
                added = index.read()
        except FileNotFoundError:
            self._forget()
            return
        for start in range(0, len(added) - ENTRY_BYTES + 1, ENTRY_BYTES):
            entry = added[start : start + ENTRY_BYTES]
            key, position = entry[:KEY_BYTES], len(self._positions)
            if entry != _entry(key, position):
                break
            self._positions[key] = position

    def _forget(self) -> None:
        self._positions: dict[bytes, int] = {}
        self._map: mmap.mmap | None = None
        for file in self._files:
            file.close()
        self._files = ()

    def _hold(self) -> None:
        """Keep index and records open: while they are, they cannot be taken for later ones."""
        self._files = ((self.folder / INDEX).open("rb"), (self.folder / RECORDS).open("rb"))

    def _is_held(self, index: BinaryIO) -> bool:
        """Return whether this index, which the path names now, is the one that is kept open."""
        if not self._files:
            return False
        held = os.fstat(self._files[0].fileno())
        status = (self.folder / INDEX).stat()
        return os.path.samestat(held, os.fstat(index.fileno())) and os.path.samestat(held, status)

    def _write_meta(self) -> None:
        if not (self.folder / META).exists():
            write_text(self.folder / META, json.dumps(self.meta, indent=2))


def lock_of(folder: Path) -> Path:
    """Return the lock file of a store; it lies beside the folder, so that it outlives it."""
    return folder.with_name(f".{folder.name}.lock")


def _entry(key: bytes, position: int) -> bytes:
    """Return an index entry; its check binds it to its position: torn ones are noticed."""
    content = key + position.to_bytes(8, "little")
    return key + hashlib.blake2b(content, digest_size=_CHECK_BYTES).digest()


def _open_for_update(path: Path) -> BinaryIO:
    path.touch()
    return path.open("r+b")
