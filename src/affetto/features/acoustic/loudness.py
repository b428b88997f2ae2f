"""Active speech level: the level of speech without its pauses.

References
----------
ITU-T P.56: Objective measurement of active speech level. 2011. (Method B: envelope, hangover, and a threshold 15.9 dB
below the level that it gives.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP_S = 0.001  # the envelope moves too slowly to need more
_SMOOTHING_S = 0.03
_HANGOVER_STEPS = 200
_MARGIN_DB = 15.9
_RANGE_DB = 70.0
_INAUDIBLE_DBFS = -120.0


def active_speech_level(samples: NDArray[np.float32], sample_rate_hz: int) -> float | None:
    """Return the active speech level.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Full scale is 1. A constant offset is removed.
    sample_rate_hz : int

    Returns
    -------
    float or None
        In dB relative to a mean square of 1, so that a sine of full scale has -3 dB; None for silence.
    """
    centred = samples.astype(np.float64) - samples.mean(dtype=np.float64)
    step = max(1, round(sample_rate_hz * _STEP_S))
    padded = np.pad(centred, (0, -len(centred) % step)).reshape(-1, step)
    energy = float(np.square(padded).sum())
    if _db(energy / len(samples)) < _INAUDIBLE_DBFS:
        return None
    envelope = _smoothed(np.abs(padded).mean(axis=1))
    thresholds = envelope.max() * 10 ** (np.arange(-_RANGE_DB, 0, 2) / 20)
    time = np.arange(len(envelope))
    last = np.maximum.accumulate(np.where(envelope >= thresholds[:, None], time, -_HANGOVER_STEPS - 1), axis=1)
    active = (time - last <= _HANGOVER_STEPS).sum(axis=1)
    levels = _db(energy / (active * step))
    # The margin between level and threshold decreases with the threshold.
    margins = levels - 2 * _db(thresholds)
    return float(np.interp(-_MARGIN_DB, -margins, levels))


def _smoothed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply the two exponential averages of P.56 as one convolution."""
    decay = np.exp(-_STEP_S / _SMOOTHING_S)
    lag = np.arange(int(20 * _SMOOTHING_S / _STEP_S))
    response = (1 - decay) ** 2 * (lag + 1) * decay**lag
    size = 1 << (len(rows) + len(response)).bit_length()
    smooth = np.fft.irfft(np.fft.rfft(rows, size) * np.fft.rfft(response, size), size)[: len(rows)]
    # Rounding may make silence negative.
    return np.maximum(smooth, 0.0)


def _db(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power, 1e-20))
