"""Prediction of files: a job in shards that a kill only interrupts."""

import shutil
from collections.abc import Callable
from pathlib import Path

from gmf.core.errors import ConfigError
from gmf.jobs.job import Job, JobOptions, Worker
from gmf.jobs.job_folder import JobFolder
from gmf.jobs.job_report import JobReport, error_file, report_file
from gmf.jobs.outputs.open import output_name
from gmf.prediction.publishing.hub import model_folder

_DEFAULTS = JobOptions()


def predict_files(
    model: str | Path,
    source: Path,
    output: Path,
    *,
    options: JobOptions = _DEFAULTS,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> JobReport:
    """Predict every row of an input; the same call goes on with a job that was killed.

    Error rows go to ``<output>.errors.jsonl``, a summary to ``<output>.report.json``. While the job
    runs its finished shards are in ``<output>.parts``; when all is done the output appears whole.

    Args:
        model: Run folder, checkpoint folder or hub id.
        source: JSONL, CSV, TSV, Parquet or CoNLL file, or a folder of texts and images.
        output: File, or folder for brat and spaCy.
        options: Options of the job.
        overwrite: Forget an output or an unfinished job that is there.
        on_progress: Called with the rows that are done and the rows of the input.

    Raises:
        ConfigError: If a format or column is unknown, an optional package is missing, or the
            output is there or belongs to another job.
        CheckpointError: If there is no such model.
        DataError: If the input cannot be read, or changes meanwhile.
        GmfError: If the model fails on every post.
    """
    source, output = source.absolute(), output.absolute()
    if source.is_dir() and output.is_relative_to(source):
        raise ConfigError(f"{output}: lies in the input folder; choose an output beside it")
    name = output_name(output, options.output_format)
    job = Job(model_folder(model).absolute(), source, output, name, options)
    rows, merged = job.open_source(), job.open_output()
    identity = job.identity(rows)
    folder = JobFolder(output)
    with folder.locked():
        if overwrite:
            _forget(output, folder)
        if output.exists():
            report = JobReport.read(output, identity)
            folder.remove()
            return report
        folder.begin(identity, rows.shards(options.shard_rows))
        total = sum(shard.rows for shard in folder.shards)
        resumed = total - sum(shard.rows for shard in folder.pending())
        _work(job, folder, done=resumed, total=total, on_progress=on_progress)
        report = JobReport.of(output, folder.read_stats(), rows=total)
        report.resumed_rows = resumed
        report.write(identity)
        merged.merge(folder.finished, output, types=report.types)
        folder.remove()
    return report


def _work(
    job: Job, folder: JobFolder, *, done: int, total: int, on_progress: Callable[[int, int], None]
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
    elif pending:
        worker = Worker(job)
        for shard in pending:
            worker.run(shard, on_rows=on_rows)
    folder.tidy()


def _forget(output: Path, folder: JobFolder) -> None:
    if output.is_dir():
        if not report_file(output).exists():
            raise ConfigError(f"{output}: was not made by `gmf predict`; remove it yourself")
        shutil.rmtree(output)
    for path in (output, error_file(output), report_file(output)):
        path.unlink(missing_ok=True)
    folder.clear()
