"""From samples to spectra: one short-time Fourier transform that every descriptor shares."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
HOP_S = 0.010
_HOP = 160
WINDOW = 640  # 40 ms: two periods of a voice of 50 Hz, so that one transform serves pitch and timbre
N_FFT = 1024  # above window and longest pitch period together, so that the circular autocorrelation does not wrap
N_BINS = N_FFT // 2 + 1
BIN_HZ = SAMPLE_RATE_HZ / N_FFT
FREQUENCIES_HZ: NDArray[Any] = np.arange(N_BINS) * BIN_HZ
TINY = 1e-20


def frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut a signal into overlapping windows that are centred on multiples of the hop.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)

    Returns
    -------
    ndarray, shape (n_frames, window)
        A view; at least one frame, however short the signal.
    """
    padded = np.pad(samples, WINDOW // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::_HOP]


def power_spectrum(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power spectrum of each window.

    Parameters
    ----------
    windows : ndarray, shape (n_frames, window)

    Returns
    -------
    ndarray of float32, shape (n_bins, n_frames)
    """
    spectrum = np.fft.rfft(windows * _hann().astype(np.float32), N_FFT, axis=1)
    return np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).astype(np.float32).T)


@lru_cache(maxsize=8)
def warping(factor: float) -> NDArray[np.float32]:
    """Return the map of spectra, (n_bins, n_bins), that moves what is at a frequency to `factor` times it.

    As if the vocal tract were shorter (above 1) or longer (below): a virtual speaker for training.

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
    """Return the normalized autocorrelation of the window by lag in samples, (n_fft,)."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(_hann(), N_FFT)) ** 2)
    return _float32(correlation / correlation[0])


@cache
def _hann() -> NDArray[Any]:
    return np.hanning(WINDOW + 1)[:-1]


def _float32(array: Any) -> NDArray[np.float32]:
    return np.asarray(array, dtype=np.float32)
