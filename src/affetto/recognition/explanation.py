"""Why this answer: how a voice sounds, in physical units and in words relative to neutral speech."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.features import pitch
from affetto.features.loudness import active_speech_level
from affetto.features.rhythm import find_rhythm
from affetto.features.spectrum import FREQUENCIES_HZ, SAMPLE_RATE_HZ, TINY, frames, power_spectrum
from affetto.preprocessing.steps import remove_dc
from affetto.recognition.neutral import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.recognition.result import Segment

_SPEECH_HZ = (50.0, 5_000.0)  # as eGeMAPS; beyond, recordings differ more than voices do


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a voice sounds in one segment. What cannot be measured, such as the pitch of a whisper, is None.

    Attributes
    ----------
    pitch_hz : float or None
        Median fundamental frequency.
    pitch_range_semitones : float or None
        From the 5th to the 95th percentile of the pitch.
    loudness_dbfs : float or None
        Active speech level: without pauses, relative to full scale (a sine of full scale has -3).
    loudness_range_db : float or None
        From the 10th to the 95th percentile of the level over time, without silence.
    loudness_above_average_db : float or None
        Relative to the mean of the recording's segments, weighted by their length; None where there is only one.
    tempo_syllables_per_s : float or None
        Syllables for each second of speech, without pauses.
    pauses : int or None
        Silences of a quarter of a second or more within the segment.
    pause_share : float or None
        Their part of the time from the first sound to the last, 0 to 1.
    brightness_hz : float or None
        Centroid of the spectrum from 50 Hz to 5 kHz, the median over time, without silence.

    References
    ----------
    P. Boersma: Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
    sound. Proceedings of the Institute of Phonetic Sciences 17, 1993. (Pitch.)

    ITU-T P.56: Objective measurement of active speech level. 2011. (Loudness.)

    EBU Tech 3342: Loudness range. 2016. (From the 10th to the 95th percentile.)

    N. H. de Jong, T. Wempe: Praat script to detect syllable nuclei and measure speech rate automatically. Behavior
    Research Methods 41(2), 2009. (Tempo.)

    F. Goldman-Eisler: Psycholinguistics: experiments in spontaneous speech. Academic Press, 1968. (Pauses.)

    F. Eyben et al.: The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing.
    IEEE Transactions on Affective Computing 7(2), 2016. (The band of brightness.)

    J. M. Grey, J. W. Gordon: Perceptual effects of spectral modifications on musical timbres. Journal of the Acoustical
    Society of America 63(5), 1978. (The centroid as brightness.)
    """

    pitch_hz: float | None = None
    pitch_range_semitones: float | None = None
    loudness_dbfs: float | None = None
    loudness_range_db: float | None = None
    loudness_above_average_db: float | None = None
    tempo_syllables_per_s: float | None = None
    pauses: int | None = None
    pause_share: float | None = None
    brightness_hz: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same in words, relative to neutral speech where that means something."""
        return tuple(_sentences(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, and the sentences as a list."""
        return {**dataclasses.asdict(self), "sentences": list(self.sentences)}


def explain(samples: NDArray[np.float32], sample_rate_hz: int) -> Explanation:
    """Measure how a voice sounds.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        One segment, at the level at which it was recorded.
    sample_rate_hz : int

    Returns
    -------
    Explanation
        Without anything in it where there is nothing but silence.
    """
    loudness = active_speech_level(samples, sample_rate_hz)
    if loudness is None:
        return Explanation()
    if sample_rate_hz != SAMPLE_RATE_HZ:
        import soxr

        samples = soxr.resample(samples, sample_rate_hz, SAMPLE_RATE_HZ)
    power = power_spectrum(frames(remove_dc(samples, SAMPLE_RATE_HZ)))
    power[FREQUENCIES_HZ < _SPEECH_HZ[0]] = 0  # rumble
    level = 10 * np.log10(np.maximum(power.sum(axis=0), TINY))
    f0, _ = pitch.track(*pitch.candidates(power), level - np.percentile(level, 90))
    voiced = f0[f0 > 0]
    rhythm = find_rhythm(level, f0 > 0)
    speech_s = rhythm.duration_s - rhythm.pause_s
    return Explanation(
        pitch_hz=_rounded(np.median(voiced), 1) if len(voiced) else None,
        pitch_range_semitones=_rounded(_distance(12 * np.log2(voiced), 5, 95), 1) if len(voiced) else None,
        loudness_dbfs=_rounded(loudness, 1),
        loudness_range_db=_rounded(_distance(level[rhythm.sounding], 10, 95), 1),
        tempo_syllables_per_s=_rounded(rhythm.nuclei / speech_s, 2) if rhythm.nuclei else None,
        pauses=rhythm.pauses,
        pause_share=_rounded(rhythm.pause_s / rhythm.duration_s, 3),
        brightness_hz=_rounded(np.median(_centroid(power[:, rhythm.sounding])), 0),
    )


