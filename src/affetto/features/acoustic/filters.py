"""Filter banks of librosa for the power spectrum."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic.librosa_import import import_librosa
from affetto.features.acoustic.spectrum import N_FFT, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_MELS = 40


@cache
def mel_filters() -> NDArray[np.float32]:
    """Return the mel filter bank, shape (n_mels, n_bins)."""
    mel = import_librosa().filters.mel(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, n_mels=N_MELS, fmin=60.0, fmax=7600.0)
    return np.asarray(mel, np.float32)


@cache
def chroma_filters() -> NDArray[np.float32]:
    """Return the filter bank of the twelve pitch classes, shape (12, n_bins)."""
    return np.asarray(import_librosa().filters.chroma(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, tuning=0.0), np.float32)
