"""A voice agent of Pipecat whose language model is told how the user sounds. It needs no key and no network.

Recordings stand for the microphone and their texts for a speech-to-text service. `ScriptedModel` stands for a language
model: it prints what a real one would read, and answers. All else is as in a real agent.

Run it with ``python examples/pipecat_emotion.py`` where ``affetto[pipecat]`` is installed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.turns.user_start import TranscriptionUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from affetto import read
from affetto.corpora import load_corpus
from affetto.integrations.pipecat import EmotionProcessor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

EXAMPLES = Path(__file__).parent
RATE = 16_000
SPEED = 5  # times as fast as it was spoken


class VoiceNotes(FrameProcessor):
    """Tells the language model how the user sounds, before each transcript."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass a frame on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and (heard := frame.metadata.get("affetto")):
            sure = "" if heard["status"] == "ok" else "perhaps "
            note = f"The user's voice sounds {sure}{heard['emotion']} ({heard['confidence']:.0%})."
            await self.push_frame(LLMMessagesAppendFrame([{"role": "developer", "content": note}]))
        await self.push_frame(frame, direction)


class ScriptedModel(FrameProcessor):
    """Stands for a language model."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer a turn of the user, and pass all else on."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        note, said = [str(message["content"]) for message in frame.context.get_messages()][-2:]
        answer = "Oh, I am sorry. Can I help?" if "sad" in note else "Great!"
        print(f"developer: {note}\nuser:      {said}\nassistant: {answer}\n")
        for reply in (LLMFullResponseStartFrame(), LLMTextFrame(answer), LLMFullResponseEndFrame()):
            await self.push_frame(reply)


class ScriptedTranscriber(STTService):
    """Stands for a speech-to-text service: it knows the texts, and after how many seconds each has been spoken."""

    def __init__(self, script: list[tuple[float, str]]) -> None:
        super().__init__(ttfs_p99_latency=0.1, settings=STTSettings(model=None, language=None))
        self.script = list(script)
        self.heard_s = 0.0

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Take sound, and give a transcript when it is time."""
        self.heard_s += len(audio) / (2 * RATE)
        if self.script and self.heard_s >= self.script[0][0]:
            yield TranscriptionFrame(self.script.pop(0)[1], "", time_now_iso8601(), finalized=True)


def recordings(speaker: str) -> tuple[bytes, list[tuple[float, str]]]:
    """Return the sound of all recordings of a speaker with pauses, and what is said up to which second."""
    sound, script = b"", []
    for utterance in load_corpus(EXAMPLES).utterances:
        if utterance.speaker == speaker:
            samples = read(utterance.path, sample_rate_hz=RATE).samples
            sound += (32_767 * samples).astype("<i2").tobytes()
            script.append((len(sound) / (2 * RATE) + 0.2, utterance.text or ""))
            sound += bytes(3 * 2 * RATE)
    return sound, script


async def main() -> None:
    """Hold the conversation."""
    turns = UserTurnStrategies(
        start=[TranscriptionUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.1)]
    )
    user, assistant = LLMContextAggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(user_turn_strategies=turns)
    )
    sound, script = recordings("1020")
    stages = [ScriptedTranscriber(script), EmotionProcessor(), VoiceNotes(), user, ScriptedModel(), assistant]
    worker = PipelineWorker(Pipeline(stages), enable_rtvi=False)

    async def speak() -> None:
        for start in range(0, len(sound), RATE // 25):
            await worker.queue_frame(InputAudioRawFrame(sound[start : start + RATE // 25], RATE, 1))
            await asyncio.sleep(0.02 / SPEED)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner()
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), speak())


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    asyncio.run(main())
