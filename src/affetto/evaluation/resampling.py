"""The bootstrap over speakers, from which every interval comes.

Clips of one speaker resemble each other, so intervals from resampled clips would be too narrow. Whole speakers are
drawn instead (Bisani & Ney 2004, "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval from `low` to `high`."""

    low: float
    high: float


def draw_speakers(n_speakers: int, *, resamples: int, seed: int) -> NDArray[np.int64]:
    """Count how often each speaker occurs in each resample: shape (resamples, n_speakers)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_speakers, np.full(n_speakers, 1 / n_speakers), size=resamples)


def percentile_interval(values: NDArray[np.float64]) -> Interval:
    """Return the 95 % percentile interval of the resampled values of a figure."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def number_speakers(names: Sequence[str]) -> tuple[NDArray[np.intp], int]:
    """Return the index of each clip's speaker among the sorted names, and the number of speakers."""
    found, speaker = np.unique(np.array(names), return_inverse=True)
    return speaker, len(found)


def confusion_by_speaker(
    truth: NDArray[np.intp], predicted: NDArray[np.intp], speaker: NDArray[np.intp], *, n_speakers: int, n_labels: int
) -> NDArray[np.intp]:
    """Count one confusion matrix for each speaker: shape (n_speakers, n_labels, n_labels)."""
    cell = (speaker * n_labels + truth) * n_labels + predicted
    return np.bincount(cell, minlength=n_speakers * n_labels**2).reshape(n_speakers, n_labels, n_labels)


def sum_speakers(by_speaker: NDArray[Any], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum each resample's counts over its speakers: shape (n_speakers, ...) gives shape (resamples, ...)."""
    # In floating point, since NumPy passes only that to BLAS; counts below 2^53 stay exact.
    return np.asarray(np.tensordot(weights.astype(np.float64), by_speaker.astype(np.float64), axes=1))
