"""Comparison of decoded sound with its original."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lag(samples: NDArray[np.float32], reference: NDArray[np.float32]) -> int:
    """Return by how many samples the sound is later than in the reference."""
    size = 1 << (len(samples) + len(reference)).bit_length()
    product = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size))
    best = int(np.fft.irfft(product, size).argmax())
    return best if best < size // 2 else best - size


def likeness(samples: NDArray[np.float32], reference: NDArray[np.float32], shift: int) -> float:
    """Return the correlation with the reference, the samples being moved back by a shift."""
    samples, reference = samples[max(shift, 0) :], reference[max(-shift, 0) :]
    n = min(len(samples), len(reference))
    return float(np.corrcoef(samples[:n], reference[:n])[0, 1])
