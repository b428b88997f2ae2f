from __future__ import annotations

import asyncio
import time
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import ClientDisconnect
from tests.server.conftest import Running, running
from tests.server.test_uploads import open_upload, problem_of

from affetto.server.problems import ProblemError
from affetto.server.recognition_queue import RecognitionQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def patient() -> Iterator[RecognitionQueue]:
    """One runs and one waits, for half a minute."""
    queue = RecognitionQueue(threads=1, max_waiting=1, timeout_s=30, max_duration_s=60)
    yield queue
    queue.close()


@pytest.fixture
def queue() -> Iterator[RecognitionQueue]:
    """One runs and one waits, for half a second, with a minute of sound."""
    queue = RecognitionQueue(threads=1, max_waiting=1, timeout_s=0.5, max_duration_s=60)
    yield queue
    queue.close()


async def never() -> None:
    await asyncio.Event().wait()


async def drained(queue: RecognitionQueue) -> None:
    """Wait until nothing waits or runs."""
    async with asyncio.timeout(2):
        while queue.n_pending:
            await asyncio.sleep(0.005)


async def failed(queue: RecognitionQueue, function: Any) -> str:
    """The name of the problem that a function ends with."""
    with pytest.raises(ProblemError) as error:
        await queue.run(function, abandoned=never)
    return error.value.kind


def until_stopped(progress: Callable[[float], None]) -> None:
    """Decode for ever."""
    while True:
        progress(0)
        time.sleep(0.005)


def test_results_and_errors_come_through(queue: RecognitionQueue) -> None:
    async def main() -> None:
        assert await queue.run(lambda _: 5, abandoned=never) == 5
        with pytest.raises(ZeroDivisionError):
            await queue.run(lambda _: 1 / 0, abandoned=never)
        await drained(queue)

    asyncio.run(main())


def test_one_too_many_is_refused_at_once(patient: RecognitionQueue) -> None:
    async def main() -> None:
        free = Event()
        running = asyncio.create_task(patient.run(lambda _: free.wait(20), abandoned=never))
        waiting = asyncio.create_task(patient.run(lambda _: "second", abandoned=never))
        await asyncio.sleep(0.01)
        assert await failed(patient, lambda _: "third") == "busy"
        free.set()
        assert (await running, await waiting) == (True, "second")
        await drained(patient)

    asyncio.run(main())


def test_recordings_that_take_too_long_end(queue: RecognitionQueue) -> None:
    async def main() -> None:
        assert await failed(queue, until_stopped) == "recognition-too-slow"
        await drained(queue)
        assert await queue.run(lambda _: 5, abandoned=never) == 5

    asyncio.run(main())


def test_deadline_includes_waiting(queue: RecognitionQueue) -> None:
    async def main() -> None:
        free, called = Event(), Event()
        running = asyncio.create_task(failed(queue, lambda _: free.wait(0.7)))
        await asyncio.sleep(0.01)
        assert await failed(queue, lambda _: called.set()) == "busy"
        free.set()
        assert await running == "recognition-too-slow"
        await drained(queue)
        assert not called.is_set()

    asyncio.run(main())


def test_recordings_longer_than_allowed_end(queue: RecognitionQueue) -> None:
    def decoded(progress: Callable[[float], None]) -> None:
        for position_s in range(100):
            progress(position_s)
        pytest.fail("it went on")

    async def main() -> None:
        assert await failed(queue, decoded) == "recording-too-long"
        await drained(queue)

    asyncio.run(main())


@pytest.mark.parametrize("waits", [False, True])
def test_nobody_waits_any_more(patient: RecognitionQueue, waits: bool) -> None:
    async def gone() -> None:
        await asyncio.sleep(0.02)

    async def main() -> None:
        free = Event()
        if waits:
            first = asyncio.create_task(patient.run(lambda _: free.wait(20), abandoned=never))
            await asyncio.sleep(0)
        with pytest.raises(ClientDisconnect):
            await patient.run(until_stopped, abandoned=gone)
        free.set()
        if waits:
            await first
        await drained(patient)

    asyncio.run(main())


def test_cancelled_requests_free_their_place(queue: RecognitionQueue) -> None:
    async def main() -> None:
        task = asyncio.create_task(queue.run(until_stopped, abandoned=never))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await drained(queue)

    asyncio.run(main())


@pytest.fixture(scope="module")
def single() -> Iterator[Running]:
    """A service that recognizes one recording at a time, of any length, and lets none wait."""
    with running(max_waiting=0, max_duration_s=86_400) as started:
        yield started


def wait_until_busy(started: Running) -> None:
    limit = time.monotonic() + 5
    while not started.state.queue.n_pending:
        assert time.monotonic() < limit
        time.sleep(0.002)


def test_full_service_says_when_to_come_back(single: Running, hours_of_silence: bytes, angry: bytes) -> None:
    with open_upload(single, length=len(hours_of_silence), content=hours_of_silence):
        wait_until_busy(single)
        problem = single.post(angry)
        assert problem_of(problem) == (503, "busy")
        assert int(problem.headers["retry-after"]) > 0
        assert single.client.get("/healthz").status_code == 200
        assert "affetto_queue 1.0" in single.client.get("/metrics").text
    single.wait_until_idle()
    assert single.post(angry).status_code == 200


def test_client_that_vanishes_frees_its_place(single: Running, hours_of_silence: bytes, angry: bytes) -> None:
    with open_upload(single, length=len(hours_of_silence), content=hours_of_silence):
        wait_until_busy(single)
    single.wait_until_idle(timeout_s=0.5)
    assert single.post(angry).status_code == 200
