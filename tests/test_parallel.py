from __future__ import annotations

import os
import threading
import time

import pytest

from affetto._parallel import map_in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_results_are_in_the_order_of_the_items(workers: int) -> None:
    def late_if_even(number: int) -> int:
        time.sleep(0.01 * (number % 2 == 0))
        return number

    assert list(map_in_order(late_if_even, range(20), workers=workers)) == list(range(20))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_is_raised_in_place_of_its_result(workers: int) -> None:
    results = map_in_order(lambda divisor: 6 // divisor, [3, 0, 2], workers=workers)
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_threads_end_with_the_iteration() -> None:
    before = set(threading.enumerate())
    unfinished = map_in_order(abs, iter(range(1_000)), workers=4)
    next(unfinished)
    unfinished.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_an_iteration_continues_in_a_forked_child_and_in_its_parent() -> None:
    results = map_in_order(abs, iter(range(30)), workers=2)
    seen = [next(results)]
    child = os.fork()
    if child == 0:
        complete = False
        try:
            complete = seen + list(results) == list(range(30))
        finally:
            os._exit(0 if complete else 1)
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    if ended[0] == 0:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert ended == (child, 0)
    assert seen + list(results) == list(range(30))
