"""A job: which model predicts which input to which output, and the worker that does it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from gmf.core.config import Config
from gmf.core.device import Precision
from gmf.core.errors import ConfigError
from gmf.core.files import sha256_of
from gmf.core.registry import code_files
from gmf.inference.long_posts import LongPosts
from gmf.jobs.inputs.names import InputFile
from gmf.jobs.inputs.rows import InputOptions, Shard
from gmf.jobs.inputs.several import Inputs
from gmf.jobs.job_folder import JobFolder
from gmf.jobs.outputs.base import OutputFormat
from gmf.jobs.outputs.open import output_formats
from gmf.jobs.shards import ShardStats, run_shard
from gmf.prediction.options import PredictOptions
from gmf.prediction.pipeline import Pipeline, load
from gmf.reading.compression import compression_of

#: Version of what a job writes; another one is another job.
FORMAT = 2
#: What becomes of a row that fails, see ``JobOptions``.
OnError = Literal["row", "skip", "stop"]
_OWN_COLUMNS = ("row", "id", "text", "entities", "notes", "tokens", "tags")
#: Files of a checkpoint that predictions depend on.
_MODEL_SUFFIXES = (".json", ".safetensors", ".onnx", ".txt")


class JobOptions(Config):
    """How a job reads, predicts and writes.

    Args:
        input: How the posts are found in the input.
        output_format: Name of the format; ``None`` chooses it by the output's ending.
        min_confidence: Least confidence of the entities that are kept, in [0, 1].
        types: The only entity types that are kept; all when ``None``.
        long: What becomes of posts longer than the model reads, see ``Pipeline.predict``.
        on_error: What becomes of a row that fails: ``row`` lists it in ``<output>.errors.jsonl``,
            ``skip`` only counts it, ``stop`` ends the job.
        max_errors: Rows that may fail before the job ends; ``None`` for any number.
        batch_size: Posts of one pass.
        shard_rows: Rows that are finished together: what a kill costs at most.
        device: Where to compute; ``auto`` takes a GPU when there is one.
        precision: What to compute in, see ``gmf.load``.
        image_trust: How far images may move the tags, see ``gmf.load``.
        engine: ``local``, or ``ray`` for Ray Data on the cluster that ``RAY_ADDRESS`` names, or
            on a new local one.
        workers: Processes of the ``ray`` engine; ``None`` takes one for each CPU, or GPU if there
            are any.
    """

    input: InputOptions = InputOptions()
    output_format: str | None = None
    min_confidence: float = Field(default=0.0, ge=0, le=1, strict=False)
    types: tuple[str, ...] | None = Field(default=None, strict=False)
    long: LongPosts = "split"
    on_error: OnError = "row"
    max_errors: int | None = Field(default=None, ge=0)
    batch_size: int = Field(default=32, ge=1)
    shard_rows: int = Field(default=2048, ge=1)
    device: str = "auto"
    precision: Precision = "fp32"
    image_trust: float = Field(default=1, ge=0, le=1, strict=False)
    engine: Literal["local", "ray"] = "local"
    workers: int | None = Field(default=None, ge=1)

    @property
    def most_errors(self) -> int | None:
        """Rows that may fail; ``None`` for any number."""
        return 0 if self.on_error == "stop" else self.max_errors

    def load(self, model: str | Path | None) -> Pipeline:
        """Return a model as it is to compute; see ``gmf.load``."""
        return load(
            model, device=self.device, precision=self.precision, image_trust=self.image_trust
        )

    @property
    def predicting(self) -> PredictOptions:
        """How the pipeline is to predict."""
        return {
            "batch_size": self.batch_size,
            "threshold": self.min_confidence,
            "types": self.types,
            "long": self.long,
        }


@dataclass(frozen=True)
class Job:
    """All that a process needs to work on a job; every path is absolute.

    Args:
        model: Checkpoint folder.
        files: The inputs.
        output: The output.
        format: Format of the output.
        options: Options of the job.
    """

    model: Path
    files: tuple[InputFile, ...]
    output: Path
    format: str
    options: JobOptions

    def open_inputs(self) -> Inputs:
        """Return the rows of the inputs."""
        return Inputs(self.files, self.options.input)

    def open_output(self) -> OutputFormat:
        """Return the format of the output.

        Raises:
            ConfigError: If it cannot hold the columns that are to be kept, or be compressed.
        """
        with output_formats.named_in_errors(self.format):
            output = output_formats.get(self.format)()
        keep = self.options.input.keep
        own = [name for name in keep if name in _OWN_COLUMNS]
        if keep and not output.keeps_columns:
            raise ConfigError(f"--keep-columns: {self.format} holds no columns; use jsonl or csv")
        if own or len(set(keep)) < len(keep):
            names = ", ".join(own or keep)
            raise ConfigError(f"--keep-columns: {names} would stand twice in the output; leave out")
        if compression_of(self.output) and not output.is_file:
            raise ConfigError(f"{self.output}: {self.format} is a folder and cannot be compressed")
        types = self.open_inputs().column_types() if keep else {}
        output.columns = {name: types.get(name) for name in keep}
        output.check(output.columns)
        return output

    def identity(self, rows: Inputs) -> dict[str, Any]:
        """Return what makes it the same job after a kill: contents, not times.

        Args:
            rows: The opened input.
        """
        # What is not named is left out: a job of an earlier version goes on.
        named = self.options.model_dump(include={"precision", "image_trust"}, exclude_defaults=True)
        code = code_files()
        return {
            **({"--code": [sha256_of(path) for path in code]} if code else {}),
            "format": FORMAT,
            "model": _digest_of_model(self.model),
            "input": [file.name for file in self.files],
            "content of the input": rows.digest(),
            "way of reading": self.options.input.model_dump(mode="json"),
            "way of predicting": {
                "min_confidence": self.options.min_confidence,
                "types": self.options.types and sorted(self.options.types),
                "long": self.options.long,
                **named,
            },
            "output format": self.format + compression_of(self.output),
        }


class Worker:
    """Works on shards of a job; loads the model once.

    Args:
        job: The job.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.folder = job, JobFolder(job.output)
        self.inputs, self.output = job.open_inputs(), job.open_output()
        self.pipeline = job.options.load(job.model)

    def run(
        self,
        shard: Shard,
        *,
        max_errors: int | None = None,
        on_rows: Callable[[int], None] = lambda _: None,
    ) -> ShardStats:
        """Finish a shard; see ``run_shard``."""
        with output_formats.named_in_errors(self.job.format):
            return run_shard(
                self.pipeline,
                self.inputs,
                shard,
                output=self.output,
                documents=self.folder.documents(shard, self.output.suffix),
                stats=self.folder.stats(shard),
                options=self.job.options.predicting,
                max_errors=max_errors,
                on_rows=on_rows,
            )


def _digest_of_model(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _MODEL_SUFFIXES:
            digest.update(f"{path.relative_to(folder)}:{sha256_of(path)};".encode())
    return digest.hexdigest()
