"""Acoustic measures of a segment, with numpy alone: F0, loudness, articulation rate, pauses, spectral centroid."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from affetto.acoustics.measures import AcousticMeasures
from affetto.features.acoustic import pitch
from affetto.features.acoustic.loudness import active_speech_level
from affetto.features.acoustic.rhythm import MIN_PAUSE_S, find_rhythm
from affetto.features.acoustic.spectrum import FREQUENCIES_HZ, SAMPLE_RATE_HZ, TINY, frames, power_spectrum
from affetto.preprocessing.steps import remove_dc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.recognition.result import Segment

# From 50 Hz to 5 kHz, as in eGeMAPS; beyond, recordings differ more than voices do.
_SPEECH = slice(*np.searchsorted(FREQUENCIES_HZ, [50.0, 5_000.0]).tolist())
# The share of voiced frames: noise and whispers have up to 0.28 by chance, spoken sentences 0.68 or more.
_LEAST_VOICED = 0.4
# Of the measures that are means over the pieces of a turn.
_DECIMALS = {
    "f0_hz": 1,
    "f0_range_semitones": 1,
    "loudness_dbfs": 1,
    "loudness_range_db": 1,
    "articulation_rate_syllables_per_s": 2,
    "spectral_centroid_hz": 0,
}


# Of floats, whose full scale is 1. The squares of much larger ones exceed 32 bits.
_LARGEST_SAMPLE = 1e6


def measure_acoustics(samples: NDArray[np.float32], sample_rate_hz: int) -> AcousticMeasures:
    """Measure a segment.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At the level at which they were recorded.
    sample_rate_hz : int

    Returns
    -------
    AcousticMeasures
        All None if the segment is silent, or if its samples are so large that they can only be damaged.

    Examples
    --------
    >>> import affetto
    >>> speech = affetto.read("examples/angry.flac")
    >>> round(measure_acoustics(speech.samples, speech.sample_rate_hz).f0_hz, -1)
    190.0
    """
    if np.abs(samples).max(initial=0) > _LARGEST_SAMPLE:
        return AcousticMeasures()
    loudness = active_speech_level(samples, sample_rate_hz)
    if loudness is None:
        return AcousticMeasures()
    if sample_rate_hz != SAMPLE_RATE_HZ:
        import soxr

        samples = soxr.resample(samples, sample_rate_hz, SAMPLE_RATE_HZ)
    power = power_spectrum(frames(remove_dc(samples, SAMPLE_RATE_HZ)))
    power[: _SPEECH.start] = 0  # rumble
    level = _db(power.sum(axis=0))
    f0, _ = pitch.track(*pitch.candidates(power), level - np.percentile(level, 90))
    speech = _without_noise(power[_SPEECH], level)
    level = _db(speech.sum(axis=0))
    rhythm = find_rhythm(level, f0 > 0)
    speech_s = rhythm.duration_s - rhythm.pause_s
    voiced = f0[f0 > 0]
    has_voice = (f0[rhythm.sounding] > 0).mean() >= _LEAST_VOICED
    return AcousticMeasures(
        f0_hz=_rounded(np.median(voiced), 1) if has_voice else None,
        f0_range_semitones=_rounded(_distance(12 * np.log2(voiced), 5, 95), 1) if has_voice else None,
        loudness_dbfs=_rounded(loudness, 1),
        loudness_range_db=_rounded(_distance(level[rhythm.sounding], 10, 95), 1),
        articulation_rate_syllables_per_s=_rounded(rhythm.nuclei / speech_s, 2)
        if has_voice and rhythm.nuclei
        else None,
        pauses=rhythm.pauses,
        pause_share=_rounded(rhythm.pause_s / rhythm.duration_s, 3),
        spectral_centroid_hz=_rounded(np.median(_centroid(speech[:, rhythm.sounding])), 0),
    )


def join_measures(pieces: Sequence[tuple[float, float, AcousticMeasures]]) -> AcousticMeasures:
    """Return the measures of a turn from those of the pieces of speech in it.

    Parameters
    ----------
    pieces : sequence of (start, end, AcousticMeasures)
        Times in seconds, in their order.

    Returns
    -------
    AcousticMeasures
        The means over the pieces, weighted by their length. The pauses between pieces count, too.
    """
    if len(pieces) == 1:
        return pieces[0][2]
    measured = [(start, end, measures) for start, end, measures in pieces if measures.loudness_dbfs is not None]
    if not measured:
        return AcousticMeasures()
    lengths = np.array([end - start for start, end, _ in measured])
    means: dict[str, float | None] = {}
    for name, decimals in _DECIMALS.items():
        values = np.array([getattr(measures, name) for *_, measures in measured], float)  # None becomes NaN
        known = ~np.isnan(values)
        means[name] = _rounded(np.average(values[known], weights=lengths[known]), decimals) if known.any() else None
    gaps_s = [later[0] - earlier[1] for earlier, later in pairwise(measured)]
    pauses_s = [gap_s for gap_s in gaps_s if gap_s >= MIN_PAUSE_S]
    within_s = sum(length * (m.pause_share or 0.0) for length, (*_, m) in zip(lengths, measured, strict=True))
    return AcousticMeasures(
        **means,
        pauses=sum(measures.pauses or 0 for *_, measures in measured) + len(pauses_s),
        pause_share=_rounded((within_s + sum(pauses_s)) / (measured[-1][1] - measured[0][0]), 3),
    )


def compare_loudness(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of one recording with `loudness_above_average_db`, if two or more have a loudness."""
    measured = [
        (segment.acoustics.loudness_dbfs, segment.end_s - segment.start_s)
        for segment in segments
        if segment.acoustics is not None and segment.acoustics.loudness_dbfs is not None
    ]
    if len(measured) < 2:
        return list(segments)
    levels, lengths = zip(*measured, strict=True)
    return [_compared(segment, float(np.average(levels, weights=lengths))) for segment in segments]


def _compared(segment: Segment, average_dbfs: float) -> Segment:
    acoustics = segment.acoustics
    if acoustics is None or acoustics.loudness_dbfs is None:
        return segment
    above = _rounded(acoustics.loudness_dbfs - average_dbfs, 1)
    return dataclasses.replace(segment, acoustics=dataclasses.replace(acoustics, loudness_above_average_db=above))


def _distance(values: NDArray[np.floating], low: float, high: float) -> float:
    """Return the distance of two percentiles."""
    return float(np.ptp(np.percentile(values, [low, high])))


def _without_noise(power: NDArray[np.float32], level_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Subtract steady noise, estimated in the quietest moments: it would raise the centroid, and fill the pauses.

    References
    ----------
    M. Berouti, R. Schwartz, J. Makhoul: Enhancement of speech corrupted by acoustic noise. ICASSP, 1979.
    """
    noise = power[:, level_db <= np.percentile(level_db, 5)].mean(axis=1, keepdims=True)
    speech: NDArray[np.float32] = np.maximum(power - np.float32(1.5) * noise, np.float32(0.01) * power)
    return speech


def _centroid(power: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return the mean frequency of each frame in Hz, weighted by power."""
    strength = np.maximum(power, np.float32(TINY))
    centroid: NDArray[np.floating] = (FREQUENCIES_HZ[_SPEECH] @ strength) / strength.sum(axis=0)
    return centroid


def _db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    levels: NDArray[np.float32] = 10 * np.log10(np.maximum(power, np.float32(TINY)))
    return levels


def _rounded(value: float | np.floating, decimals: int) -> float:
    return round(float(value), decimals)
