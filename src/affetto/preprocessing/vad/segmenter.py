"""From a stream of sound to segments of speech."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.preprocessing.steps import HOP_S, frame_energy, remove_dc
from affetto.preprocessing.vad.detector import FRAME_SAMPLES, SAMPLE_RATE_HZ, VoiceActivity
from affetto.preprocessing.vad.endpointer import Endpointer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from affetto.preprocessing.vad.endpointer import FrameSpan

MAX_SEGMENT_S = 15.0
"""Longer segments are cut."""

# Longer than pauses within a sentence, and short enough for an early result.
_PAUSE_S = 0.31
_MARGIN_S = 0.06
_MIN_SPEECH_S = 0.15

# Breaths, sobs and sighs beside the speech express emotion. A padded segment holds them if the background is quiet:
# most of it is `_QUIET_DB` below the loudest frame of the speech. Sound beyond a longer silence is excluded, as it is
# mostly steps or doors.
_BEFORE_S = 1.0
_QUIET_DB = 40.0
_AUDIBLE_DB = 30.0
_SILENCE_S = 0.1

# The detector processes the sound slowed down by this factor. At the original speed it misses screams; slower, and so
# lower, it finds them, and still finds ordinary speech.
_SLOWDOWN = 1.25


class SpeechSegment(NamedTuple):
    """A segment of speech.

    Attributes
    ----------
    start : int
        Its first sample, counted from the beginning of the recording.
    samples : ndarray of float32, shape (n_samples,)
    padded : ndarray of float32, shape (n_padded,)
        The segment with breaths and sobs up to one second before it, and in the pause after it, if the background is
        quiet. Otherwise it is `samples`.
    """

    start: int
    samples: NDArray[np.float32]
    padded: NDArray[np.float32]


class SpeechSegmenter:
    """Cut a stream of sound into segments of speech of at most `MAX_SEGMENT_S`. Use one instance for each recording.

    The size of the pushed blocks makes no difference. Each segment is returned less than half a second after its speech
    ends. Samples are discarded when no segment needs them any more.

    Parameters
    ----------
    sample_rate_hz : int
    within : (int, int), optional
        Only speech from the first of these samples to the second, excluded, counts; by default all.
    """

    def __init__(self, sample_rate_hz: int, *, within: tuple[int, int] | None = None) -> None:
        import soxr

        self._frame = FRAME_SAMPLES * sample_rate_hz / (SAMPLE_RATE_HZ * _SLOWDOWN)
        frame_s = self._frame / sample_rate_hz
        margin = round(_MARGIN_S / frame_s)
        self._slowed = soxr.ResampleStream(sample_rate_hz, SAMPLE_RATE_HZ * _SLOWDOWN, 1, dtype="float32", quality="HQ")
        self._activity = VoiceActivity()
        self._endpointer = Endpointer(
            pause=ceil(_PAUSE_S / frame_s),
            margin=margin,
            before=round(_BEFORE_S / frame_s),
            min_speech=_MIN_SPEECH_S / frame_s,
            max_frames=int(MAX_SEGMENT_S / frame_s) - 2 * margin,
        )
        self._rate = sample_rate_hz
        self._within = within
        self._n_samples = 0
        self._n_frames = 0
        self._first = 0  # the first sample in `_kept`
        self._kept: list[NDArray[np.float32]] = []

    @property
    def loudest_dbfs(self) -> float:
        """Level of the loudest frame so far, without its mean, in decibels relative to full scale."""
        return float(10 * np.log10(self._activity.greatest_power + 1e-20))

    @property
    def position_s(self) -> float:
        """Seconds of sound so far."""
        return self._n_samples / self._rate

    @property
    def speaking(self) -> bool:
        """Whether the sound ends within speech."""
        return self._endpointer.speaking

    @property
    def ongoing(self) -> SpeechSegment | None:
        """The segment that has not ended, up to now; None without speech."""
        span = self._endpointer.ongoing
        return None if span is None else self._segments([span])[0]

    def push(self, samples: NDArray[np.float32]) -> list[SpeechSegment]:
        """Process more samples, shape (n_samples,), and return the segments that have ended."""
        self._kept.append(samples)
        self._n_samples += len(samples)
        probabilities = self._activity.push(self._slowed.resample_chunk(np.ascontiguousarray(samples)))
        segments = self._segments(self._endpointer.push(self._counted(probabilities)))
        self._discard(int(self._endpointer.needed_from * self._frame))
        return segments

    def end(self) -> list[SpeechSegment]:
        """Process the end of the sound, and return the remaining segments."""
        rest = self._activity.push(self._slowed.resample_chunk(np.empty(0, np.float32), last=True))
        probabilities = self._counted(np.concatenate([rest, self._activity.end()]))
        return self._segments([*self._endpointer.push(probabilities), *self._endpointer.end()])

    def _counted(self, probabilities: NDArray[np.float32]) -> list[float]:
        """Return the probabilities of speech that counts."""
        if self._within is not None:
            first, last = self._within
            centres = (self._n_frames + np.arange(len(probabilities)) + 0.5) * self._frame
            probabilities = np.where((first <= centres) & (centres < last), probabilities, 0)
        self._n_frames += len(probabilities)
        return [float(probability) for probability in probabilities]

    def _segments(self, spans: Iterable[FrameSpan]) -> list[SpeechSegment]:
        segments = []
        for span in spans:
            if len(self._kept) > 1:
                self._kept = [np.concatenate(self._kept)]
            sound = self._kept[0]
            start, end, first, last = (
                min(round(frame * self._frame), self._first + len(sound)) - self._first for frame in span
            )
            samples = sound[start:end].copy()
            before, after = _audible_around(sound[first:last], start - first, end - first, self._rate)
            padded = sound[start - before : end + after].copy() if before or after else samples
            segments.append(SpeechSegment(self._first + start, samples, padded))
        return segments

    def _discard(self, before: int) -> None:
        """Discard samples before the given one, block by block, so that silence is not copied again and again."""
        while self._kept and self._first + len(self._kept[0]) <= before:
            self._first += len(self._kept.pop(0))
        if self._kept and before - self._first > self._rate:
            self._kept[0] = self._kept[0][before - self._first :].copy()
            self._first = before


def _audible_around(sound: NDArray[np.float32], start: int, end: int, sample_rate_hz: int) -> tuple[int, int]:
    """Return how many samples before and after a segment, the sound from `start` to `end`, hold breaths and sobs.

    They are 0 in noise, or if something around the segment is louder than the segment.
    """
    hop = round(HOP_S * sample_rate_hz)
    energy = frame_energy(remove_dc(sound, sample_rate_hz), 3 * hop, hop)
    centres = np.arange(len(energy)) * hop + hop // 2
    within = (start <= centres) & (centres < end)
    if within.all() or not within.any():
        return 0, 0
    around, loudest = energy[~within], energy[within].max()
    if around.max() > loudest or np.median(around) >= loudest * 10 ** (-_QUIET_DB / 10):
        return 0, 0
    audible = energy > loudest * 10 ** (-_AUDIBLE_DB / 10)
    first, last = (int(frame) for frame in np.flatnonzero(within)[[0, -1]])
    padded_start = (first - _n_attached(audible[:first][::-1])) * hop
    padded_end = (last + 1 + _n_attached(audible[last + 1 :])) * hop
    return max(0, start - padded_start), max(0, min(len(sound), padded_end) - end)


def _n_attached(audible: NDArray[np.bool_]) -> int:
    """Return the number of frames up to the last audible one before a longer silence."""
    frames = np.flatnonzero(audible)
    silences = np.flatnonzero(np.diff(frames, prepend=-1) - 1 > _SILENCE_S / HOP_S)
    attached = frames[: silences[0]] if len(silences) else frames
    return int(attached[-1]) + 1 if len(attached) else 0
