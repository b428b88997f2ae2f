"""A bounded queue of recognitions, each on one processor."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import ClientDisconnect

from affetto.server.problems import ProblemError, busy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Result = TypeVar("Result")


class _StoppedError(Exception):
    """Nobody waits for the recognition any more."""


class RecognitionQueue:
    """Runs functions in threads, some at a time, while others wait.

    Parameters
    ----------
    threads : int
        How many run at a time.
    max_waiting : int
        How many may wait.
    timeout_s : float
        How long one may wait and run.
    max_duration_s : float
        The longest recording, in seconds of sound.

    Attributes
    ----------
    n_pending : int
        How many wait or run.
    """

    def __init__(self, *, threads: int, max_waiting: int, timeout_s: float, max_duration_s: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="recognition")
        self._limit = threads + max_waiting
        self._timeout_s = timeout_s
        self._max_duration_s = max_duration_s
        self.n_pending = 0

    async def run(
        self, function: Callable[[Callable[[float], None]], Result], *, abandoned: Callable[[], Awaitable[None]]
    ) -> Result:
        """Run a function.

        Parameters
        ----------
        function : callable
            Takes the `progress` of `Recognizer.recognize`, which ends it when it takes too long.
        abandoned : callable
            Returns an awaitable, which is done when nobody waits for the result any more.

        Raises
        ------
        ProblemError
            If too many wait already, if it takes too long, or if the recording is too long.
        ClientDisconnect
            If nobody waits for the result any more.
        """
        if self.n_pending >= self._limit:
            raise busy(f"{self.n_pending} requests wait or run already")
        stopped, deadline_s = Event(), time.monotonic() + self._timeout_s
        begin_s: float | None = None

        def progress(position_s: float) -> None:
            if stopped.is_set() or time.monotonic() > deadline_s:
                raise _StoppedError
            if position_s > self._max_duration_s:
                raise ProblemError(
                    "recording-too-long",
                    f"the recording is longer than {self._max_duration_s:g} s, the most that this service takes",
                )

        def started() -> Result:
            nonlocal begin_s
            progress(0)
            begin_s = time.monotonic()
            return function(progress)

        self.n_pending += 1
        loop = asyncio.get_running_loop()
        running = self._executor.submit(started)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finish))
        job: asyncio.Future[Result] = asyncio.wrap_future(running)
        watch = asyncio.ensure_future(abandoned())
        try:
            futures: set[asyncio.Future[Any]] = {job, watch}
            await asyncio.wait(futures, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if job.done():
                return job.result()
            if watch.done():
                raise ClientDisconnect
            raise self._too_slow(begin_s)
        except _StoppedError:
            raise self._too_slow(begin_s) from None
        finally:
            stopped.set()
            job.cancel()
            watch.cancel()

    def close(self) -> None:
        """Wait for what runs, and end the threads."""
        self._executor.shutdown(cancel_futures=True)

    def _finish(self) -> None:
        self.n_pending -= 1

    def _too_slow(self, begin_s: float | None) -> ProblemError:
        """Return the problem of a recognition that began at a time, or never."""
        if begin_s is not None and time.monotonic() - begin_s > self._timeout_s / 2:
            return ProblemError(
                "recognition-too-slow", f"the recording could not be recognized within {self._timeout_s:g} s"
            )
        return busy(f"the recording waited too long to be recognized within {self._timeout_s:g} s", retry_after_s=10)
