"""The folder of a job that is not finished: its manifest, its finished shards, its lock."""

import json
import os
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.files import locked, write_text
from gmf.jobs.inputs.rows import Shard
from gmf.jobs.shards import ShardStats

MANIFEST, LOCK, SHARDS, STATS, PIPES = "job.json", "lock", "shards", "stats", "pipes"
#: The output before it is at its place, and what was there before.
WHOLE, REPLACED = "whole", "replaced"
_FOLDERS = (SHARDS, STATS, PIPES, WHOLE, REPLACED)


class JobFolder:
    """Keeps the pieces of a job beside its output until it is complete.

    Args:
        output: The output of the job; the folder is ``<output>.parts``.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.path = output.with_name(output.name + ".parts")
        self.shards: tuple[Shard, ...] = ()

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other processes out; the lock of a killed process does not last.

        Raises:
            ConfigError: If another process works on the same output.
        """
        with locked(self.path / LOCK, work=self.output):
            try:
                yield
            finally:
                if not (self.path / MANIFEST).exists():
                    self.remove()

    def foreign(self) -> Path | None:
        """Return what is not of a job where its folder would be: what is there, or lies in it."""
        if not self.path.is_dir():
            return self.path
        inside = sorted(self.path.iterdir())
        return next((path for path in inside if not _is_of_job(path)), None)

    def begin(
        self, identity: dict[str, Any], shards: Iterable[Shard], *, anew: bool = False
    ) -> None:
        """Start the job, or go on with the same job that was stopped.

        Args:
            identity: What makes it the same job.
            shards: The plan; only read when the job starts.
            anew: Whether to forget a job that was stopped, and replace an output that is there.

        Raises:
            ConfigError: If the folder holds another job.
        """
        path = self.path / MANIFEST
        if anew:
            self.clear()
        if path.exists():
            manifest = self._manifest()
            if manifest["identity"] != identity:
                before = manifest["identity"]
                parts = [k for k in {**before, **identity} if before.get(k) != identity.get(k)]
                raise ConfigError(
                    f"{self.path}: holds an unfinished job with another {', '.join(parts)}; choose "
                    "another output, or start anew with --overwrite"
                )
            self.shards = tuple(Shard(**fields) for fields in manifest["shards"])
            return
        self.shards = tuple(shards)
        plan = [asdict(shard) for shard in self.shards]
        manifest = {"identity": identity, "shards": plan, "replaces": anew}
        for name in (SHARDS, STATS):
            (self.path / name).mkdir(exist_ok=True)
        write_text(path, json.dumps(manifest))

    def is_to_replace(self, identity: dict[str, Any]) -> bool:
        """Return whether this job was stopped while it was to replace the output that is there."""
        manifest = self._manifest() if (self.path / MANIFEST).exists() else {}
        return manifest.get("identity") == identity and bool(manifest.get("replaces"))

    def _manifest(self) -> dict[str, Any]:
        return json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))

    def documents(self, shard: Shard, suffix: str) -> Path:
        """Return where the documents of a shard go."""
        return self.path / SHARDS / f"{shard.number:05d}{suffix}"

    def stats(self, shard: Shard) -> Path:
        """Return where the statistics of a shard go."""
        return self.path / STATS / f"{shard.number:05d}.json"

    def pending(self) -> list[Shard]:
        """Return the shards that are not complete."""
        return [shard for shard in self.shards if not self.stats(shard).exists()]

    @property
    def finished(self) -> Path:
        """Folder of the documents of all shards."""
        return self.path / SHARDS

    @property
    def spool(self) -> Path:
        """Folder of what came out of pipes."""
        return self.path / PIPES

    @property
    def whole(self) -> Path:
        """The output before it is at its place."""
        return self.path / WHOLE / self.output.name

    def put(self, made: Path) -> None:
        """Make what was made the output, in the place of what is there.

        Args:
            made: A file or folder within this folder.
        """
        if made.is_dir() or self.output.is_dir():  # No folder takes the place of another at once.
            aside = self.path / REPLACED
            shutil.rmtree(aside, ignore_errors=True)
            if self.output.exists():
                aside.mkdir()
                self.output.rename(aside / self.output.name)
        else:
            with made.open("rb") as file:
                os.fsync(file.fileno())
        made.replace(self.output)

    def read_stats(self) -> Iterator[ShardStats]:
        """Yield the statistics of every complete shard, in order."""
        for shard in self.shards:
            if not self.stats(shard).exists():
                continue
            yield ShardStats(**json.loads(self.stats(shard).read_text(encoding="utf-8")))

    def tidy(self) -> None:
        """Remove what killed processes left half written."""
        for name in (SHARDS, STATS):
            for half in (self.path / name).glob(".*"):
                shutil.rmtree(half) if half.is_dir() else half.unlink()

    def clear(self) -> None:
        """Forget the job; the lock and what came out of pipes stay."""
        (self.path / MANIFEST).unlink(missing_ok=True)
        for name in (SHARDS, STATS, WHOLE, REPLACED):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder, unless something in it is not of the job."""
        for path in self.path.iterdir() if self.path.is_dir() else ():
            if path.name in _FOLDERS:
                shutil.rmtree(path, ignore_errors=True)
            elif _is_of_job(path):
                path.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.rmdir()


def _is_of_job(path: Path) -> bool:
    # What a process was writing when it was killed begins with a dot.
    return path.name in (MANIFEST, LOCK, *_FOLDERS) or path.name.startswith(f".{MANIFEST}.")
