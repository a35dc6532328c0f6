"""Prediction of files: a job in shards that a kill only interrupts."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from gmf.core.errors import ConfigError, GmfError
from gmf.core.files import named_in_errors
from gmf.exchange.base import Joiner
from gmf.jobs.inputs.names import InputFile, input_files, is_pipe
from gmf.jobs.inputs.rows import Shard
from gmf.jobs.job import Job, JobOptions, Worker
from gmf.jobs.job_folder import JobFolder
from gmf.jobs.job_outputs import (
    check_places,
    check_side_files,
    error_file,
    facts_of,
    report_file,
)
from gmf.jobs.job_report import JobReport
from gmf.jobs.outputs.open import output_formats, output_name
from gmf.jobs.remote import copy_out, is_remote, path_of, stage_of
from gmf.prediction.publishing.hub import model_folder
from gmf.reading.compression import compression_of, open_compressed

_DEFAULTS = JobOptions()


def predict_files(
    model: str | Path | None,
    source: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    options: JobOptions = _DEFAULTS,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] = lambda *_: None,
    stream: IO[bytes] | None = None,
) -> JobReport:
    """Predict every row of an input; the same call goes on with a job that was killed.

    Error rows go to ``<output>.errors.jsonl``, a summary to ``<output>.report.json``. While the job
    runs its finished shards are in ``<output>.parts``; when all is done the output appears whole.
    What goes to a URL is made below ``GMF_HOME`` and then copied.

    Args:
        model: What ``gmf.load`` takes; ``None`` for the installed starter model.
        source: File of any input format, glob, folder of such files, folder of texts and images,
            URL of a file system that fsspec knows, or ``-`` for standard input; or several.
        output: File or its URL, or folder for brat and spaCy; ``.gz``, ``.bz2``, ``.xz`` or
            ``.zst`` behind the ending of a file compresses it.
        options: Options of the job.
        overwrite: Forget an unfinished job that is there, and replace an output when all is done.
        on_progress: Called with the rows that are done and the rows of the input.
        stream: Also gets the documents of a new output, shard by shard where it is a text.

    Raises:
        ConfigError: If a format or column is unknown, an optional package is missing, the output
            is there or belongs to another job, or another's file would be lost.
        CheckpointError: If there is no such model.
        DataError: If the input cannot be read, or changes meanwhile.
        GmfError: If the model fails on every post, or more rows fail than may.
    """
    names = [source] if isinstance(source, str | Path) else list(source)
    target = path_of(str(output))
    _check_names(names, target, options)
    check_places(target, overwrite=overwrite)
    output = stage_of(target) if is_remote(target) else target
    name = output_name(output, options.output_format)
    checkpoint, folder = model_folder(model).absolute(), JobFolder(output)

    def job_of(files: list[InputFile]) -> Job:
        files = _without_own(files, names, target, folder.path)
        job = Job(checkpoint, tuple(files), output, name, options)
        if not job.open_output().is_file and stream is not None:
            raise ConfigError(f"{name} is a folder, which cannot be printed; name it by --output")
        rows = job.open_inputs()
        rows.check()
        check_side_files(target, rows.side_files())
        return job

    # What can be wrong without reading is told before a folder is made.
    job = None if any(map(is_pipe, names)) else job_of(input_files(names, options=options.input))
    with folder.locked():
        if job is None:
            job = job_of(input_files(names, options=options.input, spool=folder.spool))
        if is_remote(target) and not (overwrite or output.exists()) and target.exists():
            report = JobReport.read(target, job.identity(job.open_inputs()))
        else:
            with named_in_errors(output):
                report = _run(job, folder, on_progress, stream, overwrite=overwrite)
            if is_remote(target):
                # The report last: with it the output is complete.
                pairs = [(error_file(output), error_file(target)), (output, target)]
                copy_out([*pairs, (report_file(output), report_file(target))])
        folder.remove()
    if is_remote(target):
        shutil.rmtree(output.parent)
    report.output = target
    return report


def _without_own(
    files: Sequence[InputFile], names: Sequence[str | Path], target: Path, parts: Path
) -> list[InputFile]:
    """Return the inputs without files of the job itself, by whatever name a glob found them.

    A glob that fits the output, too, fits it from the second call on.

    Raises:
        ConfigError: If one of them was named, or there is no other.
    """
    mine = (target, error_file(target), report_file(target))
    real = [path.resolve() for path in mine if not is_remote(path)]

    def is_own(file: InputFile) -> bool:
        if file.is_pipe or is_remote(file.path):  # What came out of a pipe lies among the parts.
            return file.path in mine
        path = file.path.resolve()
        return path in real or path.is_relative_to(parts.resolve())

    own = [file for file in files if is_own(file)]
    named = {str(path_of(str(name))) for name in names}
    if len(own) == len(files) or any(file.name in named for file in own):
        raise ConfigError(f"{target}: is the input itself; choose another output")
    return [file for file in files if file not in own]


def _check_names(names: Sequence[str | Path], output: Path, options: JobOptions) -> None:
    if not names:
        raise ConfigError("expected at least one input")
    root = options.input.image_root
    if root is not None and not root.is_dir():
        raise ConfigError(f"image root {root}: no such folder")
    if is_remote(output) and options.engine != "local":
        raise ConfigError(f"{output}: engine {options.engine} writes to a folder of all machines")
    for name in () if is_remote(output) else names:
        if output.is_relative_to(folder := Path(name).absolute()) and folder.is_dir():
            raise ConfigError(f"{output}: lies in the input folder; choose an output beside it")


def _run(
    job: Job,
    folder: JobFolder,
    on_progress: Callable[[int, int], None],
    stream: IO[bytes] | None,
    *,
    overwrite: bool,
) -> JobReport:
    """Do what is left of a job and make its output appear; nothing if it is there already."""
    output, options, rows = job.output, job.options, job.open_inputs()
    identity = job.identity(rows)
    if output.exists() and not overwrite:
        try:
            return JobReport.read(output, identity)
        except ConfigError:
            if not folder.is_to_replace(identity):
                raise
    folder.begin(identity, rows.shards(options.shard_rows), anew=overwrite)
    total = sum(shard.rows for shard in folder.shards)
    resumed = total - sum(shard.rows for shard in folder.pending())
    format = job.open_output()
    joiner = None if stream is None or format.marks is None else Joiner(stream, format.marks)

    def on_shard(shard: Shard) -> None:
        if joiner is not None:
            joiner.add(folder.documents(shard, format.suffix))

    for shard in (shard for shard in folder.shards if folder.stats(shard).exists()):
        on_shard(shard)
    _work(job, folder, done=resumed, total=total, on_progress=on_progress, on_shard=on_shard)
    report = JobReport.of(output, folder.read_stats(), rows=total)
    _check_errors(report, options)
    report.resumed_rows, report.files = resumed, tuple(rows.counts(folder.shards))
    with output_formats.named_in_errors(job.format, path=output):
        made = _merged(job, folder, types=report.types)
    report.write_errors(folder.read_stats() if options.on_error != "skip" else ())
    report.write(identity, facts=facts_of(made))
    folder.put(made)
    if joiner is not None:
        joiner.close()
    elif stream is not None:
        with output.open("rb") as file:
            shutil.copyfileobj(file, stream, 2**20)
        stream.flush()
    return report


def _check_errors(report: JobReport, options: JobOptions) -> None:
    number = report.errors
    if options.most_errors is not None and number > options.most_errors:
        raise GmfError(
            f"{number} rows failed, more than may; the first is {report.first_error}: mend them, "
            "or raise --max-errors"
        )


def _merged(job: Job, folder: JobFolder, *, types: Sequence[str]) -> Path:
    """Return the output of all shards, which is not at its place yet."""
    suffix = compression_of(job.output)
    whole = folder.whole.with_suffix("") if suffix else folder.whole
    # A merge may move the shards: then a process was killed behind it.
    if not whole.exists() or any(folder.finished.glob("*")):
        shutil.rmtree(whole.parent, ignore_errors=True)
        whole.parent.mkdir()
        output = job.open_output()
        output.merge(folder.finished, whole, types=types)
        if not (whole.is_file() if output.is_file else whole.is_dir()):
            kind = "file" if output.is_file else "folder"
            raise FileNotFoundError(f"merge: expected to find a {kind} at its target {whole}")
    if not suffix:
        return whole
    with whole.open("rb") as file, open_compressed(folder.whole, suffix) as compressed:
        shutil.copyfileobj(file, compressed, 2**20)
    return folder.whole


def _work(
    job: Job,
    folder: JobFolder,
    *,
    done: int,
    total: int,
    on_progress: Callable[[int, int], None],
    on_shard: Callable[[Shard], None],
) -> None:
    on_progress(done, total)

    def on_rows(number: int) -> None:
        nonlocal done
        done += number
        on_progress(done, total)

    pending = folder.pending()
    if pending and job.options.engine == "ray":
        from gmf.jobs.ray_engine import run_on_ray

        run_on_ray(job, pending, on_rows=on_rows)
        for shard in pending:
            on_shard(shard)
    elif pending:
        worker, most = Worker(job), job.options.most_errors
        failed = sum(len(stats.errors) for stats in folder.read_stats())
        for shard in pending:
            left = None if most is None else most - failed
            failed += len(worker.run(shard, max_errors=left, on_rows=on_rows).errors)
            on_shard(shard)
    folder.tidy()
