"""The feature vector of an utterance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.features.acoustic.descriptors import describe_frames
from affetto.features.acoustic.groups import GROUPS
from affetto.features.acoustic.spectrum import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray


def describe(samples: NDArray[np.float32], sample_rate_hz: int, *, warp: float = 1.0) -> NDArray[np.float32]:
    """Return the features of an utterance.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Finite.
    sample_rate_hz : int
        Must be 16,000.
    warp : float
        Factor on all frequencies, which simulates another speaker for training.

    Returns
    -------
    ndarray of float32, shape (len(feature_names()),)
        Finite for any length.

    Raises
    ------
    ParameterError
        If the sample rate is not 16 kHz, or `warp` is not positive.
    """
    if sample_rate_hz != SAMPLE_RATE_HZ:
        raise ParameterError(f"features need samples at {SAMPLE_RATE_HZ} Hz, not {sample_rate_hz} Hz; resample first")
    if not warp > 0:
        raise ParameterError(f"warp is {warp}; it must be above 0")
    descriptors = describe_frames(samples, warp=warp)
    values = [value.ravel() for group in GROUPS.values() for _, value in group(descriptors)]
    return np.nan_to_num(np.concatenate(values).astype(np.float32))


@cache
def feature_names() -> tuple[str, ...]:
    """Return the names of the features in order, as "group: descriptor functional"."""
    silence = describe_frames(np.zeros(SAMPLE_RATE_HZ, np.float32))
    return tuple(
        f"{group}: {name}" for group, features in GROUPS.items() for names, _ in features(silence) for name in names
    )
