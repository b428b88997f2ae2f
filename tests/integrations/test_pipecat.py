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
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import TypeAlias

    from affetto import Recognition, Recognizer

    Step: TypeAlias = Frame | Callable[[], bool]  # a frame to send, or what to wait for


class Collector(FrameProcessor):
    """Collects what passes in one direction."""

    def __init__(self, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        super().__init__()
        self.direction = direction
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == self.direction:
            self.frames.append(frame)
        await self.push_frame(frame, direction)

    def of(self, kind: type[Frame]) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]


class Echo(FrameProcessor):
    """Sends transcripts back upstream, as a speech-to-speech model does with its own."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        is_transcript = isinstance(frame, TextFrame)
        await self.push_frame(frame, FrameDirection.UPSTREAM if is_transcript else direction)


def run_pipeline(frames: Iterable[Step], *processors: FrameProcessor) -> None:
    """Send frames through a pipeline, sound at twenty times its speed."""

    async def run() -> None:
        worker = PipelineWorker(Pipeline([*processors]), enable_rtvi=False, cancel_on_idle_timeout=False)
        has_started = asyncio.Event()

        async def started(*_: Any) -> None:
            has_started.set()

        worker.add_event_handler("on_pipeline_started", started)

        async def send() -> None:
            await has_started.wait()
            for frame in frames:
                if isinstance(frame, Frame):
                    await worker.queue_frame(frame)
                    await asyncio.sleep(0.001)
                else:
                    while not frame():
                        await asyncio.sleep(0.01)
            await worker.queue_frame(EndFrame())

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await asyncio.wait_for(asyncio.gather(runner.run(), send()), 30)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("affetto") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left behind"
        time.sleep(0.01)


def converse(recognizer: Recognizer, frames: Iterable[Step], collector: Collector | None = None) -> Collector:
    """Return what comes out of the stage."""
    collector = collector or Collector()
    run_pipeline(frames, EmotionProcessor(recognizer), collector)
    return collector


def sound(recording: Recording, start_s: float = 0.0, end_s: float | None = None) -> list[Step]:
    return [InputAudioRawFrame(piece, recording.sample_rate_hz, 1) for piece in recording.pieces(start_s, end_s)]


def transcript(text: str, user_id: str = "") -> TranscriptionFrame:
    return TranscriptionFrame(text, user_id, "2026-01-01T00:00:00")


@pytest.mark.usefixtures("patient")
def test_each_segment_is_a_frame_and_each_transcript_carries_its_turn(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first, second, *_ = recognized.segments
    passed = Collector()
    frames: list[Step] = [
        *sound(sequence, 0, second.start_s - 0.2),
        lambda: len(passed.of(EmotionFrame)) == 1,
        transcript("one"),
        lambda: len(passed.of(TranscriptionFrame)) == 1,
        *sound(sequence, second.start_s - 0.2, second.end_s + 0.1),
        transcript("two"),
        lambda: len(passed.of(TranscriptionFrame)) == 2,
        *sound(sequence, second.end_s + 0.1),
        transcript("rest"),
    ]
    converse(recognizer, frames, passed)
    emotions = [frame.segment for frame in passed.of(EmotionFrame)]
    assert [segment.start_s for segment in emotions] == [segment.start_s for segment in recognized.segments]
    one, two, rest = (frame.metadata["affetto"] for frame in passed.of(TranscriptionFrame))
    assert one["emotion"] == emotions[0].emotion
    assert one["probabilities"] == pytest.approx(first.probabilities, abs=0.02)
    assert [segment["start_s"] for segment in two["segments"]] == [second.start_s]  # it had not ended yet
    assert len(rest["segments"]) == 4
    assert isinstance(passed.frames[-1], EndFrame)


def test_all_frames_pass_in_order(recognizer: Recognizer, sequence: Recording) -> None:
    frames = [frame for piece in sound(sequence, end_s=5.0) for frame in (piece, TextFrame("a"), transcript("b"))]
    passed = converse(recognizer, frames)
    for kind in (InputAudioRawFrame, TextFrame):
        assert passed.of(kind) == [frame for frame in frames if isinstance(frame, kind)]


@pytest.mark.usefixtures("patient")
def test_transcripts_of_a_speech_to_speech_model_come_from_below(recognizer: Recognizer, root: Path) -> None:
    above = Collector(FrameDirection.UPSTREAM)
    frames = [*sound(Recording(root / "examples" / "sad.flac")), transcript("one"), lambda: bool(above.of(TextFrame))]
    run_pipeline(frames, above, EmotionProcessor(recognizer), Echo())
    (said,) = above.of(TranscriptionFrame)
    assert said.metadata["affetto"]["emotion"] == "sad"


@pytest.mark.usefixtures("patient")
def test_users_are_told_apart(recognizer: Recognizer, root: Path) -> None:
    ada, ben = (Recording(root / "examples" / name) for name in ("sad.flac", "happy.flac"))
    frames: list[Step] = []
    for one, other in zip(ada.pieces(), ben.pieces(), strict=False):
        frames += [UserAudioRawFrame(one, 16_000, 1, user_id="ada"), UserAudioRawFrame(other, 16_000, 1, user_id="ben")]
    passed = converse(recognizer, [*frames, transcript("b", "ben"), transcript("a", "ada")])
    ben_said, ada_said = (frame.metadata["affetto"] for frame in passed.of(TranscriptionFrame))
    assert (ada_said["emotion"], ben_said["emotion"]) == ("sad", "happy")
    emotions = {frame.user_id: frame.segment.emotion for frame in passed.of(EmotionFrame)}
    assert emotions == {"ada": "sad", "ben": "happy"}


def test_a_recognizer_that_fails_does_not_stop_the_conversation(
    troubled: TroubledRecognizer, sequence: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    troubled.error = RuntimeError("the model is on fire")
    frames = [*sound(sequence, end_s=3.0), transcript("one"), *sound(sequence, 3.0, 5.0), transcript("two")]
    with caplog.at_level(logging.WARNING):
        passed = converse(troubled, frames)
    for kind in (InputAudioRawFrame, TranscriptionFrame):
        assert passed.of(kind) == [frame for frame in frames if isinstance(frame, kind)]
    assert [frame.metadata for frame in passed.of(TranscriptionFrame)] == [{}, {}]
    assert sum("the model is on fire" in (record.exc_text or "") for record in caplog.records) == 1


def test_a_transcript_does_not_wait_long_for_a_slow_recognizer(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    troubled.delay_s = 0.1
    passed = Collector()
    times: list[float] = []

    def has_passed() -> bool:
        times.append(time.perf_counter())
        return bool(passed.of(TranscriptionFrame))

    frames: list[Step] = [*sound(sequence, end_s=1.0), transcript("one"), has_passed, CancelFrame()]
    converse(troubled, frames, passed)
    (said,) = passed.of(TranscriptionFrame)
    assert said.metadata == {}
    assert times[-1] - times[0] < 1  # all the sound takes five seconds
    assert len(passed.of(InputAudioRawFrame)) == 50


@pytest.mark.usefixtures("patient")
def test_an_interruption_loses_no_transcript_that_waits_for_its_emotion(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    troubled.delay_s = 0.5
    passed = Collector()
    frames: list[Step] = [
        sound(sequence)[0],
        transcript("one"),
        InterruptionFrame(),
        lambda: bool(passed.of(InterruptionFrame)),
        lambda: bool(passed.of(TranscriptionFrame)),
    ]
    converse(troubled, frames, passed)
    assert passed.frames.index(passed.of(InterruptionFrame)[0]) < passed.frames.index(passed.of(TranscriptionFrame)[0])
    assert passed.of(TranscriptionFrame)[0].interruptible


def test_cancelling_leaves_nothing_behind(troubled: TroubledRecognizer, sequence: Recording) -> None:
    troubled.delay_s = 0.1
    passed = converse(troubled, [*sound(sequence, end_s=2.0), CancelFrame()])
    assert passed.of(EmotionFrame) == []
