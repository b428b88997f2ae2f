"""Functionals, which summarize descriptors over the frames of an utterance.

Each takes rows of descriptors, shape (n_descriptors, n_frames), with at least one frame.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STATISTICS = ("mean", "std", "p10", "p50", "p90", "slope", "delta_mean", "delta_std")
"""The columns that `statistics` returns: moments, percentiles, slope, and size and spread of the change."""

_MIN_DEVIATION = 0.3
"""Added to standard deviations, so that descriptors that hardly vary have small correlations."""


def statistics(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return the `STATISTICS` of each descriptor, shape (n_descriptors, 8); without frames they are zeros."""
    if rows.shape[1] == 0:
        return np.zeros((len(rows), len(STATISTICS)), np.float32)
    rows = np.asarray(rows, dtype=np.float64)
    percentiles = np.percentile(rows, [10, 50, 90], axis=1)
    change = delta(rows)
    time = np.linspace(-1, 1, rows.shape[1]) if rows.shape[1] > 1 else np.zeros(1)
    slope = rows @ time / max(float(time @ time), 1e-9)
    moments = (rows.mean(axis=1), rows.std(axis=1))
    columns = [*moments, *percentiles, slope, np.abs(change).mean(axis=1), change.std(axis=1)]
    return np.stack(columns, axis=1).astype(np.float32)


def delta(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the slope over two frames on each side, with the edge frames repeated; of the same shape.

    References
    ----------
    S. Furui: Speaker-independent isolated word recognition using dynamic features of speech spectrum. IEEE
    Transactions on Acoustics, Speech, and Signal Processing 34(1), 1986.
    """
    padded = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(2, 2)], mode="edge")
    total = np.zeros(rows.shape)
    total += padded[..., 3:-1] - padded[..., 1:-3]
    total += 2 * (padded[..., 4:] - padded[..., :-4])
    return total / 10


def segment_means(rows: NDArray[Any], count: int) -> NDArray[np.float32]:
    """Return the means over equal segments of the utterance, shape (n_descriptors, count).

    Frames are repeated if there are fewer than segments.

    References
    ----------
    B. Schuller, G. Rigoll: Timing levels in segment-based speech emotion recognition. Interspeech, 2006.
    """
    n_frames = rows.shape[1]
    edges = np.linspace(0, n_frames, count + 1)
    begin = np.minimum(np.floor(edges[:-1]).astype(int), n_frames - 1)
    end = np.maximum(np.ceil(edges[1:]).astype(int), begin + 1)
    total = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1, dtype=np.float64)], axis=1)
    return np.asarray((total[:, end] - total[:, begin]) / (end - begin), dtype=np.float32)


MODULATION_EDGES_HZ = (1, 2, 4, 8, 16, 32)


def modulation_spectrum(rows: NDArray[Any], frame_rate_hz: float) -> NDArray[np.float32]:
    """Return the log energy of the variation of each descriptor in octaves from 1 to 32 Hz.

    The result has the shape (n_descriptors, 5).

    References
    ----------
    S. Wu, T. H. Falk, W.-Y. Chan: Automatic speech emotion recognition using modulation spectral features. Speech
    Communication 53(5), 2011.
    """
    n_frames = rows.shape[1]
    size = max(256, 1 << (n_frames - 1).bit_length())
    envelope = (rows - rows.mean(axis=1, keepdims=True)) * np.hanning(n_frames + 2)[1:-1]
    power = np.abs(np.fft.rfft(envelope, size, axis=1)) ** 2 / n_frames
    frequency = np.arange(power.shape[1]) * frame_rate_hz / size
    bands = pairwise(MODULATION_EDGES_HZ)
    energy = [power[:, (frequency >= low) & (frequency < high)].mean(axis=1) for low, high in bands]
    return np.asarray(np.log(np.stack(energy, axis=1) + 1e-2), dtype=np.float32)


def correlations(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the correlations of all pairs of descriptors, shape (n_descriptors * (n_descriptors - 1) / 2,).

    They are shrunk towards 0 for descriptors that hardly vary.

    References
    ----------
    J. R. Williamson et al.: Vocal and facial biomarkers of depression based on motor incoordination and timing. AVEC,
    2014. (Correlation structure of speech features as a marker of state.)
    """
    centred = rows - rows.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / rows.shape[1]
    spread = np.sqrt(np.diag(covariance)) + _MIN_DEVIATION
    return np.asarray((covariance / np.outer(spread, spread))[np.triu_indices(len(rows), 1)], dtype=np.float64)


def autocorrelations(rows: NDArray[Any], lags: Sequence[int]) -> NDArray[np.float64]:
    """Return the autocorrelations at lags in frames, shape (n_lags, n_descriptors); 0 beyond the utterance."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    power = (centred**2).mean(axis=1) + _MIN_DEVIATION**2
    similar = np.zeros((len(lags), len(rows)))
    for row, lag in zip(similar, lags, strict=True):
        if rows.shape[1] > lag + 2:
            row[:] = (centred[:, lag:] * centred[:, :-lag]).mean(axis=1) / power
    return similar


def run_lengths(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the lengths of the runs of true values in a mask, shape (n_frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges[1::2] - edges[::2]
