"""The pre-processing steps as functions of samples.

Each step takes mono float32 samples, shape (n_samples,), and their sample rate, and returns float32 samples of the same
shape, unless it says otherwise. The steps need only NumPy; noise removal also needs the extra ``denoise``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

HOP_S = 0.010
ACTIVE_RATIO = 1e-3
"""Energy of active speech relative to the loudest frame: 30 dB below it."""

_FRAME_S = 0.032


def remove_dc(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:  # noqa: ARG001 (common signature)
    """Subtract the mean: a constant offset of the recording device distorts energies."""
    return samples - np.float32(samples.mean(dtype=np.float64))


def remove_noise(
    samples: NDArray[np.float32], sample_rate_hz: int, *, reduction: float = 1.0, stationary: bool = True
) -> NDArray[np.float32]:
    """Remove background noise by spectral gating.

    Parameters
    ----------
    reduction : float
        Share of the noise that is removed, from 0 (nothing) to 1 (all).
    stationary : bool
        Whether one noise profile is used for the whole recording; otherwise the gate follows the noise over time.

    References
    ----------
    T. Sainburg, A. Zorea: Noisereduce: Domain General Noise Reduction for Time Series Signals. arXiv:2412.17851, 2024.
    """
    if not 0 <= reduction <= 1:
        raise ParameterError(f"reduction is {reduction}; it must be 0 to 1")
    energy, hop = short_time_energy(samples, sample_rate_hz)
    # The noise profile is the quietest tenth of the recording, which is pauses. By default noisereduce takes the whole
    # recording as profile, and removes speech.
    background = samples[np.repeat(energy <= np.percentile(energy, 10), hop)[: len(samples)]]
    if len(samples) < 10 * hop or not background.any():
        return samples
    require_extra("denoise", purpose="noise removal")
    import noisereduce

    cleaned = noisereduce.reduce_noise(
        y=samples, sr=sample_rate_hz, y_noise=background, stationary=stationary, prop_decrease=reduction
    )
    # noisereduce divides by zero if the gate closes on everything.
    return np.nan_to_num(np.asarray(cleaned, dtype=np.float32))


def trim_silence(
    samples: NDArray[np.float32], sample_rate_hz: int, *, threshold_db: float = 30.0, margin_s: float = 0.0
) -> NDArray[np.float32]:
    """Cut leading and trailing silence.

    Parameters
    ----------
    threshold_db : float
        A frame is silent when its energy is this far below the loudest frame's.
    margin_s : float
        Silence kept on both sides, in seconds.

    Returns
    -------
    ndarray, shape (n_kept,)
        The whole sound if all of it is silent.
    """
    if threshold_db <= 0:
        raise ParameterError(f"threshold_db is {threshold_db}; it must be above 0")
    if margin_s < 0:
        raise ParameterError(f"margin_s is {margin_s}; it must be 0 or more")
    energy, hop = short_time_energy(samples, sample_rate_hz)
    loudest = energy.max(initial=0.0)
    if loudest == 0:
        return samples
    loud = np.flatnonzero(energy > loudest * 10 ** (-threshold_db / 10))
    margin = round(margin_s * sample_rate_hz)
    return samples[max(0, loud[0] * hop - margin) : (loud[-1] + 1) * hop + margin]


def pre_emphasize(
    samples: NDArray[np.float32],
    sample_rate_hz: int,  # noqa: ARG001 (common signature)
    *,
    coefficient: float = 0.97,
) -> NDArray[np.float32]:
    """Raise the high frequencies by the first difference ``x[n] - coefficient * x[n-1]``.

    It compensates the spectral slope of voiced speech, about -6 dB per octave.

    Parameters
    ----------
    coefficient : float
        From 0 (off) to below 1.
    """
    if not 0 <= coefficient < 1:
        raise ParameterError(f"coefficient is {coefficient}; it must be at least 0 and below 1")
    return np.concatenate([samples[:1] * (1 - coefficient), samples[1:] - coefficient * samples[:-1]]).astype(
        np.float32, copy=False
    )


def normalize_level(
    samples: NDArray[np.float32], sample_rate_hz: int, *, level_dbfs: float = -26.0
) -> NDArray[np.float32]:
    """Bring the speech to one level, so that a close microphone is not mistaken for anger.

    The level is the mean power of the frames within 30 dB of the loudest one, similar to the active speech level of
    ITU-T P.56. Nothing is clipped: the result may exceed 1.

    Parameters
    ----------
    level_dbfs : float
        Level in decibels relative to full scale.
    """
    energy, _ = short_time_energy(samples, sample_rate_hz)
    loudest = energy.max(initial=0.0)
    if loudest == 0:
        return samples
    active = energy[energy > loudest * ACTIVE_RATIO].mean()
    return samples * np.float32(10 ** (level_dbfs / 20) / np.sqrt(active))


def short_time_energy(samples: NDArray[np.float32], sample_rate_hz: int) -> tuple[NDArray[np.float64], int]:
    """Return the mean power of frames of 32 ms every 10 ms, and the hop in samples."""
    hop = max(1, round(HOP_S * sample_rate_hz))
    return frame_energy(samples, round(_FRAME_S * sample_rate_hz), hop), hop


def frame_energy(samples: NDArray[np.float32], frame: int, hop: int) -> NDArray[np.float64]:
    """Return the mean power of frames of `frame` samples, centred on consecutive hops of `hop` samples."""
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    centres = np.arange(0, max(len(samples), 1), hop) + hop // 2
    begin = np.clip(centres - frame // 2, 0, len(samples))
    end = np.clip(centres + frame - frame // 2, 0, len(samples))
    # Rounding may make the power of a silent frame negative.
    power: NDArray[np.float64] = np.maximum(total[end] - total[begin], 0.0) / np.maximum(end - begin, 1)
    return power


STEPS: Mapping[str, Callable[..., NDArray[np.float32]]] = {
    "remove_dc": remove_dc,
    "remove_noise": remove_noise,
    "trim_silence": trim_silence,
    "pre_emphasize": pre_emphasize,
    "normalize_level": normalize_level,
}
"""The steps by the names that the manifest of a bundle uses."""


def apply_steps(
    samples: NDArray[np.float32], sample_rate_hz: int, steps: list[tuple[str, dict[str, Any]]]
) -> NDArray[np.float32]:
    """Apply the steps of a manifest in their order.

    Parameters
    ----------
    steps : list of (name, parameters)
    """
    for name, parameters in steps:
        samples = STEPS[name](samples, sample_rate_hz, **parameters)
    return samples
