import threading

import pytest

from gmf.training.loading import ahead


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_results_come_in_order_and_once(count):
    seen = []
    assert list(ahead(lambda n: seen.append(n) or 10 * n, range(6), count=count)) == [
        10 * n for n in range(6)
    ]
    assert seen == list(range(6))


def test_a_thread_works_ahead_but_not_further():
    done, waiting, threads = [], threading.Semaphore(0), set()

    def work(number):
        done.append(number)
        threads.add(threading.current_thread())
        waiting.release()
        return number

    results = ahead(work, range(9), count=2)
    assert next(results) == 0
    for _ in range(3):
        assert waiting.acquire(timeout=5)
    assert done == [0, 1, 2]
    assert threads == {thread for thread in threads if thread.name.startswith("gmf-ahead")}
    results.close()
    assert done == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 2])
def test_an_error_comes_in_its_turn(count):
    def work(number):
        if number == 2:
            raise ValueError("two")
        return number

    results, seen = ahead(work, range(5), count=count), []
    with pytest.raises(ValueError, match="two"):
        seen.extend(results)
    assert seen == [0, 1]
