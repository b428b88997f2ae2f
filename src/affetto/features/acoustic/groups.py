"""Groups of features: functionals of the descriptors of an utterance, with their names."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from affetto.features.acoustic.descriptors import CONTRAST_EDGES_HZ, HARMONIC_DIFFERENCES, N_MELS, N_MFCC, SHAPES, TILTS
from affetto.features.acoustic.functionals import (
    MODULATION_EDGES_HZ,
    STATISTICS,
    autocorrelations,
    correlations,
    delta,
    modulation_spectrum,
    run_lengths,
    segment_means,
    statistics,
)
from affetto.features.acoustic.spectrum import HOP_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from affetto.features.acoustic.descriptors import Descriptors

Features: TypeAlias = "Iterable[tuple[Sequence[str], NDArray[np.floating]]]"
"""Blocks of names and values; the values of a block are in row-major order."""


def _named(descriptors: Sequence[str], functionals: Sequence[str] = STATISTICS) -> list[str]:
    return [" ".join(pair) for pair in product(descriptors, functionals)]


def _block(values: Mapping[str, float | np.floating]) -> tuple[list[str], NDArray[np.floating]]:
    return list(values), np.array(list(values.values()))


def _segments(count: int) -> list[str]:
    return [f"segment {i}/{count}" for i in range(1, count + 1)]


_MFCC = [f"mfcc{i}" for i in range(1, N_MFCC + 1)]
_MEL = [f"mel{i}" for i in range(1, N_MELS + 1)]
_BROAD_MEL = [f"mel{i}-{i + 1}" for i in range(1, N_MELS, 2)]
_CONTRAST = [f"contrast above {low} Hz" for low in CONTRAST_EDGES_HZ[:-1]]
_CHROMA = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
_SPECTRAL = [*SHAPES, "zero_crossing_rate", *TILTS]
_VOICED_STATISTICS = [f"voiced {name}" for name in STATISTICS]


def _mfcc(descriptors: Descriptors) -> Features:
    yield _named(_MFCC), statistics(descriptors.mfcc)


def _mfcc_by_voicing(descriptors: Descriptors) -> Features:
    """Means of voiced and unvoiced frames."""
    mfcc, voiced = descriptors.mfcc, descriptors.voiced
    for name, chosen in (("voiced", voiced), ("unvoiced", ~voiced)):
        part = mfcc[:, chosen] if chosen.any() else mfcc
        yield _named(_MFCC, [f"{name} mean"]), part.mean(axis=1)
    yield _named(_MFCC, ["voiced std"]), mfcc[:, voiced].std(axis=1) if voiced.any() else np.zeros(N_MFCC)


def _mel(descriptors: Descriptors) -> Features:
    yield _named(_MEL), statistics(descriptors.mel)


def _contrast(descriptors: Descriptors) -> Features:
    yield _named(_CONTRAST), statistics(descriptors.contrast)


def _chroma(descriptors: Descriptors) -> Features:
    yield _named(_CHROMA, ["mean"]), descriptors.chroma.mean(axis=1)
    yield _named(_CHROMA, ["std"]), descriptors.chroma.std(axis=1)


def _spectral(descriptors: Descriptors) -> Features:
    yield _named(_SPECTRAL), statistics(descriptors.spectral)
    yield _named(_SPECTRAL, _VOICED_STATISTICS), statistics(descriptors.spectral[:, descriptors.voiced])


def _level(descriptors: Descriptors) -> Features:
    level = descriptors.level
    yield _named(["level"]), statistics(level[None])
    yield _named(["level"], ["p2", "p25", "p75", "p98"]), np.percentile(level, [2, 25, 75, 98])


def _quality(descriptors: Descriptors) -> Features:
    voiced = descriptors.voiced
    yield _named(HARMONIC_DIFFERENCES), statistics(descriptors.harmonics[:, voiced])
    yield _named(["hnr"]), statistics(descriptors.hnr[None])
    yield _named(["hnr"], _VOICED_STATISTICS), statistics(descriptors.hnr[None, voiced])


def _pitch(descriptors: Descriptors) -> Features:
    """F0 in semitones, relative to its median (melody), its steps and its contour, and the steps of the level."""
    voiced, semitones = descriptors.voiced, descriptors.semitones
    melody = semitones[voiced] - descriptors.register if voiced.any() else np.zeros(1)
    adjacent = voiced[1:] & voiced[:-1]
    steps = np.diff(semitones)[adjacent] if adjacent.any() else np.zeros(1)
    level_steps = np.diff(descriptors.level)[adjacent] if adjacent.any() else np.zeros(1)
    rises, falls = steps[steps > 0], steps[steps < 0]
    yield _named(["pitch"]), statistics(semitones[None, voiced])
    yield _named(["melody"], ["p2", "p10", "p25", "p75", "p90", "p98"]), np.percentile(melody, [2, 10, 25, 75, 90, 98])
    yield _block(
        {
            "pitch step size": np.abs(steps).mean(),
            "pitch step std": steps.std(),
            "share of rises": (steps > 0).mean(),
            "shimmer of pitch": np.abs(np.diff(steps)).mean() if len(steps) > 1 else 0.0,
            "level step size": np.abs(level_steps).mean(),
            "level step std": level_steps.std(),
            "mean rise": rises.mean() if len(rises) else 0.0,
            "mean fall": falls.mean() if len(falls) else 0.0,
        }
    )
    yield _named(["melody"], [f"legendre{i}" for i in range(5)]), _contour(semitones - descriptors.register)


def _rhythm(descriptors: Descriptors) -> Features:
    level, voiced = descriptors.level, descriptors.voiced
    loud = level > -25
    seconds = len(level) * HOP_S
    yield _block(
        {
            "log duration": np.log(seconds + 0.05),
            "voiced share": voiced.mean(),
            "loud share": loud.mean(),
            "voiced segments per s": len(run_lengths(voiced)) / (seconds + 0.1),
            "level peaks per s": _count_peaks(level) / (seconds + 0.1),
        }
    )
    for name, mask in (("voiced", voiced), ("unvoiced", ~voiced), ("quiet", ~loud)):
        runs = run_lengths(mask) * HOP_S
        lengths = [runs.mean(), runs.std(), runs.max()] if len(runs) else [0.0, 0.0, 0.0]
        yield _named([f"{name} segment"], ["mean", "std", "max"]), np.array(lengths)


def _over_segments(descriptors: Descriptors) -> Features:
    """Means over equal segments of the utterance."""
    yield _named(_BROAD_MEL, _segments(8)), segment_means(descriptors.broad_mel, 8)
    change = np.abs(delta(descriptors.broad_mel)).reshape(5, 4, -1).mean(axis=1)
    yield _named([f"mel region {i} change" for i in range(1, 6)], _segments(8)), segment_means(change, 8)
    shape = dict(zip(_SPECTRAL, descriptors.spectral, strict=True))
    lines = {
        "pitch": descriptors.semitones,
        "melody": descriptors.semitones - descriptors.register,
        "level": descriptors.level,
        "hnr": descriptors.hnr,
        "voiced": descriptors.voiced.astype(np.float32),
        **{name: shape[name] for name in ("centroid", "flux", "alpha_ratio", "hammarberg", "zero_crossing_rate")},
    }
    yield _named(list(lines), _segments(10)), segment_means(np.stack(list(lines.values())), 10)


def _modulation(descriptors: Descriptors) -> Features:
    broad = descriptors.mel.reshape(10, N_MELS // 10, -1).mean(axis=1)
    rates = [f"modulation above {low} Hz" for low in MODULATION_EDGES_HZ[:-1]]
    yield _named([f"mel region {i}" for i in range(1, 11)], rates), modulation_spectrum(broad, 1 / HOP_S)
    prosody = np.stack(
        [descriptors.semitones, descriptors.level / 3, descriptors.hnr, _chosen(descriptors, ["alpha_ratio"])[0]]
    )
    yield _named(["pitch", "level", "hnr", "alpha_ratio"], rates), modulation_spectrum(prosody, 1 / HOP_S)


def _spectrogram_dct(descriptors: Descriptors) -> Features:
    """Two-dimensional cosine transform of the spectrogram at a fixed length."""
    from scipy.fft import dct

    cepstra = dct(segment_means(descriptors.mel / 10, 24), type=2, axis=0, norm="ortho")[:16]
    names = _named([f"frequency{i}" for i in range(16)], [f"time{i}" for i in range(10)])
    yield names, dct(cepstra, type=2, axis=1, norm="ortho")[:, :10]


def _correlations(descriptors: Descriptors) -> Features:
    """Correlations between descriptors, and autocorrelations."""
    prosody = [descriptors.level / 10, descriptors.semitones / 3, descriptors.hnr / 5]
    rows = np.vstack([descriptors.mfcc[:10], *prosody])
    names = [*_MFCC[:10], "level", "pitch", "hnr"]
    yield _pairs(names), correlations(rows)
    lags = (4, 8, 16, 32)
    yield _named([f"autocorrelation at {lag} frames" for lag in lags], names), autocorrelations(rows, lags)
    chosen = descriptors.voiced if descriptors.voiced.sum() > 2 else np.full(len(descriptors.voiced), True)
    yield [f"voiced {name}" for name in _pairs(_MFCC[:12])], correlations(descriptors.mfcc[:12, chosen])


def _distributions(descriptors: Descriptors) -> Features:
    """Outer percentiles and higher moments."""
    rows = np.vstack([descriptors.mfcc, _chosen(descriptors, _SHAPE_LINES)])
    names = [*_MFCC, *_SHAPE_LINES]
    for percent in (2, 25, 75, 98):
        yield _named(names, [f"p{percent}"]), np.percentile(rows, percent, axis=1)
    mfcc = descriptors.mfcc
    standard = (mfcc - mfcc.mean(axis=1, keepdims=True)) / np.maximum(mfcc.std(axis=1, keepdims=True), 0.1)
    yield _named(_MFCC, ["skewness"]), (standard**3).mean(axis=1)
    yield _named(_MFCC, ["kurtosis"]), (standard**4).mean(axis=1)
    weight = 10 ** (descriptors.level / 20)
    yield _named(_MEL, ["mean weighted by loudness"]), (descriptors.mel * weight).sum(axis=1) / weight.sum()


def _more_over_segments(descriptors: Descriptors) -> Features:
    """Means over equal segments of more descriptors."""
    means = segment_means(descriptors.broad_mel, 5)
    spread = np.sqrt(np.maximum(segment_means(descriptors.broad_mel**2, 5) - means**2, 0))
    yield _named(_BROAD_MEL, [f"std {name}" for name in _segments(5)]), spread
    yield _named(_SHAPE_LINES, _segments(8)), segment_means(_chosen(descriptors, _SHAPE_LINES), 8)
    yield _named(HARMONIC_DIFFERENCES, _segments(6)), segment_means(descriptors.interpolated(descriptors.harmonics), 6)
    mfcc = descriptors.interpolated(descriptors.mfcc)
    yield _named(_MFCC, [f"voiced {name}" for name in _segments(6)]), segment_means(mfcc, 6)
    slopes = delta(np.stack([descriptors.semitones, descriptors.level]))
    names = ["pitch slope", "level slope", "pitch slope size", "level slope size"]
    yield _named(names, _segments(10)), segment_means(np.vstack([slopes, np.abs(slopes)]), 10)


_SHAPE_LINES = ("spread", "rolloff25", "rolloff85", "flatness", "slope_60_600", "slope_500_1500", "slope_1500_6000")


def _chosen(descriptors: Descriptors, names: Sequence[str]) -> NDArray[np.float32]:
    return descriptors.spectral[[_SPECTRAL.index(name) for name in names]]


def _pairs(names: Sequence[str]) -> list[str]:
    return [f"correlation of {first} and {second}" for first, second in combinations(names, 2)]


GROUPS: dict[str, Callable[[Descriptors], Features]] = {
    "mfcc": _mfcc,
    "mfcc by voicing": _mfcc_by_voicing,
    "mel": _mel,
    "contrast": _contrast,
    "chroma": _chroma,
    "spectral": _spectral,
    "level": _level,
    "quality": _quality,
    "pitch": _pitch,
    "rhythm": _rhythm,
    "development": _over_segments,
    "modulation": _modulation,
    "picture": _spectrogram_dct,
    "dynamics": _correlations,
    "extremes": _distributions,
    "detail": _more_over_segments,
}
"""All groups of features in the order of the vector. Their names are part of the names of the features."""


def _contour(melody: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return five Legendre coefficients of the F0 contour: level, slope, curvature and so on."""
    if len(melody) < 10:
        return np.zeros(5)
    return np.asarray(np.polynomial.legendre.legfit(np.linspace(-1, 1, len(melody)), melody, 4))


def _count_peaks(level: NDArray[np.float32]) -> int:
    """Count the maxima of the smoothed level, about one per syllable."""
    smooth = np.convolve(level, np.hanning(13)[1:-1] / 6, mode="same") if len(level) >= 11 else level
    middle = smooth[1:-1]
    return int(((middle > smooth[:-2]) & (middle >= smooth[2:]) & (middle > -20)).sum())
