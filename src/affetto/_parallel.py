"""Several items at a time, in their order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Generator[Result, None, None]:
    """Apply a function to several items at a time, in threads, and yield the results in the order of the items.

    The threads live as long as the iteration: none is left to be missing after a fork. If the process forks on the way,
    the child begins the results that are still out anew.

    Parameters
    ----------
    function : callable
    items : iterable
        May be endless: it is read at most `2 * workers + 1` items ahead.
    workers : int
        How many at a time; 1 does without threads, as does a single item.

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
    items = iter(items)
    first = list(islice(items, 2))
    if workers == 1 or len(first) < 2:
        # A thread for one item would only take turns with the one that looks for a second.
        yield from map(function, chain(first, items))
        return
    process, pool = os.getpid(), ThreadPoolExecutor(workers)
    pending: deque[tuple[Item, Future[Result]]] = deque()

    def begin_anew_after_fork() -> None:
        nonlocal process, pool, pending
        if os.getpid() != process:
            process, pool = os.getpid(), ThreadPoolExecutor(workers)
            pending = deque((item, pool.submit(function, item)) for item, _ in pending)

    def next_result() -> Result:
        begin_anew_after_fork()
        return pending.popleft()[1].result()

    try:
        for item in chain(first, items):
            begin_anew_after_fork()
            pending.append((item, pool.submit(function, item)))
            if len(pending) > 2 * workers:
                yield next_result()
        while pending:
            yield next_result()
    finally:
        # An iteration that is broken off, as by Ctrl-C, waits for nothing any more.
        pool.shutdown(wait=False, cancel_futures=True)
