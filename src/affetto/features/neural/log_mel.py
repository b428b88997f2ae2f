"""The log-mel spectrogram as a PyTorch module, which is exported as part of a model."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affetto.features.acoustic.librosa_import import import_librosa

SAMPLE_RATE_HZ = 16_000
HOP = 160
"""Samples from one frame to the next: 10 ms."""

_N_FFT = 400


class LogMel(nn.Module):
    """Log-mel spectrogram of the loudest 8 decades of a clip, scaled as for Whisper.

    The Fourier transform is a product with windowed waves, so that the module converts to ONNX.

    Parameters
    ----------
    n_mels : int
        Mel bands.

    References
    ----------
    A. Radford et al.: Robust speech recognition via large-scale weak supervision. ICML, 2023. arXiv:2212.04356.
    """

    def __init__(self, n_mels: int = 80) -> None:
        super().__init__()
        time = np.arange(_N_FFT)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * time / _N_FFT)
        angle = 2 * np.pi * np.outer(np.arange(_N_FFT // 2 + 1), time) / _N_FFT
        waves = np.concatenate([np.cos(angle), -np.sin(angle)]) * window
        filters = import_librosa().filters.mel(sr=SAMPLE_RATE_HZ, n_fft=_N_FFT, n_mels=n_mels)
        self.n_mels = n_mels
        self.waves: Tensor
        self.filters: Tensor
        self.register_buffer("waves", torch.tensor(waves, dtype=torch.float32)[:, None], persistent=False)
        self.register_buffer("filters", torch.tensor(filters.T, dtype=torch.float32), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return spectrograms, shape (n_clips, n_samples // 160, n_mels).

        The samples, shape (n_clips, n_samples), are at 16 kHz and more than 200.
        """
        padded = functional.pad(samples[:, None], (_N_FFT // 2, _N_FFT // 2), mode="reflect")
        spectrum = functional.conv1d(padded, self.waves, stride=HOP)[..., :-1]
        real, imaginary = spectrum.chunk(2, dim=1)
        power = (real * real + imaginary * imaginary).transpose(1, 2)
        mel = torch.matmul(power, self.filters).clamp_min(1e-10).log10()
        loudest = mel.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(mel, loudest - 8.0) + 4.0) / 4.0
