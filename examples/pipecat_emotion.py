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
from pipecat.turns.user_start import TranscriptionUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from affetto import read
from affetto.corpora import load_corpus
from affetto.integrations.pipecat import EmotionProcessor

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def frames() -> Iterator[Frame]:
    """Yield what a transport and a speech-to-text service would push while one caller speaks twice."""
    pause = bytes(2 * RATE)
    for utterance in load_corpus(EXAMPLES).utterances:
        if utterance.speaker != "1020":
            continue
        samples = read(utterance.path, sample_rate_hz=RATE).samples
        sound = (32_767 * samples).astype("<i2").tobytes() + pause
        for start in range(0, len(sound), RATE // 25):
            yield InputAudioRawFrame(sound[start : start + RATE // 25], RATE, 1)
        yield TranscriptionFrame(utterance.text or "", "", time_now_iso8601(), finalized=True)


async def main() -> None:
    """Hold the conversation."""
    turns = UserTurnStrategies(
        start=[TranscriptionUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.1)]
    )
    user, assistant = LLMContextAggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(user_turn_strategies=turns)
    )
    pipeline = Pipeline([EmotionProcessor(), VoiceNotes(), user, ScriptedModel(), assistant])
    worker = PipelineWorker(pipeline, enable_rtvi=False)

    async def speak() -> None:
        for frame in frames():
            await worker.queue_frame(frame)
            await asyncio.sleep(0.02 / SPEED)
        await asyncio.sleep(0.5)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner()
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), speak())


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    asyncio.run(main())
