"""Descriptors: what is measured every ten milliseconds, of spectrum, cepstrum, pitch and voice quality.

No descriptor depends on the recording's level: levels are relative to the loud part of the same clip.

References
----------
F. Eyben et al.: The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing.
IEEE Transactions on Affective Computing 7(2), 2016. (Alpha ratio, Hammarberg index, slopes, harmonic differences, HNR.)

S. B. Davis, P. Mermelstein: Comparison of parametric representations for monosyllabic word recognition. IEEE
Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980. (Cepstra.)

D.-N. Jiang et al.: Music type classification by spectral contrast feature. ICME, 2002.

D. P. W. Ellis: Classifying music audio with timbral and chroma features. ISMIR, 2007. (Chroma.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic import pitch
from affetto.features.acoustic.filters import chroma_filters, mel_filters
from affetto.features.acoustic.librosa_import import import_librosa
from affetto.features.acoustic.spectrum import (
    BIN_HZ,
    FREQUENCIES_HZ,
    N_BINS,
    TINY,
    frames,
    power_spectrum,
    warping,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

N_MFCC = 20
SHAPES = ("centroid", "spread", "rolloff25", "rolloff85", "flatness", "flux")
TILTS = ("alpha_ratio", "hammarberg", "slope_60_600", "slope_500_1500", "slope_1500_6000")
HARMONIC_DIFFERENCES = ("h1_h2", "h1_h3", "h1_a1", "h1_a2", "h1_a3")
CONTRAST_EDGES_HZ = (0, 200, 400, 800, 1600, 3200, 8001)

_FLOOR_DB = 80.0  # nothing further below the loud part of the clip is looked at
_BLOCK = 3_000  # frames: an hour is never in memory as a spectrogram


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The descriptors of one utterance, time along the last axis.

    Attributes
    ----------
    level : ndarray, shape (n_frames,)
        In dB relative to the clip's 90th percentile.
    mel : ndarray, shape (n_mels, n_frames)
        Mel bands in dB relative to the same.
    mfcc : ndarray, shape (n_mfcc, n_frames)
        Without the zeroth, which is the level.
    chroma : ndarray, shape (12, n_frames)
        Pitch classes, the strongest 1.
    contrast : ndarray, shape (6, n_frames)
        Peak over valley of octave bands, in dB.
    shape : ndarray, shape (7, n_frames)
        `SHAPES`, and the zero-crossing rate (logarithmic).
    tilt : ndarray, shape (5, n_frames)
        `TILTS`: how the spectrum falls, in dB or dB per kHz.
    harmonics : ndarray, shape (5, n_frames)
        `HARMONIC_DIFFERENCES` in dB: first harmonic over second, third, and the peaks of three formant regions.
    f0 : ndarray, shape (n_frames,)
        Pitch in Hz, 0 where unvoiced.
    hnr : ndarray, shape (n_frames,)
        Harmonics-to-noise ratio in dB.
    """

    level: Rows
    mel: Rows
    mfcc: Rows
    chroma: Rows
    contrast: Rows
    shape: Rows
    tilt: Rows
    harmonics: Rows
    f0: Rows
    hnr: Rows


def describe_frames(samples: NDArray[np.float32], *, warp: float = 1.0) -> Descriptors:
    """Measure an utterance.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At 16 kHz, finite.
    warp : float
        Moves the spectrum and the pitch by this factor: a virtual speaker.

    Returns
    -------
    Descriptors
    """
    from scipy.fft import dct

    windows = frames(samples)
    blocks = [_describe_block(windows[start : start + _BLOCK], warp) for start in range(0, len(windows), _BLOCK)]
    rows = {name: np.concatenate([block[name] for block in blocks], axis=-1) for name in blocks[0]}
    power, mel, periodicity = rows.pop("power"), rows.pop("mel_power"), rows.pop("periodicity")
    loud = np.percentile(_db(power), 90)
    mel_db = np.maximum(_db(mel) - loud, -_FLOOR_DB)
    return Descriptors(
        level=np.maximum(_db(power) - loud, -_FLOOR_DB),
        mel=mel_db,
        mfcc=dct(mel_db / 10, type=2, axis=0, norm="ortho")[1 : N_MFCC + 1],
        hnr=np.clip(10 * np.log10(np.maximum(periodicity, 0.01) / (1 - periodicity)), -20, 30),
        **rows,
    )


def _describe_block(windows: Rows, warp: float) -> dict[str, Rows]:
    """Measure some thirty seconds: all that needs the whole spectrum."""
    power = power_spectrum(windows)
    level = _db(power.sum(axis=0))
    f0, periodicity = pitch.track(*pitch.candidates(power), level - np.percentile(level, 90))
    harmonics = _harmonic_differences(power, np.where(f0 > 0, f0, 200.0))
    warped = power if warp == 1.0 else warping(warp) @ power
    total = np.maximum(warped.sum(axis=0), TINY)
    chroma = chroma_filters() @ warped
    negative = np.signbit(windows)
    crossings = (negative[:, 1:] != negative[:, :-1]).mean(axis=1)
    return {
        "power": warped.sum(axis=0),
        "mel_power": mel_filters() @ warped,
        "chroma": chroma / np.maximum(chroma.max(axis=0), TINY),
        "contrast": _contrast(warped),
        "shape": np.vstack([*_shapes(warped, total), np.log(crossings * warp + 0.005)]).astype(np.float32),
        "tilt": _tilts(warped).astype(np.float32),
        "harmonics": harmonics,
        "f0": f0 * np.float32(warp),
        "periodicity": periodicity,
    }


