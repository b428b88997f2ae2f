"""Noise at a given signal-to-noise ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.augmentation.activity import active_samples, mean_power
from affetto.augmentation.channel import MOST_DB
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def add_noise(
    samples: NDArray[np.float32], noise: NDArray[np.float32], *, snr_db: float, sample_rate_hz: int = 16_000
) -> NDArray[np.float32]:
    """Add noise at a signal-to-noise ratio.

    The power of the signal is the mean over active speech: the frames within 30 dB of the loudest one. The power of the
    noise is the mean over all added samples. Silence stays silent. Nothing is clipped: the result may exceed 1.

    Parameters
    ----------
    noise : ndarray, shape (n_noise,)
        Of the same rate and of any level; repeated or cut to the length of the samples.
    snr_db : float
        -300 to 300.
    sample_rate_hz : int
        For the length of the frames.

    Raises
    ------
    ParameterError
        If the noise is empty or silent, or the ratio is out of range.
    """
    if not abs(snr_db) <= MOST_DB:
        raise ParameterError(f"snr_db is {snr_db}; it must be {-MOST_DB} to {MOST_DB} decibels")
    added = np.resize(noise, len(samples))
    power = mean_power(added)
    if len(samples) and power == 0:
        raise ParameterError("the noise is silent where it is added; choose one that is not silent at its beginning")
    signal = mean_power(active_samples(samples, sample_rate_hz))
    gain = np.sqrt(signal / power) * 10 ** (-snr_db / 20) if power else 0.0
    return samples + np.float32(gain) * added.astype(np.float32, copy=False)
