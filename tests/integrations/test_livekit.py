"""The agent in real sessions of LiveKit without a server, with recorded sound, a scripted transcript and a mute LLM."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("livekit.agents", reason="the extra livekit is not installed; `make test-agents` installs it")

from livekit import rtc
from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, AgentSession, ConversationItemAddedEvent, llm, stt
from livekit.agents.voice.io import AudioInput
from tests.integrations.trouble import Recording

from affetto.integrations.livekit import EmotionAgent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integrations.trouble import TroubledRecognizer

    from affetto import Recognition, Recognizer, Segment


class Endless(Recording):
    """A voice that makes no pause."""

    def pieces(self, start_s: float = 0.0, end_s: float | None = None) -> Iterator[bytes]:
        return cycle([*super().pieces(start_s + 0.5, end_s or 1.5)])


class Microphone(AudioInput):
    """Plays a recording twenty times as fast, then silence."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(label="recording")
        self._rate = recording.sample_rate_hz
        self._pieces = recording.pieces()

    async def __anext__(self) -> rtc.AudioFrame:
        await asyncio.sleep(0.001)
        piece = next(self._pieces, bytes(2 * self._rate // 50))
        return rtc.AudioFrame(piece, self._rate, 1, len(piece) // 2)


class ScriptedSTT(stt.STT):
    """Transcribes by a script of (when it has heard how many seconds, what it sends, text)."""

    def __init__(self, script: list[tuple[float, stt.SpeechEventType, str]]) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.script = script
        self.heard = b""

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError

    def stream(self, *, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS, **_: Any) -> stt.RecognizeStream:
        return ScriptedStream(stt=self, conn_options=conn_options)


class ScriptedStream(stt.RecognizeStream):
    _stt: ScriptedSTT

    async def _run(self) -> None:
        script, heard_s = list(self._stt.script), 0.0
        async for frame in self._input_ch:
            if not isinstance(frame, rtc.AudioFrame):
                continue
            self._stt.heard += bytes(frame.data)
            heard_s += frame.duration
            while script and heard_s >= script[0][0]:
                _, kind, text = script.pop(0)
                event = stt.SpeechEvent(kind, alternatives=[stt.SpeechData(language="en", text=text)])
                self._event_ch.send_nowait(event)


class MuteLLM(llm.LLM):
    """Answers every turn with "I see"."""

    def chat(self, *, chat_ctx: llm.ChatContext, tools: Any = None, conn_options: Any = None, **_: Any) -> Any:
        options = conn_options or DEFAULT_API_CONNECT_OPTIONS
        return MuteStream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=options)


class MuteStream(llm.LLMStream):
    async def _run(self) -> None:
        delta = llm.ChoiceDelta(role="assistant", content="I see")
        self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=delta))


class Agent(EmotionAgent):
    def __init__(self, recognizer: Recognizer) -> None:
        super().__init__(instructions="Be kind.", recognizer=recognizer)
        self.segments: list[Segment] = []

    async def on_emotion(self, segment: Segment) -> None:
        self.segments.append(segment)


def final(at_s: float, text: str) -> list[tuple[float, stt.SpeechEventType, str]]:
    return [(at_s, stt.SpeechEventType.FINAL_TRANSCRIPT, text), (at_s, stt.SpeechEventType.END_OF_SPEECH, "")]


def converse(
    agent: Agent,
    recording: Recording,
    script: list[tuple[float, stt.SpeechEventType, str]],
    *,
    n_segments: int = 0,
    successor: Agent | None = None,
) -> tuple[list[llm.ChatMessage], bytes]:
    """Hold a session until all turns of the script are answered, and the agent knows so many segments.

    A successor then takes over, and the script begins anew. Return the messages, and the sound that arrived at the
    speech-to-text service.
    """
    n_messages = 2 * sum(kind == stt.SpeechEventType.FINAL_TRANSCRIPT for _, kind, _ in script)
    messages: list[llm.ChatMessage] = []
    transcriber = ScriptedSTT(script)

    def added(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage):
            messages.append(event.item)

    async def run() -> None:
        handling: Any = {"turn_detection": "stt", "endpointing": {"min_delay": 0.05, "max_delay": 0.1}}
        session: AgentSession[None] = AgentSession(stt=transcriber, llm=MuteLLM(), vad=None, turn_handling=handling)
        session.input.audio = Microphone(recording)
        session.on("conversation_item_added", added)
        await session.start(agent)
        async with asyncio.timeout(30):
            while len(messages) < n_messages or len(agent.segments) < n_segments:
                await asyncio.sleep(0.02)
            if successor is not None:
                session.update_agent(successor)
                while len(messages) < 2 * n_messages:
                    await asyncio.sleep(0.02)
            await session.aclose()
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("affetto") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left behind"
        time.sleep(0.01)
    return messages, transcriber.heard


