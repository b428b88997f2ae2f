"""Effects of microphones, sound cards and telephone lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.augmentation.activity import active_samples, restore_energy
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TELEPHONE_HZ = 8_000
_TELEPHONE_BAND_HZ = (300.0, 3_400.0)
_TELEPHONE_TAPS = 257  # 50 dB of attenuation 60 Hz beyond the band
_MU_LAW_BIAS = 33
_MU_LAW_MAX = 8_158  # of 14-bit samples

MOST_DB = 300
"""The largest ratio and gain, up or down, in decibels; more would overflow single precision."""

_TILT_PIVOT_HZ = 1_000.0
_TILT_BAND_HZ = (50.0, 16_000.0)
_TILT_PAD_S = 0.1


def change_gain(samples: NDArray[np.float32], *, gain_db: float) -> NDArray[np.float32]:
    """Make the sound louder or softer.

    Nothing is clipped: the result may exceed 1.

    Parameters
    ----------
    gain_db : float
        -300 to 300; below 0 is softer.
    """
    if not abs(gain_db) <= MOST_DB:
        raise ParameterError(f"gain_db is {gain_db}; it must be {-MOST_DB} to {MOST_DB} decibels")
    return samples * np.float32(10 ** (gain_db / 20))


def clip_samples(samples: NDArray[np.float32], *, share: float, sample_rate_hz: int = 16_000) -> NDArray[np.float32]:
    """Clip the loudest samples, as a recorder whose gain is too high.

    Parameters
    ----------
    share : float
        Share of the active speech that is clipped, from 0 (nothing) to below 1.
    sample_rate_hz : int
        For the length of the frames that separate speech from pauses.
    """
    if not 0 <= share < 1:
        raise ParameterError(f"share is {share}; it must be at least 0 and below 1")
    active = np.abs(active_samples(samples, sample_rate_hz))
    if share == 0 or not len(active):
        return samples.copy()
    limit = np.float32(np.quantile(active, 1 - share))
    return np.clip(samples, -limit, limit)


def tilt(samples: NDArray[np.float32], sample_rate_hz: int, *, db_per_octave: float) -> NDArray[np.float32]:
    """Tilt the spectrum, as another microphone, a cheap loudspeaker or a coat over the microphone.

    The gain in decibels is linear in octaves from 1 kHz, between 50 Hz and 16 kHz, and constant beyond. The energy and
    the phases stay the same.

    Parameters
    ----------
    db_per_octave : float
        -12 to 12; above 0 is brighter.
    """
    if not -12 <= db_per_octave <= 12:
        raise ParameterError(f"db_per_octave is {db_per_octave}; it must be -12 to 12")
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    # Padding keeps the ringing at the end from wrapping around to the beginning.
    size = next_fast_len(len(samples) + round(_TILT_PAD_S * sample_rate_hz), real=True)
    octaves = np.log2(np.clip(rfftfreq(size, 1 / sample_rate_hz), *_TILT_BAND_HZ) / _TILT_PIVOT_HZ)
    gain = (10 ** (db_per_octave * octaves / 20)).astype(np.float32)
    return restore_energy(irfft(rfft(samples, size) * gain, size)[: len(samples)], samples)


def telephone(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Simulate a telephone line: 300 to 3400 Hz at 8 kHz, in 8 bits by mu-law, clipped beyond full scale.

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
    # The middle of the full convolution; the mode "same" would return the filter's length for shorter sounds.
    delay = _TELEPHONE_TAPS // 2
    sent = _mu_law(fftconvolve(narrow, band)[delay : delay + len(narrow)] if len(narrow) else narrow)
    return fit_length(soxr.resample(sent, _TELEPHONE_HZ, sample_rate_hz), len(samples))


def fit_length(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Cut or pad with silence at the end."""
    cut = samples[:length].astype(np.float32, copy=False)
    return np.pad(cut, (0, length - len(cut)))


def _mu_law(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Round to the 255 values of G.711's mu-law: eight segments of sixteen equal steps, on both sides."""
    biased = np.minimum(np.abs(samples) * 8_192.0, _MU_LAW_MAX) + _MU_LAW_BIAS
    step = np.exp2(np.maximum(np.floor(np.log2(biased)), 5.0) - 4.0)
    magnitude = (np.floor(biased / step) + 0.5) * step - _MU_LAW_BIAS
    return np.asarray(np.copysign(magnitude / 8_192.0, samples), dtype=np.float32)
