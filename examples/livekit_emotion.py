"""A voice agent of LiveKit whose language model is told how the user sounds. It needs no key, no server and no network.

Recordings stand for the microphone and their texts for a speech-to-text service. `ScriptedModel` stands for a language
model: it prints what a real one would read, and answers. All else is as in a real agent.

Run it with ``python examples/livekit_emotion.py`` where ``affetto[livekit]`` is installed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from livekit import rtc
from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, AgentSession, llm, stt
from livekit.agents.voice.io import AudioInput

from affetto import read
from affetto.corpora import load_corpus
from affetto.integrations.livekit import EmotionAgent

EXAMPLES = Path(__file__).parent
RATE = 16_000
SPEED = 5  # times as fast as it was spoken


class Support(EmotionAgent):
    """An agent that tells its language model how the user sounds, after each message of the user."""

    async def on_user_turn_completed(self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage) -> None:
        """Add a note to the context of the reply."""
        await super().on_user_turn_completed(turn_ctx, new_message)
        if heard := new_message.extra.get("affetto"):
            sure = "" if heard["status"] == "ok" else "perhaps "
            note = f"The user's voice sounds {sure}{heard['emotion']} ({heard['confidence']:.0%})."
            turn_ctx.add_message(role="developer", content=note)


class ScriptedModel(llm.LLM):
    """Stands for a language model."""

    def chat(self, *, chat_ctx: llm.ChatContext, tools: Any = None, **_: Any) -> llm.LLMStream:
        """Answer the last message of the user."""
        return ScriptedReply(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=DEFAULT_API_CONNECT_OPTIONS)


class ScriptedReply(llm.LLMStream):
    """One answer."""

    async def _run(self) -> None:
        said, note = [message.text_content or "" for message in self.chat_ctx.messages()][-2:]
        answer = "Oh, I am sorry. Can I help?" if "sad" in note else "Great!"
        print(f"user:      {said}\ndeveloper: {note}\nassistant: {answer}\n")
        delta = llm.ChoiceDelta(role="assistant", content=answer)
        self._event_ch.send_nowait(llm.ChatChunk(id="reply", delta=delta))


class ScriptedTranscriber(stt.STT):
    """Stands for a speech-to-text service: it knows the texts, and after how many seconds each has been spoken."""

    def __init__(self, script: list[tuple[float, str]]) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=False))
        self.script = script

    def stream(self, *, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS, **_: Any) -> stt.RecognizeStream:
        """Begin to transcribe."""
        return ScriptedTranscript(stt=self, conn_options=conn_options)

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError


class ScriptedTranscript(stt.RecognizeStream):
    """The transcript of one stream of sound."""

    _stt: ScriptedTranscriber

    async def _run(self) -> None:
        script, heard_s = list(self._stt.script), 0.0
        async for frame in self._input_ch:
            heard_s += frame.duration if isinstance(frame, rtc.AudioFrame) else 0
            if script and heard_s >= script[0][0]:
                said = [stt.SpeechData(language="en", text=script.pop(0)[1])]
                for kind in (stt.SpeechEventType.FINAL_TRANSCRIPT, stt.SpeechEventType.END_OF_SPEECH):
                    self._event_ch.send_nowait(stt.SpeechEvent(kind, alternatives=said))


class Recordings(AudioInput):
    """Stands for the microphone: plays all recordings of a speaker with pauses, and then silence."""

    def __init__(self, speaker: str) -> None:
        super().__init__(label="recordings")
        self._sound = b""
        self.script: list[tuple[float, str]] = []
        for utterance in load_corpus(EXAMPLES).utterances:
            if utterance.speaker == speaker:
                samples = read(utterance.path, sample_rate_hz=RATE).samples
                self._sound += (32_767 * samples).astype("<i2").tobytes()
                self.script.append((len(self._sound) / (2 * RATE) + 0.2, utterance.text or ""))
                self._sound += bytes(3 * 2 * RATE)

    async def __anext__(self) -> rtc.AudioFrame:
        await asyncio.sleep(0.02 / SPEED)
        size = RATE // 25
        piece, self._sound = self._sound[:size].ljust(size, b"\0"), self._sound[size:]
        return rtc.AudioFrame(piece, RATE, 1, size // 2)


async def main() -> None:
    """Hold the conversation."""
    microphone = Recordings("1020")
    session: AgentSession[None] = AgentSession(
        stt=ScriptedTranscriber(microphone.script),
        llm=ScriptedModel(),
        # A reply that begins before the end of the turn would not know how the user sounds.
        turn_handling={
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.5 / SPEED},
            "preemptive_generation": {"enabled": False},
        },
    )
    session.input.audio = microphone
    await session.start(Support(instructions="Help the user, and mind how they feel."))
    while sum(message.role == "assistant" for message in session.history.messages()) < len(microphone.script):
        await asyncio.sleep(0.1)
    await session.aclose()


if __name__ == "__main__":
    asyncio.run(main())
