import asyncio
import threading
import time

import pytest

from gmf.serving.batcher import Batcher, ClosedError, QueueFullError


def make(work, *, max_batch=8, max_queue=1000, size=lambda job: 1):
    return Batcher(work, size=size, max_batch=max_batch, max_queue=max_queue)


async def stopped(batcher, use):
    batcher.start()
    try:
        return await use()
    finally:
        await batcher.stop()


def test_every_caller_gets_its_own_results_in_order():
    sizes = []

    def square(jobs):
        sizes.append(len(jobs))
        time.sleep(0.001)
        return [job * job for job in jobs]

    batcher = make(square)

    async def caller(start):
        mine = list(range(start, start + start % 4 + 1))
        await asyncio.sleep(start % 7 / 1000)
        return mine, await batcher.submit(mine)

    async def callers():
        return await asyncio.gather(*map(caller, range(0, 600, 10)))

    found = asyncio.run(stopped(batcher, callers))
    for mine, results in found:
        assert results == [job * job for job in mine]
    assert max(sizes) > 1
    assert max(sizes) <= 8


def test_a_failing_job_fails_alone():
    def work(jobs):
        if "bad" in jobs:
            raise ValueError("poison")
        return [job.upper() for job in jobs]

    batcher = make(work)
    results = asyncio.run(stopped(batcher, lambda: batcher.submit(["a", "bad", "b"])))
    assert [results[0], results[2]] == ["A", "B"]
    assert isinstance(results[1], ValueError)


def test_a_wrong_number_of_results_fails_and_never_shifts_them():
    batcher = make(lambda jobs: ["only one"])
    results = asyncio.run(stopped(batcher, lambda: batcher.submit([1, 2, 3])))
    assert results == ["only one"] * 3  # each job was worked again alone
    batcher = make(lambda jobs: [1, 2])
    [result] = asyncio.run(stopped(batcher, lambda: batcher.submit([1])))
    with pytest.raises(RuntimeError, match="2 results for 1 jobs"):
        raise result


def test_batches_are_bounded_by_cost_and_a_dear_job_comes_alone():
    seen, gate = [], threading.Event()

    def work(jobs):
        gate.wait(5)
        seen.append(list(jobs))
        return jobs

    batcher = make(work, size=lambda job: job)

    async def all_at_once():
        calls = asyncio.gather(*(batcher.submit([job]) for job in (1, 5, 3, 1, 20, 2)))
        await asyncio.sleep(0.05)
        gate.set()
        return await calls

    assert asyncio.run(stopped(batcher, all_at_once)) == [[1], [5], [3], [1], [20], [2]]
    assert [job for batch in seen for job in batch] == [1, 5, 3, 1, 20, 2]
    assert [20] in seen
    assert all(sum(batch) <= 8 for batch in seen if batch != [20])


def test_full_queue_takes_all_jobs_or_none():
    gate = threading.Event()

    def work(jobs):
        gate.wait(5)
        return jobs

    batcher = make(work, max_queue=3)

    async def overfill():
        first = asyncio.create_task(batcher.submit(["working"]))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(batcher.submit(["a", "b"]))
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await batcher.submit(["c", "d"])
        last = asyncio.create_task(batcher.submit(["e"]))
        await asyncio.sleep(0)
        assert batcher.waiting == 3
        gate.set()
        return [await first, await waiting, await last]

    assert asyncio.run(stopped(batcher, overfill)) == [["working"], ["a", "b"], ["e"]]


def test_cancelled_jobs_are_not_worked():
    seen, gate = [], threading.Event()

    def work(jobs):
        gate.wait(5)
        seen.extend(jobs)
        return jobs

    batcher = make(work)

    async def cancel_one():
        first = asyncio.create_task(batcher.submit(["first"]))
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await batcher.submit(["late"])
        last = asyncio.create_task(batcher.submit(["last"]))
        await asyncio.sleep(0)
        gate.set()
        return await first, await last

    assert asyncio.run(stopped(batcher, cancel_one)) == (["first"], ["last"])
    assert seen == ["first", "last"]


def test_stop_finishes_what_was_accepted_and_refuses_more():
    def slow(jobs):
        time.sleep(0.02)
        return jobs

    batcher = make(slow, max_batch=1)

    async def stop_early():
        batcher.start()
        calls = [asyncio.create_task(batcher.submit([job])) for job in range(5)]
        await asyncio.sleep(0.01)
        stop = asyncio.create_task(batcher.stop())
        await asyncio.sleep(0)
        with pytest.raises(ClosedError):
            await batcher.submit([99])
        await stop
        return [await call for call in calls]

    assert asyncio.run(stop_early()) == [[0], [1], [2], [3], [4]]