@pytest.mark.usefixtures("patient")
def test_each_message_of_the_user_carries_its_turn(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first, second, *_, last = recognized.segments
    agent = Agent(recognizer)
    script = [*final(first.end_s + 0.2, "one"), *final(second.end_s + 0.2, "two"), *final(last.end_s + 0.5, "rest")]
    messages, heard = converse(agent, sequence, script, n_segments=6)
    assert [(message.role, message.text_content) for message in messages] == [
        *[("user", "one"), ("assistant", "I see"), ("user", "two"), ("assistant", "I see")],
        *[("user", "rest"), ("assistant", "I see")],
    ]
    one, two, rest = (message.extra["affetto"] for message in messages if message.role == "user")
    assert one["probabilities"] == pytest.approx(first.probabilities, abs=0.02)
    assert [segment["start_s"] for segment in two["segments"]] == [second.start_s]
    assert len(rest["segments"]) == 4
    assert [segment.start_s for segment in agent.segments] == [segment.start_s for segment in recognized.segments]
    assert heard.startswith(sequence.samples.tobytes())


@pytest.mark.usefixtures("patient")
def test_a_reply_that_begins_before_the_end_of_the_turn_keeps_the_emotion(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first = recognized.segments[0]
    early = (first.end_s - 0.2, stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, "one")
    messages, _ = converse(Agent(recognizer), sequence, [early, *final(first.end_s + 0.2, "one")])
    assert [message.text_content for message in messages] == ["one", "I see"]
    assert messages[0].extra["affetto"]["probabilities"] == pytest.approx(first.probabilities, abs=0.05)


def test_a_recognizer_that_fails_does_not_stop_the_conversation(
    troubled: TroubledRecognizer, sequence: Recording, recognized: Recognition, caplog: pytest.LogCaptureFixture
) -> None:
    troubled.error = RuntimeError("the model is on fire")
    script = [*final(2.0, "one"), *final(5.0, "two")]
    with caplog.at_level(logging.WARNING):
        messages, _ = converse(Agent(troubled), sequence, script)
    assert [message.text_content for message in messages] == ["one", "I see", "two", "I see"]
    assert not any(message.extra for message in messages)
    assert sum("the model is on fire" in (record.exc_text or "") for record in caplog.records) == 1


def test_a_recognizer_that_is_slow_delays_the_reply_by_less_than_half_a_second(
    troubled: TroubledRecognizer, sequence: Recording
) -> None:
    troubled.delay_s = 0.1
    messages, _ = converse(Agent(troubled), sequence, final(1.0, "one"))
    assert [message.text_content for message in messages] == ["one", "I see"]
    assert not messages[0].extra


@pytest.mark.usefixtures("patient")
def test_what_the_agent_does_with_an_emotion_may_fail(recognizer: Recognizer, sequence: Recording) -> None:
    class Clumsy(Agent):
        async def on_emotion(self, segment: Segment) -> None:
            await super().on_emotion(segment)
            raise KeyError(segment.emotion)

    agent = Clumsy(recognizer)
    messages, _ = converse(agent, sequence, final(5.0, "one"), n_segments=6)
    assert [message.text_content for message in messages] == ["one", "I see"]
    assert len(agent.segments) == 6
    assert messages[0].extra["affetto"]["emotion"] in recognizer.labels


@pytest.mark.usefixtures("patient")
def test_what_is_being_spoken_when_the_session_ends_is_reported(recognizer: Recognizer, root: Path) -> None:
    agent = Agent(recognizer)
    _, heard = converse(agent, Endless(root / "examples" / "sad.flac"), final(1.0, "one"))
    # LiveKit itself sends two seconds of silence at the end, for the speech-to-text service.
    assert agent.segments[-1].end_s == pytest.approx(len(heard) / 32_000 - 2, abs=0.3)


@pytest.mark.usefixtures("patient")
def test_the_next_agent_of_a_session_listens_from_then_on(recognizer: Recognizer, root: Path) -> None:
    first, second = Agent(recognizer), Agent(recognizer)
    voice = Endless(root / "examples" / "sad.flac")
    messages, _ = converse(first, voice, final(2.0, "one"), successor=second)
    turns = [message.extra["affetto"] for message in messages if message.role == "user"]
    assert [turn["segments"][0]["start_s"] < 1 for turn in turns] == [True, True]
    assert second.segments
