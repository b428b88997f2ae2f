"""Changes of length: another speed, and silence before anybody speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.preprocessing import steps

if TYPE_CHECKING:
    from numpy.typing import NDArray


def change_speed(samples: NDArray[np.float32], *, factor: float) -> NDArray[np.float32]:
    """Play faster or slower; see `affetto.preprocessing.steps.change_speed`.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    factor : float
        0.5 to 2; above 1 is faster and higher.

    Returns
    -------
    ndarray, shape (n_samples / factor,)

    Raises
    ------
    ParameterError
        If the factor is outside.
    """
    return steps.change_speed(samples, 16_000, factor=factor)  # of the rate only the ratio to the new one counts


def lead_silence(samples: NDArray[np.float32], sample_rate_hz: int, *, seconds: float) -> NDArray[np.float32]:
    """Put silence before the beginning.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    seconds : float
        Not below 0.

    Returns
    -------
    ndarray, shape (n_samples + seconds * sample_rate_hz,)

    Raises
    ------
    ParameterError
        If the seconds are below 0.
    """
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ParameterError(f"seconds is {seconds}; it must be at least 0")
    return np.concatenate([np.zeros(round(seconds * sample_rate_hz), np.float32), samples])