def _shapes(power: Rows, total: Rows) -> list[NDArray[np.floating]]:
    """Return `SHAPES`: centroid in mel, spread in kHz, roll-offs in octaves, flatness and flux as ratios."""
    librosa = import_librosa()
    share = power / total
    frequency = FREQUENCIES_HZ.astype(np.float32)[:, None]
    centroid = (share * frequency).sum(axis=0)
    spread = np.sqrt(np.maximum((share * frequency**2).sum(axis=0) - centroid**2, 0))
    cumulative = np.cumsum(share, axis=0)
    rolloffs = [FREQUENCIES_HZ[np.argmax(cumulative >= part, axis=0)] for part in (0.25, 0.85)]
    floor = TINY + 1e-9 * total
    speech = power[_band(60, 7_600)]
    flatness = np.log(np.maximum(speech, floor)).mean(axis=0) - np.log(np.maximum(speech.mean(axis=0), floor))
    amplitude = np.sqrt(share)
    # The distance between successive spectra of unit length.
    flux = np.sqrt(np.maximum(2 - 2 * (amplitude[:, 1:] * amplitude[:, :-1]).sum(axis=0), 0))
    flux = np.concatenate([flux[:1], flux]) if len(flux) else np.zeros(1)
    return [librosa.hz_to_mel(centroid), spread / 1000, *(np.log2(r + 50) for r in rolloffs), flatness, flux]


def _tilts(power: Rows) -> NDArray[np.floating]:
    """Return `TILTS`."""

    def strength(low: float, high: float, reduce: Callable[..., Rows]) -> Rows:
        return _db(reduce(power[_band(low, high)], axis=0))

    alpha = strength(1000, 5000, np.sum) - strength(50, 1000, np.sum)
    hammarberg = strength(50, 2000, np.max) - strength(2000, 5000, np.max)
    slopes = [np.clip(_slope(power, low, high), -80, 80) for low, high in ((60, 600), (500, 1500), (1500, 6000))]
    return np.vstack([np.clip([alpha, hammarberg], -60, 60), *slopes])


def _slope(power: Rows, low: float, high: float) -> NDArray[np.floating]:
    """Return the regression slope of a band's spectrum in dB per kHz."""
    band = _band(low, high)
    kilohertz = FREQUENCIES_HZ[band] / 1000
    kilohertz = (kilohertz - kilohertz.mean()).astype(np.float32)
    strongest = power[band].max(axis=0)
    levels = _db(np.maximum(power[band], 1e-8 * strongest))
    slope: NDArray[np.floating] = (kilohertz @ levels) / (kilohertz @ kilohertz)
    return slope


def _contrast(power: Rows) -> Rows:
    """Return spectral contrast: the mean of each octave's strongest tenth of bins over that of its weakest."""
    rows = []
    for low, high in pairwise(CONTRAST_EDGES_HZ):
        ordered = np.sort(power[_band(low, high)], axis=0)
        tenth = max(1, round(0.1 * len(ordered)))
        peak, valley = ordered[-tenth:].mean(axis=0), ordered[:tenth].mean(axis=0)
        rows.append(_db(peak) - _db(np.maximum(valley, 1e-8 * peak)))
    return np.asarray(np.stack(rows), dtype=np.float32)


def _harmonic_differences(power: Rows, f0: Rows) -> Rows:
    """Return `HARMONIC_DIFFERENCES`, which only mean something in voiced frames."""
    levels = _db(power)
    columns = np.arange(power.shape[1])

    def at(frequency: Rows) -> Rows:
        centre = np.clip(np.round(frequency / BIN_HZ).astype(int), 1, N_BINS - 2)
        nearest: Rows = np.max([levels[centre + shift, columns] for shift in (-1, 0, 1)], axis=0)
        return nearest

    first = at(f0)
    others = [at(2 * f0), at(3 * f0)]
    formants = [levels[_band(low, high)].max(axis=0) for low, high in ((300, 1000), (1000, 2500), (2500, 4000))]
    differences = np.stack([first - other for other in (*others, *formants)])
    return np.asarray(np.clip(differences, -80, 80), dtype=np.float32)


def _band(low_hz: float, high_hz: float) -> slice:
    """Return the bins from one frequency to below another."""
    return slice(*np.searchsorted(FREQUENCIES_HZ, [low_hz, high_hz]).tolist())


def _db(power: NDArray[np.floating]) -> Rows:
    levels: Rows = 10 * np.log10(np.maximum(power, np.float32(TINY)))
    return levels
