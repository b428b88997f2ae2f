"""Two spectrograms side by side for the convolutional network: one of the timbre, one that resolves F0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affetto.features.acoustic.librosa_import import import_librosa
from affetto.features.neural.encoder import as_tensor
from affetto.features.neural.log_mel import SAMPLE_RATE_HZ
from affetto.preprocessing.pipeline import StatelessTransformer, stack_sequences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform

N_MELS = 80
N_TONES = 48

_HOP = 256
_MEL_WINDOW = 640
_MEL_RANGE_HZ = (50.0, 6_700.0)
_TONE_WINDOW = 1_024
_TONE_RANGE_HZ = (70.0, 1_150.0)
_SILENCE = 1e-10


class BandSpectrogram(nn.Module):
    """Levels of mel bands over 40 ms and of closely spaced tones over 64 ms, every 16 ms.

    The tones resolve F0 and its harmonics, which the mel bands smear. Fourier transforms are products with windowed
    waves, so that the module converts to ONNX.
    """

    def __init__(self) -> None:
        super().__init__()
        filters = import_librosa().filters.mel(
            sr=SAMPLE_RATE_HZ, n_fft=_MEL_WINDOW, n_mels=N_MELS, fmin=_MEL_RANGE_HZ[0], fmax=_MEL_RANGE_HZ[1], norm=None
        )
        used = int(np.flatnonzero(filters.any(axis=0))[-1]) + 1
        filters = filters[:, :used] / np.maximum(filters.sum(axis=1, keepdims=True), 1e-9)
        frequencies = np.arange(used) * SAMPLE_RATE_HZ / _MEL_WINDOW
        self.filters: Tensor
        self.waves: Tensor
        self.tones: Tensor
        self.register_buffer("filters", torch.tensor(filters.T, dtype=torch.float32), persistent=False)
        self.register_buffer("waves", _windowed_waves(frequencies, _MEL_WINDOW), persistent=False)
        tones = np.geomspace(*_TONE_RANGE_HZ, N_TONES)
        self.register_buffer("tones", _windowed_waves(tones, _TONE_WINDOW), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return levels in decibels, shape (n_clips, n_samples // 256 + 1, 128).

        They are 80 mel bands, then 48 tones from 70 to 1150 Hz. The samples, (n_clips, n_samples), are at 16 kHz.
        """
        mel = torch.matmul(_power(samples, self.waves), self.filters)
        power = torch.cat([mel, _power(samples, self.tones)], dim=-1)
        return 10 * power.clamp_min(_SILENCE).log10()


class BandFrames(StatelessTransformer):
    """Frames of `BandSpectrogram` for each recording."""

    def transform(self, X: Sequence[Waveform]) -> NDArray[Any]:
        """Return the frames of waveforms at 16 kHz: for each an array of float16, shape (n_frames, 128)."""
        module = self.module()
        with torch.inference_mode():
            return stack_sequences([module(as_tensor(waveform))[0].half().numpy() for waveform in X])

    def module(self) -> BandSpectrogram:
        """Return the spectrogram as a module."""
        return BandSpectrogram()


def _windowed_waves(frequencies: np.ndarray, length: int) -> Tensor:
    window = np.hanning(length + 2)[1:-1]
    angles = 2 * np.pi * frequencies[:, None] * np.arange(length) / SAMPLE_RATE_HZ
    waves = np.concatenate([np.cos(angles), np.sin(angles)]) * (window / window.sum())
    return torch.tensor(waves, dtype=torch.float32)[:, None]


def _power(samples: Tensor, waves: Tensor) -> Tensor:
    spectrum = functional.conv1d(samples[:, None], waves, stride=_HOP, padding=waves.shape[-1] // 2)
    real, imaginary = spectrum.chunk(2, dim=1)
    return (real * real + imaginary * imaginary).transpose(1, 2)
