"""Dynamic batching: what arrives while the model works is its next batch."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class QueueFullError(Exception):
    """More jobs wait than are allowed to."""


class ClosedError(Exception):
    """No more jobs are accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ticket(Generic[Job, Result]):
    """A job and the place where its own result is put; the two never part."""

    job: Job
    future: asyncio.Future[Result]


class Batcher(Generic[Job, Result]):
    """Collect concurrent jobs into batches for one worker thread.

    Nothing waits for a batch to fill: an idle worker takes a lone job at once, a busy one finds
    all that came meanwhile. A batch that fails is worked job by job, so that a job fails alone.

    Args:
        work: Returns a result for each job, in order; called in the worker thread only.
        size: Cost of a job.
        max_batch: Cost of a batch; a dearer job comes alone.
        max_queue: Jobs that may wait.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], Sequence[Result]],
        *,
        size: Callable[[Job], int],
        max_batch: int,
        max_queue: int,
    ) -> None:
        self._work, self._size = work, size
        self._max_batch, self._max_queue = max_batch, max_queue
        self._queue: asyncio.Queue[_Ticket[Job, Result]] = asyncio.Queue()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gmf-model")
        self._task: asyncio.Task[None] | None = None
        self._held: _Ticket[Job, Result] | None = None
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Jobs that wait; those in work are not among them."""
        return self._waiting

    @property
    def is_open(self) -> bool:
        """Whether jobs are accepted and worked."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to accept jobs; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def submit(self, jobs: Sequence[Job]) -> list[Result | Exception]:
        """Return the result of each job in order; a job's failure in place of its result.

        All jobs are accepted or none. Jobs of a cancelled call that still wait are dropped.

        Raises:
            QueueFullError: If too many jobs wait.
            ClosedError: If the batcher is not open.
        """
        if not self.is_open:
            raise ClosedError
        if self._waiting + len(jobs) > self._max_queue:
            raise QueueFullError
        loop = asyncio.get_running_loop()
        tickets = [_Ticket(job, loop.create_future()) for job in jobs]
        self._waiting += len(tickets)
        for ticket in tickets:
            self._queue.put_nowait(ticket)
        results = await asyncio.gather(*(t.future for t in tickets), return_exceptions=True)
        return [_not_fatal(result) for result in results]

    async def stop(self) -> None:
        """Finish what was accepted, then end the worker."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            await self._queue.join()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._worker.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = await self._next_batch()
            tickets = [ticket for ticket in batch if not ticket.future.done()]
            if tickets:
                jobs = [ticket.job for ticket in tickets]
                results = await loop.run_in_executor(self._worker, self._results, jobs)
                for ticket, result in zip(tickets, results, strict=True):
                    if ticket.future.done():
                        continue
                    if isinstance(result, Exception):
                        ticket.future.set_exception(result)
                    else:
                        ticket.future.set_result(result)
            for _ in batch:
                self._queue.task_done()

    async def _next_batch(self) -> list[_Ticket[Job, Result]]:
        first, self._held = self._held or await self._queue.get(), None
        batch, cost = [first], self._size(first.job)
        while not self._queue.empty():
            ticket = self._queue.get_nowait()
            cost += self._size(ticket.job)
            if cost > self._max_batch:
                self._held = ticket
                break
            batch.append(ticket)
        self._waiting -= len(batch)
        return batch

    def _results(self, jobs: Sequence[Job]) -> list[Result | Exception]:
        try:
            results = self._work(jobs)
            if len(results) != len(jobs):
                raise RuntimeError(f"{len(results)} results for {len(jobs)} jobs")
            return list(results)
        except Exception as error:  # Whatever one job does must not end the worker.
            if len(jobs) == 1:
                return [error]
            return [self._results([job])[0] for job in jobs]


def _not_fatal(result: Result | BaseException) -> Result | Exception:
    if isinstance(result, BaseException) and not isinstance(result, Exception):
        raise result
    return result