def compare_loudness(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of one recording with their loudness relative to its average.

    Parameters
    ----------
    segments : sequence of Segment

    Returns
    -------
    list of Segment
        Unchanged where fewer than two have a loudness.
    """
    measured = [
        (segment.explanation.loudness_dbfs, segment.end_s - segment.start_s)
        for segment in segments
        if segment.explanation is not None and segment.explanation.loudness_dbfs is not None
    ]
    if len(measured) < 2:
        return list(segments)
    levels, lengths = zip(*measured, strict=True)
    return [_compared(segment, float(np.average(levels, weights=lengths))) for segment in segments]


def _compared(segment: Segment, average_dbfs: float) -> Segment:
    explanation = segment.explanation
    if explanation is None or explanation.loudness_dbfs is None:
        return segment
    above = _rounded(explanation.loudness_dbfs - average_dbfs, 1)
    return dataclasses.replace(
        segment, explanation=dataclasses.replace(explanation, loudness_above_average_db=above)
    )


def _distance(values: NDArray[np.floating], low: float, high: float) -> float:
    """Return how far apart two percentiles are."""
    return float(np.ptp(np.percentile(values, [low, high])))


def _centroid(power: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return the mean frequency of each frame, weighted by power."""
    band = (FREQUENCIES_HZ >= _SPEECH_HZ[0]) & (FREQUENCIES_HZ <= _SPEECH_HZ[1])
    strength = np.maximum(power[band], np.float32(TINY))
    centroid: NDArray[np.floating] = (FREQUENCIES_HZ[band] @ strength) / strength.sum(axis=0)
    return centroid


def _rounded(value: float | np.floating, decimals: int) -> float:
    return round(float(value), decimals)


def _sentences(explanation: Explanation) -> Iterator[str]:
    if (hertz := explanation.pitch_hz) is not None:
        yield f"pitch {hertz:.0f} Hz: {_pitch_for(hertz, 'low')}, {_pitch_for(hertz, 'high')}"
    if (span := explanation.pitch_range_semitones) is not None:
        relation = _relation("pitch_range_semitones", span, ("flat", "lively"))
        yield f"melody over {span:.0f} semitone{'' if round(span) == 1 else 's'}: {relation}"
    if (loudness := explanation.loudness_dbfs) is not None:
        yield f"loudness {loudness:.0f} dBFS{_beside_average(explanation.loudness_above_average_db)}"
    if (span := explanation.loudness_range_db) is not None:
        yield f"loudness varies by {span:.0f} dB: {_relation('loudness_range_db', span, ('even', 'varied'))}"
    if (tempo := explanation.tempo_syllables_per_s) is not None:
        relation = _relation("tempo_syllables_per_s", tempo, ("slow", "fast"), decimals=1)
        yield f"tempo {tempo:.1f} syllables a second: {relation}"
    if explanation.pauses and explanation.pause_share is not None:
        yield f"{explanation.pauses} pause{'s' * (explanation.pauses > 1)}, {explanation.pause_share:.0%} of the time"
    elif explanation.pauses == 0:
        yield "no pauses"
    if (centroid := explanation.brightness_hz) is not None:
        yield f"brightness {centroid:.0f} Hz: {_relation('brightness_hz', centroid, ('dark', 'bright'))}"


def _pitch_for(pitch_hz: float, voices: str) -> str:
    """Say how a pitch would be for a low or a high voice: nobody knows which of them speaks."""
    usual = NEUTRAL[voices]["pitch_hz"]
    word = _word(round(pitch_hz), usual.low, usual.high, ("low", "high"))
    semitones = round(12 * np.log2(pitch_hz / usual.median))
    if semitones == 0:
        place = "at"
    else:
        unit = "semitone" if abs(semitones) == 1 else "semitones"
        place = f"{abs(semitones)} {unit} {'above' if semitones > 0 else 'below'}"
    return f"{word} for a {voices} voice ({place} its neutral speech)"


def _beside_average(above_db: float | None) -> str:
    if above_db is None:
        return ""
    if round(above_db) == 0:
        return ", as loud as this recording's average"
    return f", {abs(above_db):.0f} dB {'louder' if above_db > 0 else 'quieter'} than this recording's average"


def _relation(name: str, value: float, words: tuple[str, str], *, decimals: int = 0) -> str:
    """Put a value beside neutral speech of low and high voices together, so that it holds for either."""
    low = min(NEUTRAL[voices][name].low for voices in NEUTRAL)
    high = max(NEUTRAL[voices][name].high for voices in NEUTRAL)
    # As the reader sees them: 5.6 is not above 5.6.
    word = _word(round(value, decimals), low, high, words)
    return f"{word} (neutral speech: {low:.{decimals}f} to {high:.{decimals}f})"


def _word(value: float, low: float, high: float, words: tuple[str, str]) -> str:
    return words[0] if value < low else words[1] if value > high else "usual"
