"""One voice of a conversation: its segments, and those of its turns."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.recognition.live import LiveRecognition
    from affetto.recognition.recognizer import Recognizer
    from affetto.recognition.result import Segment

# Where no transcript comes, nobody asks for the segments of a turn.
_MAX_SEGMENTS = 32
_DECIMALS = 6


class Sound(NamedTuple):
    """A piece of sound.

    Attributes
    ----------
    pcm : bytes
        16-bit samples in the byte order of the machine, the channels interleaved.
    sample_rate_hz, n_channels : int
    lost_s : float
        How many seconds are missing before it.
    """

    pcm: bytes
    sample_rate_hz: int
    n_channels: int
    lost_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return len(self.pcm) / (2 * self.n_channels * self.sample_rate_hz)


class Voice:
    """Recognizes one voice piece by piece, over gaps and changes of the sample rate, and divides it into turns.

    Each gap and each change begins a new `Recognizer.listen`. All times count from the first sound.

    Parameters
    ----------
    recognizer : Recognizer
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._live: LiveRecognition | None = None
        self._format: tuple[int, int] | None = None
        self._start_s = 0.0  # of the present `listen`
        self._position_s = 0.0
        self._turn_start_s = 0.0
        self._segments: deque[Segment] = deque(maxlen=_MAX_SEGMENTS)

    def push(self, sound: Sound) -> list[Segment]:
        """Recognize more sound, and return the segments that have ended."""
        segments = self.end() if sound.lost_s or self._format != sound[1:3] else []
        start_s = self._position_s + sound.lost_s
        self._position_s = start_s + sound.duration_s
        if self._live is None:
            self._start_s, self._format = start_s, sound[1:3]
            self._live = self._recognizer.listen(sample_rate_hz=sound.sample_rate_hz, keep=False)
        samples = np.frombuffer(sound.pcm, np.int16).reshape(-1, sound.n_channels)
        return segments + self._ended(self._live.push(samples))

    def end(self) -> list[Segment]:
        """End the segment that is being spoken, and return it. The next sound begins anew."""
        live, self._live, self._format = self._live, None, None
        return [] if live is None else self._ended(live.end().segments)

    def discard(self) -> None:
        """Begin anew with the next sound, after an error."""
        self._live = self._format = None

    def turn(self) -> dict[str, Any] | None:
        """Return what was expressed since the last call; the segment that is being spoken counts as far as it goes.

        Returns
        -------
        dict or None
            As `summarize` gives. None without speech.
        """
        interim = None if self._live is None else self._live.interim()
        segments = [*self._segments, *([] if interim is None else [self._placed(interim)])]
        start_s, self._turn_start_s = self._turn_start_s, self._position_s
        self._segments.clear()
        new = [segment for segment in segments if segment.end_s > start_s]
        return summarize(new, threshold=self._recognizer.bundle.threshold) if new else None

    def _ended(self, segments: Sequence[Segment]) -> list[Segment]:
        placed = [self._placed(segment) for segment in segments]
        self._segments.extend(placed)
        return placed

    def _placed(self, segment: Segment) -> Segment:
        start_s, end_s = (round(time_s + self._start_s, 3) for time_s in (segment.start_s, segment.end_s))
        return dataclasses.replace(segment, start_s=start_s, end_s=end_s)


def summarize(segments: Sequence[Segment], *, threshold: float) -> dict[str, Any]:
    """Return what the segments of a turn express together, as plain dictionaries, lists, strings and numbers.

    Parameters
    ----------
    segments : sequence of Segment
        At least one.
    threshold : float
        Answers of less confidence are uncertain.

    Returns
    -------
    dict
        "status", "emotion", "confidence", "probabilities", "arousal", "valence", as in `Recognition`: means over the
        segments, weighted by their length. "segments": a list of `Segment.to_dict`.
    """
    weights = np.array([segment.end_s - segment.start_s for segment in segments])

    def mean(values: Sequence[float | None]) -> float:  # all segments of live sound have speech, so none is None
        return round(float(np.average(np.array(values, float), weights=weights)), _DECIMALS)

    labels = segments[0].probabilities
    probabilities = {label: mean([segment.probabilities[label] for segment in segments]) for label in labels}
    emotion = max(probabilities, key=probabilities.__getitem__)
    return {
        "status": "ok" if probabilities[emotion] >= threshold else "uncertain",
        "emotion": emotion,
        "confidence": probabilities[emotion],
        "probabilities": probabilities,
        "arousal": mean([segment.arousal for segment in segments]),
        "valence": mean([segment.valence for segment in segments]),
        "segments": [segment.to_dict() for segment in segments],
    }
