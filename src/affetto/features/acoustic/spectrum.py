"""The short-time Fourier transform of all descriptors."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
HOP_S = 0.010
_HOP = 160
WINDOW = 640  # 40 ms: two periods of an F0 of 50 Hz
N_FFT = 1024  # longer than window and longest period together, so that the autocorrelation does not wrap
N_BINS = N_FFT // 2 + 1
BIN_HZ = SAMPLE_RATE_HZ / N_FFT
FREQUENCIES_HZ: NDArray[Any] = np.arange(N_BINS) * BIN_HZ
TINY = 1e-20


def frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return overlapping windows, shape (n_frames, window), centred on multiples of the hop; at least one."""
    padded = np.pad(samples, WINDOW // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::_HOP]


def power_spectrum(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power spectra of windows, shape (n_bins, n_frames)."""
    spectrum = np.fft.rfft(windows * _hann().astype(np.float32), N_FFT, axis=1)
    return np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).astype(np.float32).T)


@lru_cache(maxsize=8)
def warping(factor: float) -> NDArray[np.float32]:
    """Return the matrix, shape (n_bins, n_bins), that multiplies the frequencies of spectra by a factor.

    It simulates a speaker with a shorter (above 1) or longer vocal tract.

    References
    ----------
    N. Jaitly, G. E. Hinton: Vocal tract length perturbation (VTLP) improves speech recognition. ICML workshop, 2013.
    """
    position = np.clip(np.arange(N_BINS) / factor, 0, N_BINS - 1)
    below = np.minimum(position.astype(int), N_BINS - 2)
    fraction = position - below
    matrix = np.zeros((N_BINS, N_BINS), np.float32)
    matrix[np.arange(N_BINS), below] = 1 - fraction
    matrix[np.arange(N_BINS), below + 1] += fraction
    return matrix


@cache
def window_autocorrelation() -> NDArray[np.float32]:
    """Return the normalized autocorrelation of the window by lag in samples, shape (n_fft,)."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(_hann(), N_FFT)) ** 2)
    return np.asarray(correlation / correlation[0], dtype=np.float32)


@cache
def _hann() -> NDArray[Any]:
    return np.hanning(WINDOW + 1)[:-1]
