"""From sound that comes in pieces to segments of speech."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.preprocessing.steps import frame_energy, remove_dc
from affetto.preprocessing.vad.detector import FRAME_SAMPLES, SAMPLE_RATE_HZ, VoiceActivity
from affetto.preprocessing.vad.endpointer import Endpointer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from affetto.preprocessing.vad.endpointer import FrameSpan

MAX_SEGMENT_S = 15.0
"""Longer utterances are cut."""

# Long enough for the pauses within a sentence, short enough that an answer comes soon.
_PAUSE_S = 0.31
_MARGIN_S = 0.06
# Breaths, sobs and sighs right beside an utterance tell how it was said, and are heard with it where the background is
# quiet: where most of what is around is so far below its loudest moment. Elsewhere there is nothing around but noise.
# What silence parts from the utterance is hardly ever the voice's, and mostly steps, doors or dishes.
_BEFORE_S = 1.0
_QUIET_DB = 40.0
_AUDIBLE_DB = 30.0
_SILENCE_S = 0.1
_HOP_S = 0.010
_LEAST_SPEECH_S = 0.15

# The detector hears everything slowed down by this factor. It knows ordinary speech and takes screams for noise;
# slower, and so lower, they are found, while ordinary voices still are and noise is taken for speech less often.
_SLOWNESS = 1.25


class SpeechSegment(NamedTuple):
    """A segment of speech.

    Attributes
    ----------
    start : int
        The sample that it begins with, counted from the beginning of the recording.
    samples : ndarray of float32, shape (n_samples,)
    padded : ndarray of float32, shape (n_more_samples,)
        The same with the breaths and sobs right before and after it, where the background is quiet: at most those of
        the second before, unless they are nearer to the segment before, and of the beginning of the pause after it. In
        noise nothing more than `samples`.
    """

    start: int
    samples: NDArray[np.float32]
    padded: NDArray[np.float32]


class SpeechSegmenter:
    """Cuts sound into segments of speech between pauses, each at most `MAX_SEGMENT_S` long.

    Sound arrives in pieces of any size, which makes no difference to what comes out. A segment is given as soon as it
    is over, less than half a second after its speech ends; no more sound is kept than may still be needed. Take a
    segmenter for each recording.

    Parameters
    ----------
    sample_rate_hz : int
        Of the sound.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        import soxr

        self._frame = FRAME_SAMPLES * sample_rate_hz / (SAMPLE_RATE_HZ * _SLOWNESS)
        frame_s = self._frame / sample_rate_hz
        margin = round(_MARGIN_S / frame_s)
        self._slowed = soxr.ResampleStream(sample_rate_hz, SAMPLE_RATE_HZ * _SLOWNESS, 1, dtype="float32", quality="HQ")
        self._activity = VoiceActivity()
        self._utterances = Endpointer(
            pause=ceil(_PAUSE_S / frame_s),
            margin=margin,
            before=round(_BEFORE_S / frame_s),
            least=_LEAST_SPEECH_S / frame_s,
            longest=int(MAX_SEGMENT_S / frame_s) - 2 * margin,
        )
        self._rate = sample_rate_hz
        self._n_samples = 0
        self._first = 0  # which sample the kept sound begins with
        self._kept: list[NDArray[np.float32]] = []

    @property
    def loudest_dbfs(self) -> float:
        """Level of the loudest moment so far, in decibels relative to full scale; a constant offset does not count."""
        return float(10 * np.log10(self._activity.greatest_power + 1e-20))

    @property
    def position_s(self) -> float:
        """How many seconds have been heard so far."""
        return self._n_samples / self._rate

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks at the moment."""
        return self._utterances.speaking

    @property
    def ongoing(self) -> SpeechSegment | None:
        """The segment that is not over, as far as it is heard: what `end` would give now; None while nobody speaks."""
        utterance = self._utterances.ongoing
        return None if utterance is None else self._cut_out([utterance])[0]

    def push(self, samples: NDArray[np.float32]) -> list[SpeechSegment]:
        """Take more sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)

        Returns
        -------
        list of SpeechSegment
            Those that are over.
        """
        self._kept.append(samples)
        self._n_samples += len(samples)
        probabilities = self._activity.push(self._slowed.resample_chunk(np.ascontiguousarray(samples)))
        segments = self._cut_out(self._utterances.push(probabilities.tolist()))
        self._forget(int(self._utterances.needed_from * self._frame))
        return segments

    def end(self) -> list[SpeechSegment]:
        """Take the end of the sound.

        Returns
        -------
        list of SpeechSegment
            What was not over before.
        """
        rest = self._activity.push(self._slowed.resample_chunk(np.empty(0, np.float32), last=True))
        probabilities = [*rest.tolist(), *self._activity.end().tolist()]
        return self._cut_out([*self._utterances.push(probabilities), *self._utterances.end()])

    def _cut_out(self, utterances: Iterable[FrameSpan]) -> list[SpeechSegment]:
        segments = []
        for utterance in utterances:
            sound = self._joined()
            start, end, first, last = (
                min(round(frame * self._frame), self._first + len(sound)) - self._first for frame in utterance
            )
            samples = sound[start:end].copy()
            begin, until = _with_what_is_beside(sound[first:last], start - first, end - first, self._rate)
            alone = (begin, until) == (start - first, end - first)
            padded = samples if alone else sound[first + begin : first + until].copy()
            segments.append(SpeechSegment(self._first + start, samples, padded))
        return segments

    def _joined(self) -> NDArray[np.float32]:
        if len(self._kept) > 1:
            self._kept = [np.concatenate(self._kept)]
        return self._kept[0]

    def _forget(self, before: int) -> None:
        """Let go of sound that nothing needs any more, piece by piece: no copies while silence goes on."""
        while self._kept and self._first + len(self._kept[0]) <= before:
            self._first += len(self._kept.pop(0))
        if self._kept and before - self._first > self._rate:
            self._kept[0] = self._kept[0][before - self._first :].copy()
            self._first = before


def _with_what_is_beside(sound: NDArray[np.float32], start: int, end: int, sample_rate_hz: int) -> tuple[int, int]:
    """Return where an utterance, the sound from `start` to `end`, begins and ends with the breaths and sobs beside it.

    In noise, and with something louder near, it is the utterance alone.
    """
    hop = round(_HOP_S * sample_rate_hz)
    energy = frame_energy(remove_dc(sound, sample_rate_hz), 3 * hop, hop)
    centres = np.arange(len(energy)) * hop + hop // 2
    within = (start <= centres) & (centres < end)
    if within.all() or not within.any():
        return start, end
    around, loudest = energy[~within], energy[within].max()
    if around.max() > loudest or np.median(around) >= loudest * 10 ** (-_QUIET_DB / 10):
        return start, end
    audible = energy > loudest * 10 ** (-_AUDIBLE_DB / 10)
    first, last = (int(place) for place in np.flatnonzero(within)[[0, -1]])
    begin = (first - _attached(audible[:first][::-1])) * hop
    return min(start, begin), min(len(sound), max(end, (last + 1 + _attached(audible[last + 1 :])) * hop))


def _attached(audible: NDArray[np.bool_]) -> int:
    """Return how many frames reach to the last audible one before a longer silence."""
    places = np.flatnonzero(audible)
    silences = np.flatnonzero(np.diff(places, prepend=-1) - 1 > _SILENCE_S / _HOP_S)
    attached = places[: silences[0]] if len(silences) else places
    return int(attached[-1]) + 1 if len(attached) else 0
