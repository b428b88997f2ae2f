"""An agent of LiveKit that knows what the voice of the user expresses.

LiveKit hands the sound of the user to an agent's `stt_node`, and the finished message to its `on_user_turn_completed`.
These are the hooks by which its own guides have an agent hear and annotate, so `EmotionAgent` overrides them. It works
with every speech-to-text service. It hears nothing where a speech-to-speech model replaces that service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from affetto._extras import require_extra

require_extra("livekit", purpose="affetto.integrations.livekit")

from livekit.agents import Agent, ConversationItemAddedEvent, ModelSettings, llm, stt

from affetto.integrations._listener import METADATA_KEY, SpeechListener
from affetto.recognition.recognizer import Recognizer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

    from livekit import rtc

    from affetto.recognition.result import Segment


class EmotionAgent(Agent):
    """An agent of LiveKit, to derive from, that adds the emotion of the user's voice to the conversation.

    - ``message.extra["affetto"]`` of each message of the user in the chat context: what the voice expressed in this
      turn, as a dictionary. It is missing where no speech was found, or recognition failed or took longer than 0.3 s.
    - `on_emotion` is called for each segment of speech, about half a second after the segment ends.

    Sound and transcripts pass unchanged. Inference runs in a thread of its own. At most 10 s of sound wait for it; if
    the machine is slower, sound is left out. Errors are logged once. The conversation goes on in any case.

    A class that overrides `stt_node` or `on_user_turn_completed` must call that of `super()`.

    Parameters
    ----------
    recognizer : Recognizer, optional
        By default one with the default model. All agents of a program may share one.
    **options
        As for LiveKit's `Agent`: ``instructions`` and so on.
    """

    def __init__(self, *, recognizer: Recognizer | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._recognizer = Recognizer() if recognizer is None else recognizer
        self._listener: SpeechListener | None = None
        self._annotated: llm.ChatMessage | None = None

    async def on_emotion(self, segment: Segment) -> None:
        """Override this to act on each segment.

        Parameters
        ----------
        segment : Segment
            Its times count from the first sound that this agent heard.
        """

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        """Transcribe the sound of the user, and listen to it; LiveKit calls this."""
        self._listener = listener = SpeechListener(self._recognizer, lambda _, segment: self.on_emotion(segment))
        session = self.session
        session.on("conversation_item_added", self._annotate)
        try:
            async for event in Agent.default.stt_node(self, _overheard(audio, listener), model_settings):
                yield event
        finally:
            session.off("conversation_item_added", self._annotate)
            await listener.close()

    async def on_user_turn_completed(self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage) -> None:
        """Add the emotion to the message of the user; LiveKit calls this."""
        await super().on_user_turn_completed(turn_ctx, new_message)
        emotion = None if self._listener is None else await self._listener.turn()
        if emotion is not None:
            new_message.extra[METADATA_KEY] = emotion
            self._annotated = new_message

    def _annotate(self, event: ConversationItemAddedEvent) -> None:
        # If LiveKit began the reply before the turn was over, it keeps another message with the same content.
        message, item = self._annotated, event.item
        if message is not None and isinstance(item, llm.ChatMessage) and item.content == message.content:
            item.extra.setdefault(METADATA_KEY, message.extra[METADATA_KEY])
            self._annotated = None


async def _overheard(
    audio: AsyncIterable[rtc.AudioFrame], listener: SpeechListener
) -> AsyncGenerator[rtc.AudioFrame, None]:
    async for frame in audio:
        listener.push(bytes(frame.data), sample_rate_hz=frame.sample_rate, n_channels=frame.num_channels)
        yield frame
