"""Descriptors: measures of spectrum, cepstrum, F0 and voice quality every 10 ms.

Levels are relative to the loud part of the same utterance, so that the level of the recording does not matter.

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
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic import pitch
from affetto.features.acoustic.librosa_import import import_librosa
from affetto.features.acoustic.spectrum import (
    BIN_HZ,
    FREQUENCIES_HZ,
    N_BINS,
    N_FFT,
    SAMPLE_RATE_HZ,
    TINY,
    frames,
    power_spectrum,
    warping,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

N_MELS = 40
N_MFCC = 20
SHAPES = ("centroid", "spread", "rolloff25", "rolloff85", "flatness", "flux")
TILTS = ("alpha_ratio", "hammarberg", "slope_60_600", "slope_500_1500", "slope_1500_6000")
HARMONIC_DIFFERENCES = ("h1_h2", "h1_h3", "h1_a1", "h1_a2", "h1_a3")
CONTRAST_EDGES_HZ = (0, 200, 400, 800, 1600, 3200, 8001)

_FLOOR_DB = 80.0  # levels further below the loud part of the utterance are clipped
_BLOCK = 3_000  # frames whose spectrogram is in memory
_REFERENCE_HZ = 55.0  # F0 is in semitones above this A
_DEFAULT_SEMITONES = 24.0  # 220 Hz, for utterances without a voiced frame


@dataclass(frozen=True)
class Descriptors:
    """The descriptors of one utterance, time along the last axis.

    Attributes
    ----------
    level : ndarray, shape (n_frames,)
        In dB relative to its 90th percentile.
    mel : ndarray, shape (n_mels, n_frames)
        Mel bands in dB relative to the 90th percentile of the level.
    mfcc : ndarray, shape (n_mfcc, n_frames)
        Without the zeroth, which depends on the level.
    chroma : ndarray, shape (12, n_frames)
        Pitch classes, the strongest 1.
    contrast : ndarray, shape (6, n_frames)
        Spectral contrast of octave bands, in dB.
    shape : ndarray, shape (7, n_frames)
        `SHAPES`, and the zero-crossing rate (logarithmic).
    tilt : ndarray, shape (5, n_frames)
        `TILTS` of the spectrum, in dB or dB per kHz.
    harmonics : ndarray, shape (5, n_frames)
        `HARMONIC_DIFFERENCES` in dB: first harmonic minus second, third, and the peaks of three formant regions.
    f0 : ndarray, shape (n_frames,)
        In Hz, 0 in unvoiced frames.
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

    @cached_property
    def voiced(self) -> NDArray[np.bool_]:
        """Whether each frame is voiced."""
        return self.f0 > 0

    @cached_property
    def semitones(self) -> NDArray[np.float64]:
        """F0 in semitones, linearly interpolated over unvoiced frames."""
        voiced = np.flatnonzero(self.voiced)
        if len(voiced) == 0:
            return np.full(len(self.f0), _DEFAULT_SEMITONES)
        semitones = 12 * np.log2(self.f0[voiced].astype(np.float64) / _REFERENCE_HZ)
        return np.asarray(np.interp(np.arange(len(self.f0)), voiced, semitones))

    @cached_property
    def register(self) -> float:
        """The median F0 of the voiced frames, in semitones."""
        return float(np.median(self.semitones[self.voiced])) if self.voiced.any() else _DEFAULT_SEMITONES

    @cached_property
    def spectral(self) -> Rows:
        """Shape and tilt of the spectrum, shape (12, n_frames)."""
        return np.vstack([self.shape, self.tilt])

    @cached_property
    def broad_mel(self) -> Rows:
        """Mean levels of pairs of neighbouring mel bands, shape (20, n_frames)."""
        return np.asarray(self.mel.reshape(N_MELS // 2, 2, -1).mean(axis=1))

    def interpolated(self, rows: Rows) -> Rows:
        """Return rows, shape (n_rows, n_frames), with linear interpolation over unvoiced frames."""
        voiced = np.flatnonzero(self.voiced)
        if len(voiced) == 0:
            return rows
        time = np.arange(rows.shape[1])
        return np.stack([np.interp(time, voiced, row[voiced]) for row in rows]).astype(np.float32)


def describe_frames(samples: NDArray[np.float32], *, warp: float = 1.0) -> Descriptors:
    """Return the descriptors of an utterance.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        At 16 kHz, finite.
    warp : float
        Factor on all frequencies, which simulates another speaker.
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
    """Return the descriptors of some thirty seconds as far as they depend on the spectrum."""
    power = power_spectrum(windows)
    level = _db(power.sum(axis=0))
    f0, periodicity = pitch.track(*pitch.candidates(power), level - np.percentile(level, 90))
    harmonics = _harmonic_differences(power, np.where(f0 > 0, f0, 200.0))
    warped = power if warp == 1.0 else warping(warp) @ power
    total = np.maximum(warped.sum(axis=0), TINY)
    chroma = _chroma_filters() @ warped
    negative = np.signbit(windows)
    crossings = (negative[:, 1:] != negative[:, :-1]).mean(axis=1)
    return {
        "power": warped.sum(axis=0),
        "mel_power": _mel_filters() @ warped,
        "chroma": chroma / np.maximum(chroma.max(axis=0), TINY),
        "contrast": _contrast(warped),
        "shape": np.vstack([*_shapes(warped, total), np.log(crossings * warp + 0.005)]).astype(np.float32),
        "tilt": _tilts(warped).astype(np.float32),
        "harmonics": harmonics,
        "f0": f0 * np.float32(warp),
        "periodicity": periodicity,
    }


@cache
def _mel_filters() -> Rows:
    mel = import_librosa().filters.mel(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, n_mels=N_MELS, fmin=60.0, fmax=7600.0)
    return np.asarray(mel, np.float32)


@cache
def _chroma_filters() -> Rows:
    return np.asarray(import_librosa().filters.chroma(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, tuning=0.0), np.float32)


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
    """Return the ratio of the strongest to the weakest tenth of the bins of each octave, in dB."""
    rows = []
    for low, high in pairwise(CONTRAST_EDGES_HZ):
        ordered = np.sort(power[_band(low, high)], axis=0)
        tenth = max(1, round(0.1 * len(ordered)))
        peak, valley = ordered[-tenth:].mean(axis=0), ordered[:tenth].mean(axis=0)
        rows.append(_db(peak) - _db(np.maximum(valley, 1e-8 * peak)))
    return np.asarray(np.stack(rows), dtype=np.float32)


def _harmonic_differences(power: Rows, f0: Rows) -> Rows:
    """Return `HARMONIC_DIFFERENCES`, which are meaningful in voiced frames only."""
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
    """Return the bins of a frequency band, its end exclusive."""
    return slice(*np.searchsorted(FREQUENCIES_HZ, [low_hz, high_hz]).tolist())


def _db(power: NDArray[np.floating]) -> Rows:
    levels: Rows = 10 * np.log10(np.maximum(power, np.float32(TINY)))
    return levels
