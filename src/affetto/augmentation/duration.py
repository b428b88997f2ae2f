"""Changes of duration: another speed, and leading silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def change_speed(samples: NDArray[np.float32], *, factor: float) -> NDArray[np.float32]:
    """Play the recording faster or slower, as a tape: tempo, F0 and formants change together.

    This simulates another speaker with a shorter or longer vocal tract.

    Parameters
    ----------
    factor : float
        0.5 to 2; above 1 is faster and higher.

    Returns
    -------
    ndarray, shape (n_samples / factor,)

    References
    ----------
    T. Ko, V. Peddinti, D. Povey, S. Khudanpur: Audio augmentation for speech recognition. Interspeech, 2015.
    """
    if not 0.5 <= factor <= 2:
        raise ParameterError(f"factor is {factor}; it must be 0.5 to 2")
    if factor == 1:
        return samples
    import soxr

    # Only the ratio of the two rates matters.
    return np.asarray(soxr.resample(samples, 16_000 * factor, 16_000), dtype=np.float32)


def lead_silence(samples: NDArray[np.float32], sample_rate_hz: int, *, seconds: float) -> NDArray[np.float32]:
    """Put silence before the sound.

    Parameters
    ----------
    seconds : float
        0 or more.

    Returns
    -------
    ndarray, shape (n_samples + seconds * sample_rate_hz,)
    """
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ParameterError(f"seconds is {seconds}; it must be 0 or more")
    return np.concatenate([np.zeros(round(seconds * sample_rate_hz), np.float32), samples])
