from __future__ import annotations

import asyncio
import logging
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from tests.integrations.trouble import Recording, TroubledRecognizer

from affetto.integrations._listener import MAX_VOICES, QUEUE_S, SpeechListener

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path
    from typing import Any

    from affetto import Recognition, Recognizer, Segment


class Heard(SpeechListener):
    """A listener that remembers its segments."""

    def __init__(self, recognizer: Recognizer) -> None:
        super().__init__(recognizer, self._remember)
        self.segments: list[tuple[str, Segment]] = []

    async def _remember(self, name: str, segment: Segment) -> None:
        self.segments.append((name, segment))

    async def hear(
        self, recording: Recording, start_s: float = 0.0, end_s: float | None = None, name: str = ""
    ) -> None:
        """Push sound twenty times as fast as it was spoken."""
        for piece in recording.pieces(start_s, end_s):
            self.push(piece, sample_rate_hz=recording.sample_rate_hz, name=name)
            await asyncio.sleep(0.001)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run in an event loop, and check that nothing is left behind."""

    async def alone() -> None:
        await asyncio.wait_for(coroutine, 30)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(alone())
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("affetto") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left behind"
        time.sleep(0.01)


@pytest.mark.usefixtures("patient")
def test_segments_arrive_in_order_and_a_turn_summarizes_them(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    async def converse() -> None:
        listener = Heard(recognizer)
        await listener.hear(sequence, end_s=8.0)
        turn = await listener.turn()
        assert [segment.end_s for _, segment in listener.segments] == [s.end_s for s in recognized.segments[:3]]
        assert turn is not None
        assert turn["emotion"] in recognizer.labels
        assert [segment["end_s"] for segment in turn["segments"]] == [s.end_s for s in recognized.segments[:3]]
        assert await listener.turn() is None
        await listener.hear(sequence, start_s=8.0, end_s=9.0)
        await listener.flush()
        assert len(listener.segments) == 4
        await listener.close()
        await listener.close()

    run(converse())


def test_without_sound_there_is_no_emotion_but_advice(recognizer: Recognizer, caplog: pytest.LogCaptureFixture) -> None:
    async def converse() -> None:
        listener = Heard(recognizer)
        listener.push(b"", sample_rate_hz=16_000)
        listener.push(bytes(320), sample_rate_hz=0)
        assert await listener.turn() is None
        assert await listener.turn() is None
        await listener.flush()
        await listener.close()

    run(converse())
    assert len(caplog.records) == 1
    assert "before any sound" in caplog.text


@pytest.mark.usefixtures("patient")
def test_each_voice_is_recognized_by_itself(recognizer: Recognizer, root: Path) -> None:
    ada, ben = (Recording(root / "examples" / name) for name in ("sad.flac", "happy.flac"))

    async def converse() -> None:
        listener = Heard(recognizer)
        await listener.hear(ada, name="ada")
        only = await listener.turn("unknown")
        await listener.hear(ben, name="ben")
        turns = [await listener.turn(name) for name in ("ada", "ben", "unknown")]
        await listener.flush()
        await listener.close()
        assert only is not None
        assert only["emotion"] == "sad"
        assert turns[0] is None
        assert turns[1] is not None
        assert turns[1]["emotion"] == "happy"
        assert turns[2] is None
        assert {name: segment.emotion for name, segment in listener.segments} == {"ada": "sad", "ben": "happy"}

    run(converse())


def test_voices_that_left_are_forgotten(recognizer: Recognizer, sequence: Recording) -> None:
    async def converse() -> None:
        listener = Heard(recognizer)
        await listener.hear(sequence, end_s=1.0, name="first")
        for number in range(MAX_VOICES):
            await listener.hear(sequence, end_s=0.1, name=str(number))
        assert await listener.turn("first") is None
        await listener.close()

    run(converse())


def test_the_event_loop_goes_on_while_sound_is_recognized(troubled: TroubledRecognizer, sequence: Recording) -> None:
    troubled.delay_s = 0.5

    async def converse() -> None:
        listener = Heard(troubled)
        listener.push(next(sequence.pieces()), sample_rate_hz=sequence.sample_rate_hz)
        longest_s = 0.0
        for _ in range(40):
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest_s = max(longest_s, time.perf_counter() - before)
        assert longest_s < 0.2
        await listener.close()

    run(converse())


def test_slow_recognition_leaves_sound_out_warns_once_and_keeps_the_time(
    troubled: TroubledRecognizer, sequence: Recording, recognized: Recognition, caplog: pytest.LogCaptureFixture
) -> None:
    second = recognized.segments[1]

    async def converse() -> None:
        listener = Heard(troubled)
        troubled.delay_s = 0.3
        silence = bytes(2 * sequence.sample_rate_hz)
        for _ in range(60):
            listener.push(silence, sample_rate_hz=sequence.sample_rate_hz)
        assert await listener.turn() is None
        troubled.delay_s = 0.0
        await listener.flush()
        await listener.hear(sequence, start_s=second.start_s - 0.4, end_s=second.end_s + 0.4)
        await listener.flush()
        await listener.close()
        ((_, segment),) = listener.segments
        assert segment.start_s == pytest.approx(60.4, abs=0.1)

    with caplog.at_level(logging.WARNING):
        run(converse())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "left out" in caplog.text


def test_memory_does_not_grow_while_recognition_hangs(
    troubled: TroubledRecognizer, sequence: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affetto.integrations._listener.TURN_TIMEOUT_S", 0.001)
    piece_bytes = len(next(sequence.pieces()))

    async def converse() -> None:
        listener = Heard(troubled)
        troubled.delay_s = 1.0
        tracemalloc.start()
        for number in range(60 * 50):  # a minute
            listener.push(bytes(piece_bytes), sample_rate_hz=sequence.sample_rate_hz)
            if number % 100 == 0:
                await listener.turn()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert grown < 2 * QUEUE_S * 50 * piece_bytes
        await listener.close()
        troubled.delay_s = 0.0

    run(converse())


@pytest.mark.usefixtures("patient")
def test_failed_recognition_is_logged_once_and_begins_anew(
    troubled: TroubledRecognizer, sequence: Recording, recognized: Recognition, caplog: pytest.LogCaptureFixture
) -> None:
    async def converse() -> None:
        listener = Heard(troubled)
        troubled.error = RuntimeError("the model is on fire")
        await listener.hear(sequence, end_s=2.2)
        assert await listener.turn() is None
        troubled.error = None
        await listener.hear(sequence, start_s=2.2, end_s=5.0)
        turn = await listener.turn()
        await listener.close()
        assert turn is not None
        assert turn["segments"][0]["start_s"] == pytest.approx(recognized.segments[1].start_s, abs=0.1)

    with caplog.at_level(logging.WARNING):
        run(converse())
    (record,) = caplog.records
    assert "the model is on fire" in caplog.text
    assert record.name.startswith("affetto")


def test_a_sample_rate_that_cannot_be_recognized_is_logged_once(
    recognizer: Recognizer, caplog: pytest.LogCaptureFixture
) -> None:
    async def converse() -> None:
        listener = Heard(recognizer)
        for _ in range(5):
            listener.push(bytes(80), sample_rate_hz=4_000)
        assert await listener.turn() is None
        await listener.close()

    run(converse())
    assert len(caplog.records) == 1
    assert "4,000" in caplog.text or "4000" in caplog.text


@pytest.mark.usefixtures("patient")
def test_what_is_done_with_a_segment_may_fail(
    recognizer: Recognizer, sequence: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    calls = 0

    async def fail(_: str, segment: Segment) -> None:
        nonlocal calls
        calls += 1
        raise KeyError(segment.emotion)

    async def converse() -> None:
        listener = SpeechListener(recognizer, fail)
        for piece in sequence.pieces(end_s=5.0):
            listener.push(piece, sample_rate_hz=sequence.sample_rate_hz)
        await listener.flush()
        turn = await listener.turn()
        await listener.close()
        assert turn is not None
        assert len(turn["segments"]) == calls == 2

    run(converse())
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("patient")
def test_cancelling_who_waits_for_a_turn_leaves_the_rest_alone(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    async def converse() -> None:
        listener = Heard(troubled)
        troubled.delay_s = 0.05
        for piece in sequence.pieces(end_s=0.4):
            listener.push(piece, sample_rate_hz=sequence.sample_rate_hz)
        waiting = asyncio.create_task(listener.turn())
        await asyncio.sleep(0.1)
        waiting.cancel()
        troubled.delay_s = 0.0
        await listener.hear(sequence, start_s=0.4, end_s=2.2)
        turn = await listener.turn()
        await listener.close()
        assert turn is not None
        assert len(listener.segments) == 1

    run(converse())


@pytest.mark.usefixtures("patient")
def test_sound_may_come_in_one_piece(recognizer: Recognizer, sequence: Recording) -> None:
    async def converse() -> None:
        listener = Heard(recognizer)
        listener.push(sequence.samples.tobytes(), sample_rate_hz=sequence.sample_rate_hz)
        await listener.flush()
        await listener.close()
        assert len(listener.segments) == 6

    run(converse())


def test_closing_does_not_wait_for_the_queue(troubled: TroubledRecognizer, sequence: Recording) -> None:
    async def converse() -> None:
        listener = Heard(troubled)
        troubled.delay_s = 0.2
        for piece in sequence.pieces(end_s=5.0):
            listener.push(piece, sample_rate_hz=sequence.sample_rate_hz)
        await asyncio.sleep(0.05)
        before = time.perf_counter()
        await listener.close()
        assert time.perf_counter() - before < 0.15

    run(converse())
