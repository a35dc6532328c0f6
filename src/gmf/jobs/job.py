"""A job: which model predicts which input to which output, and the worker that does it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from gmf.core.config import Config
from gmf.core.files import sha256_of
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions, RowSource, Shard
from gmf.jobs.job_folder import JobFolder
from gmf.jobs.outputs.base import OutputFormat
from gmf.jobs.outputs.open import output_formats
from gmf.jobs.shards import run_shard
from gmf.prediction.pipeline import load

#: Version of what a job writes; another one is another job.
FORMAT = 1
#: Files of a checkpoint that predictions depend on.
_MODEL_SUFFIXES = (".json", ".safetensors", ".onnx", ".txt")


class JobOptions(Config):
    """How a job reads, predicts and writes.

    Args:
        input: How the posts are found in the input.
        output_format: Name of the format; ``None`` chooses it by the output's ending.
        batch_size: Posts of one pass.
        shard_rows: Rows that are finished together: what a kill costs at most.
        device: Where to compute; ``auto`` takes a GPU when there is one.
        engine: ``local``, or ``ray`` for Ray Data on the cluster that ``RAY_ADDRESS`` names, or
            on a new local one.
        workers: Processes of the ``ray`` engine; ``None`` takes one for each CPU, or GPU if there
            are any.
    """

    input: InputOptions = InputOptions()
    output_format: str | None = None
    batch_size: int = Field(default=32, ge=1)
    shard_rows: int = Field(default=2048, ge=1)
    device: str = "auto"
    engine: Literal["local", "ray"] = "local"
    workers: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class Job:
    """All that a process needs to work on a job; every path is absolute.

    Args:
        model: Checkpoint folder.
        source: The input.
        output: The output.
        format: Format of the output.
        options: Options of the job.
    """

    model: Path
    source: Path
    output: Path
    format: str
    options: JobOptions

    def open_source(self) -> RowSource:
        """Return the rows of the input."""
        return open_source(self.source, options=self.options.input)

    def open_output(self) -> OutputFormat:
        """Return the format of the output."""
        return output_formats.get(self.format)()

    def identity(self, rows: RowSource) -> dict[str, Any]:
        """Return what makes it the same job after a kill: contents, not times.

        Args:
            rows: The opened input.
        """
        return {
            "format": FORMAT,
            "model": _digest_of_model(self.model),
            "input": str(self.source),
            "content of the input": _digest_of_input(self.source, rows),
            "way of reading": self.options.input.model_dump(mode="json"),
            "output format": self.format,
        }


class Worker:
    """Works on shards of a job; loads the model once.

    Args:
        job: The job.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.folder = job, JobFolder(job.output)
        self.source, self.output = job.open_source(), job.open_output()
        self.pipeline = load(job.model, device=job.options.device)

    def run(self, shard: Shard, *, on_rows: Callable[[int], None] = lambda _: None) -> None:
        """Finish a shard; see ``run_shard``."""
        run_shard(
            self.pipeline,
            self.source,
            shard,
            output=self.output,
            documents=self.folder.documents(shard, self.output.suffix),
            stats=self.folder.stats(shard),
            batch_size=self.job.options.batch_size,
            on_rows=on_rows,
        )


def _digest_of_model(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _MODEL_SUFFIXES:
            digest.update(f"{path.relative_to(folder)}:{sha256_of(path)};".encode())
    return digest.hexdigest()


def _digest_of_input(source: Path, rows: RowSource) -> str:
    """Return the digest of a file, or of the names and sizes in a folder."""
    if not source.is_dir():
        return sha256_of(source)
    digest = hashlib.sha256()
    for path in rows.files():
        size = path.stat().st_size if path.exists() else None
        digest.update(f"{path.relative_to(source)}:{size};".encode())
    return digest.hexdigest()
