"""The stage in real pipelines of Pipecat, with recorded sound."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pipecat", reason="the extra pipecat is not installed; `make test-agents` installs it")

from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    TextFrame,
    TranscriptionFrame,
    UserAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner
from tests.integrations.trouble import Recording, TroubledRecognizer

from affetto.integrations.pipecat import EmotionFrame, EmotionProcessor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from affetto import Recognition, Recognizer


class Collector(FrameProcessor):
    """Collects what passes downstream."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == FrameDirection.DOWNSTREAM:
            self.frames.append(frame)
        await self.push_frame(frame, direction)

    def of(self, kind: type[Frame]) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]


def converse(recognizer: Recognizer, frames: Iterable[Frame | float]) -> Collector:
    """Send frames through a pipeline, sound at twenty times its speed; a number is a pause in seconds."""

    async def run() -> Collector:
        collector = Collector()
        worker = PipelineWorker(
            Pipeline([EmotionProcessor(recognizer), collector]), enable_rtvi=False, cancel_on_idle_timeout=False
        )
        has_started = asyncio.Event()

        async def started(*_: Any) -> None:
            has_started.set()

        worker.add_event_handler("on_pipeline_started", started)

        async def send() -> None:
            await has_started.wait()
            for frame in frames:
                if isinstance(frame, Frame):
                    await worker.queue_frame(frame)
                await asyncio.sleep(frame if isinstance(frame, float) else 0.001)
            await worker.queue_frame(EndFrame())

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await asyncio.wait_for(asyncio.gather(runner.run(), send()), 30)
        assert len(asyncio.all_tasks()) == 1
        return collector

    collector = asyncio.run(run())
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("affetto") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left behind"
        time.sleep(0.01)
    return collector


def sound(recording: Recording, start_s: float = 0.0, end_s: float | None = None) -> list[Frame | float]:
    return [InputAudioRawFrame(piece, recording.sample_rate_hz, 1) for piece in recording.pieces(start_s, end_s)]


def transcript(text: str, user_id: str = "") -> TranscriptionFrame:
    return TranscriptionFrame(text, user_id, "2026-01-01T00:00:00")


def test_each_segment_is_a_frame_and_each_transcript_carries_its_turn(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first, second, *_ = recognized.segments
    frames: list[Frame | float] = [
        *sound(sequence, 0, second.start_s - 0.2),
        0.1,
        transcript("one"),
        *sound(sequence, second.start_s - 0.2, second.end_s + 0.1),
        0.1,
        transcript("two"),
        *sound(sequence, second.end_s + 0.1),
        transcript("rest"),
    ]
    collector = converse(recognizer, frames)
    emotions = [frame.segment for frame in collector.of(EmotionFrame)]
    assert [segment.start_s for segment in emotions] == [segment.start_s for segment in recognized.segments]
    one, two, rest = (frame.metadata["affetto"] for frame in collector.of(TranscriptionFrame))
    assert one["emotion"] == emotions[0].emotion
    assert one["probabilities"] == pytest.approx(first.probabilities, abs=0.02)
    assert [segment["start_s"] for segment in two["segments"]] == [second.start_s]  # it had not ended yet
    assert len(rest["segments"]) == 4
    position = [frame for frame in collector.frames if not isinstance(frame, InputAudioRawFrame)]
    kinds = [type(frame) for frame in position]
    assert kinds.index(EmotionFrame) < kinds.index(TranscriptionFrame)
    assert kinds.index(EndFrame) > max(index for index, kind in enumerate(kinds) if kind is EmotionFrame)


def test_all_frames_pass_in_order(recognizer: Recognizer, sequence: Recording) -> None:
    pieces = sound(sequence, end_s=5.0)
    frames = [frame for piece in pieces for frame in (piece, TextFrame("a"), transcript("b"))]
    collector = converse(recognizer, frames)
    for kind in (InputAudioRawFrame, TextFrame):
        assert collector.of(kind) == [frame for frame in frames if isinstance(frame, kind)]


def test_users_are_told_apart(recognizer: Recognizer, root: Path) -> None:
    ada, ben = (Recording(root / "examples" / name) for name in ("sad.flac", "happy.flac"))
    frames: list[Frame | float] = []
    for one, other in zip(ada.pieces(), ben.pieces(), strict=False):
        frames += [UserAudioRawFrame(one, 16_000, 1, user_id="ada"), UserAudioRawFrame(other, 16_000, 1, user_id="ben")]
    collector = converse(recognizer, [*frames, transcript("b", "ben"), transcript("a", "ada")])
    ben_said, ada_said = (frame.metadata["affetto"] for frame in collector.of(TranscriptionFrame))
    assert (ada_said["emotion"], ben_said["emotion"]) == ("sad", "happy")
    assert {frame.user_id: frame.segment.emotion for frame in collector.of(EmotionFrame)} == {
        "ada": "sad",
        "ben": "happy",
    }


def test_a_recognizer_that_fails_does_not_stop_the_conversation(
    troubled: TroubledRecognizer, sequence: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    troubled.error = RuntimeError("the model is on fire")
    frames = [*sound(sequence, end_s=3.0), transcript("one"), *sound(sequence, 3.0, 5.0), transcript("two")]
    with caplog.at_level(logging.WARNING):
        collector = converse(troubled, frames)
    assert [frame for frame in collector.frames if frame in frames] == frames
    assert [frame.metadata for frame in collector.of(TranscriptionFrame)] == [{}, {}]
    assert sum("the model is on fire" in (record.exc_text or "") for record in caplog.records) == 1


def test_a_recognizer_that_is_slow_delays_a_transcript_by_less_than_half_a_second(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    troubled.delay_s = 0.1
    began = time.perf_counter()
    collector = converse(troubled, [*sound(sequence, end_s=1.0), transcript("one"), CancelFrame()])
    assert len(collector.of(InputAudioRawFrame)) == 50
    assert time.perf_counter() - began < 3
    assert all(frame.metadata == {} for frame in collector.of(TranscriptionFrame))


def test_an_interruption_loses_no_transcript_that_waits_for_its_emotion(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    troubled.delay_s = 0.2
    frames: list[Frame | float] = [next(iter(sound(sequence))), transcript("one"), 0.05, InterruptionFrame(), 0.5]
    (said,) = converse(troubled, frames).of(TranscriptionFrame)
    assert said.interruptible


def test_cancelling_leaves_nothing_behind(troubled: TroubledRecognizer, sequence: Recording) -> None:
    troubled.delay_s = 0.1
    collector = converse(troubled, [*sound(sequence, end_s=2.0), CancelFrame()])
    assert collector.of(EmotionFrame) == []
