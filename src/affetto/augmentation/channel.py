"""What microphones, sound cards and telephone lines do to sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.augmentation.activity import active_samples, with_energy_of
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TELEPHONE_HZ = 8_000
_TELEPHONE_BAND_HZ = (300.0, 3_400.0)
_TELEPHONE_TAPS = 257  # 50 dB of attenuation 60 Hz beyond the band
_MU_LAW_BIAS = 33
_MU_LAW_MAX = 8_158  # of 14-bit samples

MOST_DB = 300
"""Ratios and gains of more decibels, up or down, are beyond all sound, and soon beyond all numbers."""

_TILT_PIVOT_HZ = 1_000.0
_TILT_BAND_HZ = (50.0, 16_000.0)
_TILT_PAD_S = 0.1


def change_gain(samples: NDArray[np.float32], *, gain_db: float) -> NDArray[np.float32]:
    """Make the sound louder or softer.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    gain_db : float
        Below 0 is softer.

    Returns
    -------
    ndarray, shape (n_samples,)
        May exceed 1: nothing is clipped.

    Raises
    ------
    ParameterError
        If the gain is no number, or beyond all sound.
    """
    if not abs(gain_db) <= MOST_DB:
        raise ParameterError(f"gain_db is {gain_db}; it must be {-MOST_DB} to {MOST_DB} decibels")
    return samples * np.float32(10 ** (gain_db / 20))


def clip_samples(samples: NDArray[np.float32], *, share: float, sample_rate_hz: int = 16_000) -> NDArray[np.float32]:
    """Clip what is loud, as a recorder does whose gain is too high.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    share : float
        Which part of the active speech is clipped, from 0 (nothing) to below 1.
    sample_rate_hz : int
        Only for the length of the frames in which speech is told from pauses.

    Returns
    -------
    ndarray, shape (n_samples,)
        At the level that it had: what was louder than the limit lies at the limit.

    Raises
    ------
    ParameterError
        If the share is outside.
    """
    if not 0 <= share < 1:
        raise ParameterError(f"share is {share}; it must be at least 0 and below 1")
    active = np.abs(active_samples(samples, sample_rate_hz))
    if share == 0 or not len(active):
        return samples.copy()
    limit = np.float32(np.quantile(active, 1 - share))
    return np.clip(samples, -limit, limit)


def tilt(samples: NDArray[np.float32], sample_rate_hz: int, *, db_per_octave: float) -> NDArray[np.float32]:
    """Tilt the spectrum, as another microphone, a cheap loudspeaker or a coat before the microphone does.

    Gain in decibels is linear in octaves from 1 kHz on, between 50 Hz and 16 kHz, and constant beyond.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    db_per_octave : float
        Above 0 is brighter, -12 to 12.

    Returns
    -------
    ndarray, shape (n_samples,)
        With the same energy; no phase is moved.

    Raises
    ------
    ParameterError
        If the slope is outside.
    """
    if not -12 <= db_per_octave <= 12:
        raise ParameterError(f"db_per_octave is {db_per_octave}; it must be -12 to 12")
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    # What rings on beyond the end must not come back at the beginning.
    size = next_fast_len(len(samples) + round(_TILT_PAD_S * sample_rate_hz), real=True)
    octaves = np.log2(np.clip(rfftfreq(size, 1 / sample_rate_hz), *_TILT_BAND_HZ) / _TILT_PIVOT_HZ)
    gain = (10 ** (db_per_octave * octaves / 20)).astype(np.float32)
    return with_energy_of(irfft(rfft(samples, size) * gain, size)[: len(samples)], samples)


def telephone(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Send the sound through a telephone line: 300 to 3400 Hz at 8 kHz, in 8 bits by mu-law.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        What exceeds full scale is clipped.
    sample_rate_hz : int

    Returns
    -------
    ndarray, shape (n_samples,)
        At the rate that it had, and aligned with the input.

    References
    ----------
    ITU-T G.711, Pulse code modulation of voice frequencies, 1988.
    """
    import soxr
    from scipy.signal import fftconvolve, firwin

    if not len(samples):
        return samples.copy()
    band = firwin(_TELEPHONE_TAPS, _TELEPHONE_BAND_HZ, pass_zero=False, fs=_TELEPHONE_HZ).astype(np.float32)
    narrow = soxr.resample(samples, sample_rate_hz, _TELEPHONE_HZ)
    # The middle of the full convolution: "same" would be as long as the filter where the sound is shorter.
    delay = _TELEPHONE_TAPS // 2
    sent = _mu_law(fftconvolve(narrow, band)[delay : delay + len(narrow)] if len(narrow) else narrow)
    return fit_length(soxr.resample(sent, _TELEPHONE_HZ, sample_rate_hz), len(samples))


def fit_length(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Cut or fill up with silence at the end."""
    cut = samples[:length].astype(np.float32, copy=False)
    return np.pad(cut, (0, length - len(cut)))


def _mu_law(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Round to the 255 values that G.711's mu-law has: eight segments of sixteen equal steps, on both sides."""
    biased = np.minimum(np.abs(samples) * 8_192.0, _MU_LAW_MAX) + _MU_LAW_BIAS
    step = np.exp2(np.maximum(np.floor(np.log2(biased)), 5.0) - 4.0)
    magnitude = (np.floor(biased / step) + 0.5) * step - _MU_LAW_BIAS
    return np.asarray(np.copysign(magnitude / 8_192.0, samples), dtype=np.float32)
