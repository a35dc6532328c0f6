"""Trainings beside each other, each in a process of its own."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any


def train_each(
    work: Callable[..., str], runs: Sequence[tuple[Any, ...]], *, jobs: int
) -> Iterator[None]:
    """Yield after each run that was trained; print what came out of it, or why it failed.

    Args:
        work: Trains a run, whose parts are its arguments; returns a line of what came out.
        runs: The runs.
        jobs: How many at a time.

    Raises:
        SystemExit: When all have ended, if one failed.
    """
    failed = 0
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as processes:
        for done in as_completed([processes.submit(work, *run) for run in runs]):
            error = done.exception()
            print(error or done.result(), file=sys.stderr, flush=True)
            failed += error is not None
            if error is None:
                yield
    if failed:
        sys.exit(f"error: {failed} of {len(runs)} runs failed, see above")
