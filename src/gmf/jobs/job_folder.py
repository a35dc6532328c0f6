"""The folder of a job that is not finished: its manifest, its finished shards, its lock."""

import json
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.files import locked, write_text
from gmf.jobs.inputs.rows import Shard
from gmf.jobs.shards import ShardStats

MANIFEST, LOCK, SHARDS, STATS, PIPES = "job.json", "lock", "shards", "stats", "pipes"


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

    def begin(self, identity: dict[str, Any], shards: Iterable[Shard]) -> None:
        """Start the job, or go on with the same job that was stopped.

        Args:
            identity: What makes it the same job.
            shards: The plan; only read when the job starts.

        Raises:
            ConfigError: If the folder holds another job.
        """
        path = self.path / MANIFEST
        if path.exists():
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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
        manifest = {"identity": identity, "shards": [asdict(shard) for shard in self.shards]}
        for name in (SHARDS, STATS):
            (self.path / name).mkdir(exist_ok=True)
        write_text(path, json.dumps(manifest))

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
        """Forget the job; the lock stays."""
        (self.path / MANIFEST).unlink(missing_ok=True)
        for name in (SHARDS, STATS):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
