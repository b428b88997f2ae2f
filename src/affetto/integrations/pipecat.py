"""A stage of Pipecat that tells what the voice of the user expresses.

`EmotionProcessor` is a processor of a pipeline like any other. Its place is behind the speech-to-text service, where
both the transcripts and the sound of the user pass: those services let the sound through unless told otherwise.
With a speech-to-speech model, which sends transcripts upstream, its place is in front of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affetto._extras import require_extra

require_extra("pipecat", purpose="affetto.integrations.pipecat")

from pipecat.frames.frames import (
    DataFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    StopFrame,
    TranscriptionFrame,
    UserAudioRawFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from affetto.integrations._listener import METADATA_KEY, SpeechListener

if TYPE_CHECKING:
    from affetto.recognition.recognizer import Recognizer
    from affetto.recognition.result import Segment


@dataclass
class EmotionFrame(DataFrame):
    """What the voice of the user expresses in one segment.

    Attributes
    ----------
    segment : Segment
        Its times count from the first sound of the user.
    user_id : str
        As in `UserAudioRawFrame`; empty if the transport does not tell users apart.
    """

    segment: Segment
    user_id: str = ""


class EmotionProcessor(FrameProcessor):
    """Adds the emotion of the user's voice to a pipeline of Pipecat.

    It passes every frame on, in order, and adds two things:

    - An `EmotionFrame` for each segment of speech, about half a second after the segment ends.
    - ``frame.metadata["affetto"]`` of each `TranscriptionFrame`: what the user's voice expressed since the one before,
      as a dictionary. It is missing where no speech was found, or recognition failed or took longer than 0.3 s.

    Inference runs in a thread of its own. At most 10 s of sound wait for it; if the machine is slower, sound is left
    out. Errors are logged once. The conversation goes on in any case.

    Parameters
    ----------
    recognizer : Recognizer, optional
        By default one with the default model. All processors of a program may share one.
    **options
        As for Pipecat's `FrameProcessor`.
    """

    def __init__(self, recognizer: Recognizer | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._listener = SpeechListener(recognizer, self._push_emotion)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass a frame on; Pipecat calls this."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            name = frame.user_id if isinstance(frame, UserAudioRawFrame) else ""
            self._listener.push(frame.audio, sample_rate_hz=frame.sample_rate, n_channels=frame.num_channels, name=name)
        elif isinstance(frame, TranscriptionFrame):
            await self._add_emotion(frame)
        elif isinstance(frame, EndFrame | StopFrame):
            await self._listener.flush()
        await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """End the recognition; Pipecat calls this."""
        await super().cleanup()
        await self._listener.close()

    async def _add_emotion(self, frame: TranscriptionFrame) -> None:
        # An interruption drops the frame that is being processed, unless it is marked. Nobody may lose a transcript
        # because it waits for its emotion.
        interruptible, frame.interruptible = frame.interruptible, False
        try:
            emotion = await self._listener.turn(frame.user_id)
        finally:
            frame.interruptible = interruptible
        if emotion is not None:
            frame.metadata[METADATA_KEY] = emotion

    async def _push_emotion(self, name: str, segment: Segment) -> None:
        await self.push_frame(EmotionFrame(segment, name))
