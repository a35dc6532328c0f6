"""Work that a thread does ahead of whoever needs its results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def ahead(
    work: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, count: int
) -> Iterator[ResultT]:
    """Yield what becomes of each item, in order; an error comes in the place of its result.

    Args:
        work: Called with one item after the other.
        items: The items.
        count: Results that a thread has ready beyond the one in use; 0: work is done when it is
            asked for.
    """
    if not count:
        yield from map(work, items)
        return
    source = iter(items)
    pool = ThreadPoolExecutor(1, thread_name_prefix="gmf-ahead")
    try:
        waiting = deque(pool.submit(work, item) for item in islice(source, count))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(source, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
