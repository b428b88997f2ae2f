"""The pre-processing steps as functions of samples: what each does to the sound, and nothing else.

They need numpy alone (noise removal also the extra ``denoise``), so that recognizing imports no more than that. Each
takes mono float32 samples and the rate, and returns new float32 samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_FRAME_S = 0.032
_HOP_S = 0.010


def remove_dc(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:  # noqa: ARG001 (all steps are called alike)
    """Subtract the mean: a constant offset of the recording device carries no speech and biases energy.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    return samples - np.float32(samples.mean(dtype=np.float64))


def remove_noise(
    samples: NDArray[np.float32], sample_rate_hz: int, *, reduction: float = 1.0, stationary: bool = True
) -> NDArray[np.float32]:
    """Remove background noise by spectral gating.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    reduction : float
        How much of what lies under the gate is taken away, from 0 (nothing) to 1 (all).
    stationary : bool
        Whether one noise profile serves the whole recording; otherwise the gate follows the noise over time.

    Returns
    -------
    ndarray, shape (n_samples,)

    References
    ----------
    T. Sainburg, A. Zorea: Noisereduce: Domain General Noise Reduction for Time Series Signals. arXiv:2412.17851, 2024.
    """
    if not 0 <= reduction <= 1:
        raise ParameterError(f"reduction is {reduction}; it must be 0 to 1")
    hop = round(_HOP_S * sample_rate_hz)
    energy = frame_energy(samples, round(_FRAME_S * sample_rate_hz), hop)
    # Speech pauses at least a tenth of the time, and what is heard then is the noise. noisereduce would take the whole
    # recording for it and remove speech.
    background = samples[np.repeat(energy <= np.percentile(energy, 10), hop)[: len(samples)]]
    if len(samples) < 10 * hop or not background.any():
        return samples
    require_extra("denoise", purpose="noise removal")
    import noisereduce

    cleaned = noisereduce.reduce_noise(
        y=samples, sr=sample_rate_hz, y_noise=background, stationary=stationary, prop_decrease=reduction
    )
    # A gate that closes on everything divides by zero inside noisereduce.
    return np.nan_to_num(np.asarray(cleaned, dtype=np.float32))


def trim_silence(
    samples: NDArray[np.float32], sample_rate_hz: int, *, threshold_db: float = 30.0, margin_s: float = 0.0
) -> NDArray[np.float32]:
    """Cut leading and trailing silence.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    threshold_db : float
        A frame is silent when its energy is this far below the loudest frame's.
    margin_s : float
        How much of the silence is kept on both sides, in seconds.

    Returns
    -------
    ndarray, shape (n_kept,)
        All of it where everything is silent.
    """
    if threshold_db <= 0 or margin_s < 0:
        raise ParameterError(
            f"threshold_db is {threshold_db} and margin_s {margin_s}; the one must be above 0, the other not below"
        )
    hop = max(1, round(_HOP_S * sample_rate_hz))
    energy = frame_energy(samples, round(_FRAME_S * sample_rate_hz), hop)
    loudest = energy.max(initial=0.0)
    if loudest == 0:
        return samples
    loud = np.flatnonzero(energy > loudest * 10 ** (-threshold_db / 10))
    margin = round(margin_s * sample_rate_hz)
    return samples[max(0, loud[0] * hop - margin) : (loud[-1] + 1) * hop + margin]


def pre_emphasize(
    samples: NDArray[np.float32],
    sample_rate_hz: int,  # noqa: ARG001 (all steps are called alike)
    *,
    coefficient: float = 0.97,
) -> NDArray[np.float32]:
    """Raise the high frequencies by the first difference ``x[n] - coefficient * x[n-1]``.

    It evens out the fall of about 6 dB an octave that glottis and lips leave in voiced speech.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    coefficient : float
        From 0 (off) to below 1.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    if not 0 <= coefficient < 1:
        raise ParameterError(f"coefficient is {coefficient}; it must be at least 0 and below 1")
    return np.concatenate([samples[:1] * (1 - coefficient), samples[1:] - coefficient * samples[:-1]]).astype(
        np.float32, copy=False
    )


def normalize_level(
    samples: NDArray[np.float32], sample_rate_hz: int, *, level_dbfs: float = -26.0
) -> NDArray[np.float32]:
    """Bring the speech to one level, so that a close microphone is not heard as anger.

    The level is the mean power of the frames within 30 dB of the loudest one: pauses do not count, in the spirit of
    the active speech level of ITU-T P.56.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    level_dbfs : float
        The wanted level in decibels relative to full scale.

    Returns
    -------
    ndarray, shape (n_samples,)
        Samples may exceed 1: nothing is clipped.
    """
    hop = max(1, round(_HOP_S * sample_rate_hz))
    energy = frame_energy(samples, round(_FRAME_S * sample_rate_hz), hop)
    loudest = energy.max(initial=0.0)
    if loudest == 0:
        return samples
    active = energy[energy > loudest * 1e-3].mean()
    return samples * np.float32(10 ** (level_dbfs / 20) / np.sqrt(active))


def change_speed(samples: NDArray[np.float32], sample_rate_hz: int, *, factor: float = 1.0) -> NDArray[np.float32]:
    """Play the recording faster or slower, as a tape: tempo, pitch and formants change together.

    To a recognizer it is another speaker, with a shorter or longer vocal tract: the cheapest way to make new voices
    for training.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
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

    return np.asarray(soxr.resample(samples, sample_rate_hz * factor, sample_rate_hz), dtype=np.float32)


def frame_energy(samples: NDArray[np.float32], frame: int, hop: int) -> NDArray[np.float64]:
    """Return the mean power of frames that begin every `hop` samples and are centred on their hop."""
    # A running sum costs the same for any frame length.
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    centres = np.arange(0, max(len(samples), 1), hop) + hop // 2
    begin = np.clip(centres - frame // 2, 0, len(samples))
    end = np.clip(centres + frame - frame // 2, 0, len(samples))
    # The sum's rounding may leave a silent frame a hair below zero.
    power: NDArray[np.float64] = np.maximum(total[end] - total[begin], 0.0) / np.maximum(end - begin, 1)
    return power


STEPS: Mapping[str, Callable[..., NDArray[np.float32]]] = {
    "remove_dc": remove_dc,
    "remove_noise": remove_noise,
    "trim_silence": trim_silence,
    "pre_emphasize": pre_emphasize,
    "normalize_level": normalize_level,
    "change_speed": change_speed,
}
"""Every step by the name under which a bundle's manifest records it."""


def apply_steps(
    samples: NDArray[np.float32], sample_rate_hz: int, steps: list[tuple[str, dict[str, Any]]]
) -> NDArray[np.float32]:
    """Apply recorded steps in their order.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    steps : list of (name, parameters)

    Returns
    -------
    ndarray, shape (n_left,)
    """
    for name, parameters in steps:
        samples = STEPS[name](samples, sample_rate_hz, **parameters)
    return samples
