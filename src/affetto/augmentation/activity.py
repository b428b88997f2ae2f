"""The energy of active speech, which noise and clipping are measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.preprocessing.steps import ACTIVE_RATIO, short_time_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray


def active_samples(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Return the samples of active speech: frames within 30 dB of the loudest one; of silence nothing."""
    energy, hop = short_time_energy(samples, sample_rate_hz)
    active: NDArray[np.float32] = samples[np.repeat(energy > ACTIVE_RATIO * energy.max(), hop)[: len(samples)]]
    return active


def mean_power(samples: NDArray[np.float32]) -> float:
    """Return the mean square, 0 for no samples."""
    return float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0


def restore_energy(changed: NDArray[np.floating], samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a changed sound to the energy of the original samples; silence stays silent."""
    before = float(np.square(samples, dtype=np.float64).sum())
    after = float(np.square(changed, dtype=np.float64).sum())
    return np.asarray(changed * (np.sqrt(before / after) if after else 1.0), dtype=np.float32)
