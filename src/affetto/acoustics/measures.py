"""Acoustic measures of a segment, in physical units and beside those of neutral speech."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affetto.acoustics.reference import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class AcousticMeasures:
    """Acoustic measures of one segment. They describe the voice; the model does not use them.

    Attributes
    ----------
    f0_hz : float or None
        Median fundamental frequency [1]_; None for a whisper.
    f0_range_semitones : float or None
        From the 5th to the 95th percentile of F0; None for a whisper.
    loudness_dbfs : float or None
        Active speech level [2]_: without pauses, relative to full scale (a sine of full scale has -3).
    loudness_range_db : float or None
        From the 10th to the 95th percentile of the level over time, without silence, as in EBU Tech 3342.
    loudness_above_average_db : float or None
        Relative to the mean of the recording's segments, weighted by their length; None for a single segment.
    articulation_rate_syllables_per_s : float or None
        Syllables per second of speech, without pauses [3]_; None for a whisper.
    pauses : int or None
        The number of silences of at least 0.25 s within the segment [4]_.
    pause_share : float or None
        Their share of the time from the first sound to the last, 0 to 1.
    spectral_centroid_hz : float or None
        Centroid of the spectrum from 50 Hz to 5 kHz, median over time, without silence [5]_.

    References
    ----------
    .. [1] P. Boersma: Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
       sampled sound. Proceedings of the Institute of Phonetic Sciences 17, 1993.
    .. [2] ITU-T P.56: Objective measurement of active speech level. 2011.
    .. [3] N. H. de Jong, T. Wempe: Praat script to detect syllable nuclei and measure speech rate automatically.
       Behavior Research Methods 41(2), 2009.
    .. [4] F. Goldman-Eisler: Psycholinguistics: experiments in spontaneous speech. Academic Press, 1968.
    .. [5] J. M. Grey, J. W. Gordon: Perceptual effects of spectral modifications on musical timbres. Journal of the
       Acoustical Society of America 63(5), 1978. The band is that of eGeMAPS.

    Examples
    --------
    >>> AcousticMeasures(f0_range_semitones=12.3, pauses=0).summary
    ('F0 range 12 semitones (neutral: 5 to 15)', 'no pauses')
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
    def summary(self) -> tuple[str, ...]:
        """One line for each measure, with the range of neutral speech."""
        return tuple(_lines(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, and the summary as a list."""
        return {**dataclasses.asdict(self), "summary": list(self.summary)}


def _lines(measures: AcousticMeasures) -> Iterator[str]:
    if (f0 := measures.f0_hz) is not None:
        low, high = NEUTRAL["low"]["f0_hz"], NEUTRAL["high"]["f0_hz"]
        yield (
            f"F0 {f0:.0f} Hz (neutral: {low.low:.0f} to {low.high:.0f} for low voices, "
            f"{high.low:.0f} to {high.high:.0f} for high voices)"
        )
    if (f0_range := measures.f0_range_semitones) is not None:
        yield f"F0 range {f0_range:.0f} semitones {_neutral('f0_range_semitones')}"
    if (loudness := measures.loudness_dbfs) is not None:
        above = measures.loudness_above_average_db
        yield f"loudness {loudness:.0f} dBFS" + ("" if above is None else f" ({above:+.0f} dB to the recording's mean)")
    if (loudness_range := measures.loudness_range_db) is not None:
        yield f"loudness range {loudness_range:.0f} dB {_neutral('loudness_range_db')}"
    if (rate := measures.articulation_rate_syllables_per_s) is not None:
        yield f"articulation rate {rate:.1f} syllables/s {_neutral('articulation_rate_syllables_per_s', decimals=1)}"
    if measures.pauses and measures.pause_share is not None:
        yield f"{measures.pauses} pause{'s' * (measures.pauses > 1)}, {measures.pause_share:.0%} of the time"
    elif measures.pauses == 0:
        yield "no pauses"
    if (centroid := measures.spectral_centroid_hz) is not None:
        yield f"spectral centroid {centroid:.0f} Hz {_neutral('spectral_centroid_hz')}"


def _neutral(name: str, *, decimals: int = 0) -> str:
    """Return the range of neutral speech that holds for low and high voices together."""
    low = min(voice[name].low for voice in NEUTRAL.values())
    high = max(voice[name].high for voice in NEUTRAL.values())
    return f"(neutral: {low:.{decimals}f} to {high:.{decimals}f})"
