"""Apply a function to several items in parallel."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Generator[Result, None, None]:
    """Apply a function to several items at a time in threads, and yield the results in the order of the items.

    The threads end with the iteration. If the process is forked meanwhile, the child computes pending results again.

    Parameters
    ----------
    function : callable
    items : iterable
        At most `2 * workers + 1` items are read ahead.
    workers : int
        The number of threads; with 1 no thread is started.

    Yields
    ------
    object
        The result of each item.

    Examples
    --------
    >>> from affetto._parallel import map_in_order
    >>> list(map_in_order(abs, [-1, 2, -3], workers=2))
    [1, 2, 3]
    """
    if workers == 1:
        yield from map(function, items)
        return
    process, pool = os.getpid(), ThreadPoolExecutor(workers)
    pending: deque[tuple[Item, Future[Result]]] = deque()

    def restart_after_fork() -> None:
        nonlocal process, pool, pending
        if os.getpid() != process:
            process, pool = os.getpid(), ThreadPoolExecutor(workers)
            pending = deque((item, pool.submit(function, item)) for item, _ in pending)

    try:
        for item in items:
            restart_after_fork()
            pending.append((item, pool.submit(function, item)))
            if len(pending) > 2 * workers:
                yield pending.popleft()[1].result()
        while pending:
            restart_after_fork()
            yield pending.popleft()[1].result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # also after an interrupt, without waiting
