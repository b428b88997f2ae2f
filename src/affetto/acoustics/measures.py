"""Why this answer: how a voice sounds, in physical units and in words relative to neutral speech."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any

from affetto.acoustics.reference import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class AcousticMeasures:
    """How a voice sounds in one segment. What cannot be measured is None.

    Attributes
    ----------
    f0_hz : float or None
        Median fundamental frequency; None for a whisper.
    f0_range_semitones : float or None
        From the 5th to the 95th percentile of the pitch.
    loudness_dbfs : float or None
        Active speech level: without pauses, relative to full scale (a sine of full scale has -3).
    loudness_range_db : float or None
        From the 10th to the 95th percentile of the level over time, without silence.
    loudness_above_average_db : float or None
        Relative to the mean of the recording's segments, weighted by their length; None where there is only one.
    articulation_rate_syllables_per_s : float or None
        Syllables for each second of speech, without pauses; None, as pitch, for a whisper.
    pauses : int or None
        Silences of a quarter of a second or more within the segment.
    pause_share : float or None
        Their part of the time from the first sound to the last, 0 to 1.
    spectral_centroid_hz : float or None
        Centroid of the spectrum from 50 Hz to 5 kHz, the median over time, without silence.

    References
    ----------
    P. Boersma: Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
    sound. Proceedings of the Institute of Phonetic Sciences 17, 1993. (Pitch.)

    ITU-T P.56: Objective measurement of active speech level. 2011. (Loudness.)

    EBU Tech 3342: Loudness range. 2016. (From the 10th to the 95th percentile.)

    N. H. de Jong, T. Wempe: Praat script to detect syllable nuclei and measure speech rate automatically. Behavior
    Research Methods 41(2), 2009. (Tempo.)

    Goldman-Eisler, F.: Psycholinguistics: experiments in spontaneous speech. Academic Press, 1968. (Pauses.)

    F. Eyben et al.: The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing.
    IEEE Transactions on Affective Computing 7(2), 2016. (The band of brightness.)

    J. M. Grey, J. W. Gordon: Perceptual effects of spectral modifications on musical timbres. Journal of the Acoustical
    Society of America 63(5), 1978. (The centroid as brightness.)
    """

    f0_hz: float | None = None
    f0_range_semitones: float | None = None
    loudness_dbfs: float | None = None
    loudness_range_db: float | None = None
    loudness_above_average_db: float | None = None
    articulation_rate_syllables_per_s: float | None = None
    pauses: int | None = None
    pause_share: float | None = None
    spectral_centroid_hz: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same in words, relative to neutral speech where that means something."""
        return tuple(_sentences(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, and the sentences as a list."""
        return {**dataclasses.asdict(self), "sentences": list(self.sentences)}


def _sentences(acoustics: AcousticMeasures) -> Iterator[str]:
    if (hertz := acoustics.f0_hz) is not None:
        yield f"pitch {hertz:.0f} Hz: {_pitch_for(hertz, 'low')}, {_pitch_for(hertz, 'high')}"
    if (span := acoustics.f0_range_semitones) is not None:
        relation = _relation("f0_range_semitones", span, ("flat", "lively"))
        yield f"melody over {span:.0f} semitone{'' if round(span) == 1 else 's'}: {relation}"
    if (loudness := acoustics.loudness_dbfs) is not None:
        yield f"loudness {loudness:.0f} dBFS{_beside_average(acoustics.loudness_above_average_db)}"
    if (span := acoustics.loudness_range_db) is not None:
        yield f"loudness varies by {span:.0f} dB: {_relation('loudness_range_db', span, ('even', 'varied'))}"
    if (tempo := acoustics.articulation_rate_syllables_per_s) is not None:
        relation = _relation("articulation_rate_syllables_per_s", tempo, ("slow", "fast"), decimals=1)
        yield f"tempo {tempo:.1f} syllables a second: {relation}"
    if acoustics.pauses and acoustics.pause_share is not None:
        yield f"{acoustics.pauses} pause{'s' * (acoustics.pauses > 1)}, {acoustics.pause_share:.0%} of the time"
    elif acoustics.pauses == 0:
        yield "no pauses"
    if (centroid := acoustics.spectral_centroid_hz) is not None:
        yield f"brightness {centroid:.0f} Hz: {_relation('spectral_centroid_hz', centroid, ('dark', 'bright'))}"


def _pitch_for(f0_hz: float, voices: str) -> str:
    """Say how a pitch would be for a low or for a high voice: nobody knows which of them speaks."""
    neutral = NEUTRAL[voices]["f0_hz"]
    word = _word(round(f0_hz), neutral.low, neutral.high, ("low", "high"))
    semitones = round(12 * log2(f0_hz / neutral.median))
    distance = f"{abs(semitones)} semitone{'' if abs(semitones) == 1 else 's'} "
    place = "at" if semitones == 0 else distance + ("above" if semitones > 0 else "below")
    return f"{word} for a {voices} voice ({place} neutral)"


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
    return f"{word} (neutral: {low:.{decimals}f} to {high:.{decimals}f})"


def _word(value: float, low: float, high: float, words: tuple[str, str]) -> str:
    return words[0] if value < low else words[1] if value > high else "usual"
