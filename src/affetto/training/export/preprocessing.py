"""The pre-processing of the networks as a torch module: it becomes the first part of their ONNX models."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from affetto.features.neural.encoder import MIN_SAMPLES
from affetto.preprocessing import LevelNormalization

_HOP, _HALF_FRAME = 160, 256
_ACTIVE = 1e-3  # of the loudest frame's energy: 30 dB


class Preprocessing(nn.Module):
    """DC removal, silence trimming and level normalization at 16 kHz, then padding to `MIN_SAMPLES`.

    It does what the functions of `affetto.preprocessing.steps` do. Energies are summed in double precision.
    """

    def forward(self, samples: Tensor) -> Tensor:
        """Prepare one recording.

        Parameters
        ----------
        samples : Tensor, shape (1, n_samples)

        Returns
        -------
        Tensor, shape (1, n_speech)
        """
        x = samples[0]
        x = x - x.double().mean().float()
        n = x.shape[0]
        starts = torch.arange(0, n, _HOP)
        total = functional.pad(x.double().square().cumsum(0), (1, 0))
        energy = _energy(total, starts, torch.zeros(1, dtype=torch.long), torch.full((1,), n))
        active = _is_active(energy)
        first = torch.where(active, starts, n).amin(0, keepdim=True)
        end = torch.where(active, starts + _HOP, 0).amax(0, keepdim=True).clamp(max=n)
        # The frames of the trimmed speech end at its borders.
        inside = (starts >= first) & (starts < end)
        energy = torch.where(inside, _energy(total, starts, first, end), 0.0)
        active = _is_active(energy) & inside
        power = torch.where(active, energy, 0.0).sum() / active.sum()
        gain = 10 ** (LevelNormalization().level_dbfs / 20) / torch.where(power > 0, power, 1.0).sqrt()
        x = functional.pad(x * gain.float(), (0, MIN_SAMPLES)) * (torch.arange(n + MIN_SAMPLES) < end)
        return x[first.item() : torch.maximum(end, first + MIN_SAMPLES).item()][None]


def _energy(total: Tensor, starts: Tensor, first: Tensor, end: Tensor) -> Tensor:
    """Return the mean power of frames around each hop, within two borders, from the running sum of squares."""
    centres = starts + _HOP // 2
    begin = torch.minimum(torch.maximum(centres - _HALF_FRAME, first), end)
    stop = torch.minimum(torch.maximum(centres + _HALF_FRAME, first), end)
    return (total[stop] - total[begin]).clamp_min(0) / (stop - begin).clamp_min(1)


def _is_active(energy: Tensor) -> Tensor:
    """Return which frames are within 30 dB of the loudest: all, if all are silent."""
    loudest = energy.amax(0)
    return (energy > loudest * _ACTIVE) | (loudest == 0)
