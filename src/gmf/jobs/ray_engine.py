"""The same job on Ray Data: shards go to workers, and a worker that dies loses no row."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from gmf.core.extras import require_extra
from gmf.core.registry import CODE_VARIABLE, load_inherited_code
from gmf.jobs.inputs.rows import Shard
from gmf.jobs.job import Job, Worker


class _ShardMapper:
    """Finishes the shards of a batch; one lives in each worker process."""

    def __init__(self, job: Job, code: str) -> None:
        load_inherited_code(code)
        self.worker = Worker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        names = tuple(batch)
        for values in zip(*batch.values(), strict=True):
            shard = Shard(**{name: int(v) for name, v in zip(names, values, strict=True)})
            self.worker.run(shard, max_errors=self.worker.job.options.most_errors)
        return {"rows": batch["rows"]}


def run_on_ray(job: Job, shards: Sequence[Shard], *, on_rows: Callable[[int], None]) -> None:
    """Finish shards on a Ray cluster.

    Every worker reads the input and writes its shards itself, so all machines must see the same
    paths. Ray gives the shard of a dead worker to another one; a shard that is written twice is
    the same file, so that each row is there once.

    Args:
        job: The job.
        shards: Shards that are not complete.
        on_rows: Called with the number of rows that are done.

    Raises:
        ConfigError: If Ray is not installed.
    """
    require_extra("ray", extra="ray", purpose="--engine ray")
    import ray
    from ray.data import DataContext, from_items

    is_own = not ray.is_initialized()
    if is_own:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    DataContext.get_current().enable_progress_bars = False
    try:
        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0)) if job.options.device in ("auto", "cuda") else 0
        workers = job.options.workers or gpus or int(resources.get("CPU", 1))
        dataset = from_items([asdict(shard) for shard in shards]).map_batches(
            _ShardMapper,
            fn_constructor_args=(job, os.environ.get(CODE_VARIABLE, "")),
            batch_size=1,
            concurrency=min(workers, len(shards)),
            num_gpus=1 if gpus else None,
        )
        for row in dataset.iter_rows():
            on_rows(int(row["rows"]))
    finally:
        if is_own:
            ray.shutdown()
