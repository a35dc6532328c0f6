"""Runs in processes of their own: one that fails or is killed takes no other with it."""

import os
import pickle
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Literal, cast

import torch
from transformers.utils import logging

from gmf.core.errors import GmfError
from gmf.core.memory import freed_memory_kept
from gmf.core.registry import CODE_VARIABLE, load_inherited_code
from gmf.experiments.suite.plan import PlannedRun
from gmf.experiments.suite.single_run import finish


@dataclass(frozen=True)
class RunEvent:
    """What happened to a run.

    Args:
        run: The run.
        kind: What happened.
        epoch: Epochs that are done.
        text: Of a run that ended, its score or why it failed.
    """

    run: PlannedRun
    kind: Literal["started", "epoch", "finished", "failed"]
    epoch: int = 0
    text: str = ""


OnEvent = Callable[[RunEvent], None]


def default_jobs() -> int:
    """Return one job a core; one where there is a GPU, which runs would have to share."""
    if torch.cuda.is_available():
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    runs: Sequence[PlannedRun],
    *,
    jobs: int,
    on_event: OnEvent,
    minutes: float | None = None,
    accept_changes: bool = False,
) -> list[PlannedRun]:
    """Train and score runs, in order, several at a time; with several, each on one thread.

    A run that fails is reported by its event and does not end the others. If this process ends, in
    whatever way, so do those that it started.

    Args:
        runs: What to do.
        jobs: Runs at a time.
        on_event: Called with each event, in this process.
        minutes: After which those that are not done are stopped.
        accept_changes: See ``finish``.

    Returns:
        Runs that the time did not suffice for.
    """
    end = None if minutes is None else time.monotonic() + 60 * minutes
    context = _context()
    waiting = deque(runs)
    working: dict[Connection, tuple[PlannedRun, BaseProcess]] = {}
    last: dict[Connection, RunEvent] = {}
    try:
        while (waiting or working) and (end is None or time.monotonic() < end):
            while waiting and len(working) < jobs:
                run = waiting.popleft()
                ours, theirs = context.Pipe(duplex=False)
                arguments = _arguments(run, accept_changes, jobs, theirs)
                process = context.Process(target=_work, args=arguments)
                process.start()
                theirs.close()
                working[ours] = run, process
                on_event(RunEvent(run, "started"))
            for connection in cast(list[Connection], wait(list(working), _remaining(end))):
                run, process = working[connection]
                try:
                    event: RunEvent = connection.recv()
                except (EOFError, OSError):
                    process.join()
                    del working[connection]
                    connection.close()
                    on_event(last.pop(connection, None) or _died(run, process.exitcode))
                    continue
                if event.kind == "epoch":
                    on_event(event)
                else:
                    last[connection] = event
    finally:
        for _, process in working.values():
            process.terminate()
            process.join()
    return [*(run for run, _ in working.values()), *waiting]


def _remaining(end: float | None) -> float | None:
    return None if end is None else max(end - time.monotonic(), 0)


def _context() -> ForkServerContext | SpawnContext:
    """Return what starts processes: from one that has the packages loaded, where that is safe."""
    # A process must not be forked from one in which some package has touched the GPU.
    if torch.cuda.is_available() or "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _arguments(
    run: PlannedRun, accept_changes: bool, jobs: int, connection: Connection
) -> tuple[object, ...]:
    # A run may hold options of a class from the user's code, which the process loads first.
    code = os.environ.get(CODE_VARIABLE, "")
    return code, pickle.dumps((run, accept_changes)), 1 if jobs > 1 else None, connection


def _work(code: str, pickled: bytes, threads: int | None, connection: Connection) -> None:
    # An interrupt reaches the parent too, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if threads is not None:
        torch.set_num_threads(threads)
    load_inherited_code(code)
    run, accept_changes = cast(tuple[PlannedRun, bool], pickle.loads(pickled))
    try:
        with freed_memory_kept():
            finished = finish(
                run,
                accept_changes=accept_changes,
                on_epoch=lambda row: connection.send(RunEvent(run, "epoch", epoch=row["epoch"])),
            )
        minutes = finished.result()["minutes"]
        text = f"test F1 {100 * finished.test_f1:.2f} (lenient), {minutes:.1f} min"
        connection.send(RunEvent(run, "finished", text=text))
    except GmfError as error:
        connection.send(RunEvent(run, "failed", text=str(error)))
    except Exception:
        # Whatever it is, it is reported at the end, and the other runs go on.
        connection.send(RunEvent(run, "failed", text=traceback.format_exc().strip()))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _died(run: PlannedRun, code: int | None) -> RunEvent:
    cause = "out of memory?" if code == -signal.SIGKILL else "see its messages above"
    return RunEvent(run, "failed", text=f"its process ended with exit code {code} ({cause})")
