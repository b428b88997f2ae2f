"""Groups of features: functionals over the descriptors of an utterance, each with its names."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from affetto.features.acoustic.descriptors import CONTRAST_EDGES_HZ, HARMONIC_DIFFERENCES, N_MFCC, SHAPES, TILTS
from affetto.features.acoustic.filters import N_MELS
from affetto.features.acoustic.functionals import (
    MODULATION_EDGES_HZ,
    STATISTICS,
    autocorrelations,
    correlations,
    delta,
    modulation_spectrum,
    run_lengths,
    statistics,
    stretch_means,
)
from affetto.features.acoustic.spectrum import HOP_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from affetto.features.acoustic.voice import Voice

Features: TypeAlias = "Iterable[tuple[Sequence[str], NDArray[np.floating]]]"
"""Blocks of names and values; the values of a block are read row by row."""


def _named(descriptors: Sequence[str], functionals: Sequence[str] = STATISTICS) -> tuple[str, ...]:
    return _combined(tuple(descriptors), tuple(functionals))


@cache
def _combined(descriptors: tuple[str, ...], functionals: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" ".join(pair) for pair in product(descriptors, functionals))


def _stretches(count: int) -> list[str]:
    return [f"segment {i}/{count}" for i in range(1, count + 1)]


_MFCC = [f"mfcc{i}" for i in range(1, N_MFCC + 1)]
_MEL = [f"mel{i}" for i in range(1, N_MELS + 1)]
_BROAD_MEL = [f"mel{i}-{i + 1}" for i in range(1, N_MELS, 2)]
_CONTRAST = [f"contrast above {low} Hz" for low in CONTRAST_EDGES_HZ[:-1]]
_CHROMA = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
_SPECTRAL = [*SHAPES, "zero_crossing_rate", *TILTS]


def _mfcc(voice: Voice) -> Features:
    yield _named(_MFCC), statistics(voice.descriptors.mfcc)


def _mfcc_by_voicing(voice: Voice) -> Features:
    """Vowels and consonants apart: the one carries the voice, the other the effort."""
    mfcc, voiced = voice.descriptors.mfcc, voice.voiced
    for name, chosen in (("voiced", voiced), ("unvoiced", ~voiced)):
        part = mfcc[:, chosen] if chosen.any() else mfcc
        yield _named(_MFCC, [f"{name} mean"]), part.mean(axis=1)
    yield _named(_MFCC, ["voiced std"]), mfcc[:, voiced].std(axis=1) if voiced.any() else np.zeros(N_MFCC)


def _mel(voice: Voice) -> Features:
    yield _named(_MEL), statistics(voice.descriptors.mel)


def _contrast(voice: Voice) -> Features:
    yield _named(_CONTRAST), statistics(voice.descriptors.contrast)


def _chroma(voice: Voice) -> Features:
    yield _named(_CHROMA, ["mean"]), voice.descriptors.chroma.mean(axis=1)
    yield _named(_CHROMA, ["std"]), voice.descriptors.chroma.std(axis=1)


def _spectral(voice: Voice) -> Features:
    yield _named(_SPECTRAL), statistics(voice.spectral)
    yield _named(_SPECTRAL, [f"voiced {name}" for name in STATISTICS]), statistics(voice.spectral[:, voice.voiced])


def _level(voice: Voice) -> Features:
    level = voice.descriptors.level
    yield _named(["level"]), statistics(level[None])
    yield _named(["level"], ["p2", "p25", "p75", "p98"]), np.percentile(level, [2, 25, 75, 98])


def _quality(voice: Voice) -> Features:
    descriptors, voiced = voice.descriptors, voice.voiced
    yield _named(HARMONIC_DIFFERENCES), statistics(descriptors.harmonics[:, voiced])
    yield _named(["hnr"]), statistics(descriptors.hnr[None])
    yield _named(["hnr"], [f"voiced {name}" for name in STATISTICS]), statistics(descriptors.hnr[None, voiced])


def _pitch(voice: Voice) -> Features:
    """Register (in semitones) and melody (relative to the clip's own median), and how both move with the level."""
    voiced, semitones = voice.voiced, voice.semitones
    melody = semitones[voiced] - voice.register if voiced.any() else np.zeros(1)
    adjacent = voiced[1:] & voiced[:-1]
    steps = np.diff(semitones)[adjacent] if adjacent.any() else np.zeros(1)
    level_steps = np.diff(voice.descriptors.level)[adjacent] if adjacent.any() else np.zeros(1)
    rises, falls = steps[steps > 0], steps[steps < 0]
    yield _named(["pitch"]), statistics(semitones[None, voiced])
    yield _named(["melody"], ["p2", "p10", "p25", "p75", "p90", "p98"]), np.percentile(melody, [2, 10, 25, 75, 90, 98])
    yield (
        [
            "pitch step size",
            "pitch step std",
            "share of rises",
            "shimmer of pitch",
            "level step size",
            "level step std",
        ],
        np.array(
            [
                np.abs(steps).mean(),
                steps.std(),
                (steps > 0).mean(),
                np.abs(np.diff(steps)).mean() if len(steps) > 1 else 0.0,
                np.abs(level_steps).mean(),
                level_steps.std(),
            ]
        ),
    )
    yield ["mean rise", "mean fall"], np.array([part.mean() if len(part) else 0.0 for part in (rises, falls)])
    yield _named(["melody"], [f"legendre{i}" for i in range(5)]), _contour(semitones - voice.register)


def _rhythm(voice: Voice) -> Features:
    level, voiced = voice.descriptors.level, voice.voiced
    loud = level > -25
    seconds = len(level) * HOP_S
    yield (
        ["log duration", "voiced share", "loud share", "voiced segments per s", "level peaks per s"],
        np.array(
            [
                np.log(seconds + 0.05),
                voiced.mean(),
                loud.mean(),
                len(run_lengths(voiced)) / (seconds + 0.1),
                _count_peaks(level) / (seconds + 0.1),
            ]
        ),
    )
    for name, mask in (("voiced", voiced), ("unvoiced", ~voiced), ("quiet", ~loud)):
        runs = run_lengths(mask) * HOP_S
        lengths = [runs.mean(), runs.std(), runs.max()] if len(runs) else [0.0, 0.0, 0.0]
        yield _named([f"{name} segment"], ["mean", "std", "max"]), np.array(lengths)


def _development(voice: Voice) -> Features:
    """How the utterance develops: everything over equal segments of it."""
    descriptors = voice.descriptors
    yield _named(_BROAD_MEL, _stretches(8)), stretch_means(voice.broad_mel, 8)
    change = np.abs(delta(voice.broad_mel)).reshape(5, 4, -1).mean(axis=1)
    yield _named([f"mel region {i} change" for i in range(1, 6)], _stretches(8)), stretch_means(change, 8)
    shape = dict(zip(_SPECTRAL, voice.spectral, strict=True))
    lines = {
        "pitch": voice.semitones,
        "melody": voice.semitones - voice.register,
        "level": descriptors.level,
        "hnr": descriptors.hnr,
        "voiced": voice.voiced.astype(np.float32),
        **{name: shape[name] for name in ("centroid", "flux", "alpha_ratio", "hammarberg", "zero_crossing_rate")},
    }
    yield _named(list(lines), _stretches(10)), stretch_means(np.stack(list(lines.values())), 10)


def _modulation(voice: Voice) -> Features:
    broad = voice.descriptors.mel.reshape(10, N_MELS // 10, -1).mean(axis=1)
    rates = [f"modulation above {low} Hz" for low in MODULATION_EDGES_HZ[:-1]]
    yield _named([f"mel region {i}" for i in range(1, 11)], rates), modulation_spectrum(broad, 1 / HOP_S)
    prosody = np.stack(
        [voice.semitones, voice.descriptors.level / 3, voice.descriptors.hnr, _chosen(voice, ["alpha_ratio"])[0]]
    )
    yield _named(["pitch", "level", "hnr", "alpha_ratio"], rates), modulation_spectrum(prosody, 1 / HOP_S)


def _picture(voice: Voice) -> Features:
    """Give the coarse shapes of the spectrogram at unit length: its two-dimensional cosine transform."""
    from scipy.fft import dct

    cepstra = dct(stretch_means(voice.descriptors.mel / 10, 24), type=2, axis=0, norm="ortho")[:16]
    names = _named([f"frequency{i}" for i in range(16)], [f"time{i}" for i in range(10)])
    yield names, dct(cepstra, type=2, axis=1, norm="ortho")[:, :10]


def _dynamics(voice: Voice) -> Features:
    """How the descriptors move: together, and with themselves some frames later."""
    descriptors = voice.descriptors
    rows = np.vstack(
        [descriptors.mfcc[:10], descriptors.level[None] / 10, voice.semitones[None] / 3, descriptors.hnr[None] / 5]
    )
    names = [*_MFCC[:10], "level", "pitch", "hnr"]
    yield _pairs(names), correlations(rows)
    lags = (4, 8, 16, 32)
    yield _named([f"autocorrelation at {lag} frames" for lag in lags], names), autocorrelations(rows, lags)
    chosen = voice.voiced if voice.voiced.sum() > 2 else np.full(len(voice.voiced), True)
    yield [f"voiced {name}" for name in _pairs(_MFCC[:12])], correlations(descriptors.mfcc[:12, chosen])


def _extremes(voice: Voice) -> Features:
    """Give the shapes of the distributions, further out than the deciles."""
    rows = np.vstack([voice.descriptors.mfcc, _chosen(voice, _SHAPE_LINES)])
    names = [*_MFCC, *_SHAPE_LINES]
    for percent in (2, 25, 75, 98):
        yield _named(names, [f"p{percent}"]), np.percentile(rows, percent, axis=1)
    mfcc = voice.descriptors.mfcc
    standard = (mfcc - mfcc.mean(axis=1, keepdims=True)) / np.maximum(mfcc.std(axis=1, keepdims=True), 0.1)
    yield _named(_MFCC, ["skewness"]), (standard**3).mean(axis=1)
    yield _named(_MFCC, ["kurtosis"]), (standard**4).mean(axis=1)
    weight = 10 ** (voice.descriptors.level / 20)
    yield _named(_MEL, ["mean weighted by loudness"]), (voice.descriptors.mel * weight).sum(axis=1) / weight.sum()


def _detail(voice: Voice) -> Features:
    """How the utterance develops, in more of its descriptors; those of the voice bridge the unvoiced frames."""
    descriptors = voice.descriptors
    means = stretch_means(voice.broad_mel, 5)
    spread = np.sqrt(np.maximum(stretch_means(voice.broad_mel**2, 5) - means**2, 0))
    yield _named(_BROAD_MEL, [f"std {name}" for name in _stretches(5)]), spread
    yield _named(_SHAPE_LINES, _stretches(8)), stretch_means(_chosen(voice, _SHAPE_LINES), 8)
    yield _named(HARMONIC_DIFFERENCES, _stretches(6)), stretch_means(voice.bridged(descriptors.harmonics), 6)
    yield _named(_MFCC, [f"voiced {name}" for name in _stretches(6)]), stretch_means(voice.bridged(descriptors.mfcc), 6)
    slopes = delta(np.stack([voice.semitones, descriptors.level]))
    names = ["pitch slope", "level slope", "pitch slope size", "level slope size"]
    yield _named(names, _stretches(10)), stretch_means(np.vstack([slopes, np.abs(slopes)]), 10)


_SHAPE_LINES = ("spread", "rolloff25", "rolloff85", "flatness", "slope_60_600", "slope_500_1500", "slope_1500_6000")


def _chosen(voice: Voice, names: Sequence[str]) -> NDArray[np.float32]:
    return voice.spectral[[_SPECTRAL.index(name) for name in names]]


def _pairs(names: Sequence[str]) -> list[str]:
    return [f"correlation of {first} and {second}" for first, second in combinations(names, 2)]


GROUPS: dict[str, Callable[[Voice], Features]] = {
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
    "development": _development,
    "modulation": _modulation,
    "picture": _picture,
    "dynamics": _dynamics,
    "extremes": _extremes,
    "detail": _detail,
}
"""All groups of features by name, in the order of the vector."""


def _contour(melody: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the melody's Legendre coefficients: level, fall, arch, and so on."""
    if len(melody) < 10:
        return np.zeros(5)
    return np.asarray(np.polynomial.legendre.legfit(np.linspace(-1, 1, len(melody)), melody, 4))


def _count_peaks(level: NDArray[np.float32]) -> int:
    """Count the maxima of the smoothed level, about one a syllable."""
    smooth = np.convolve(level, np.hanning(13)[1:-1] / 6, mode="same") if len(level) >= 11 else level
    middle = smooth[1:-1]
    return int(((middle > smooth[:-2]) & (middle >= smooth[2:]) & (middle > -20)).sum())
