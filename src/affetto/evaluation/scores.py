"""Scores as plain functions of arrays.

Scores of a confusion matrix also take stacks of matrices, since a bootstrap has thousands of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CALIBRATION_BINS = 15


def recalls(confusion: ArrayLike) -> NDArray[np.float64]:
    """Recall of each label, NaN for labels without clips; shape (..., n, n) gives shape (..., n)."""
    counts = np.asarray(confusion, dtype=np.float64)
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def unweighted_average_recall(confusion: ArrayLike) -> NDArray[np.float64]:
    """Mean recall over the labels that have clips, NaN without any; shape (..., n, n) gives shape (...)."""
    return mean_of_known(recalls(confusion))


def accuracy(confusion: ArrayLike) -> NDArray[np.float64]:
    """Part of all clips on the diagonal; shape (..., n, n) gives shape (...)."""
    counts = np.asarray(confusion, dtype=np.float64)
    return np.asarray(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def macro_f1(confusion: ArrayLike) -> NDArray[np.float64]:
    """Mean F1 over the labels that have clips; shape (..., n, n) gives shape (...)."""
    counts = np.asarray(confusion, dtype=np.float64)
    actual, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    f1 = ratio(2 * np.diagonal(counts, axis1=-2, axis2=-1), actual + predicted)
    return np.asarray(np.nanmean(np.where(actual > 0, f1, np.nan), axis=-1))


def expected_calibration_error(
    truth: ArrayLike, probabilities: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Measure the mean distance of confidence and accuracy, in 15 bins of equal width.

    Parameters
    ----------
    truth : array-like of int, shape (n_clips,)
        The true label's column.
    probabilities : array-like of float, shape (n_clips, n_labels)
        The largest of each row is the confidence.
    weights : array-like of float, shape (n_clips,), optional
        The weight of each clip; by default all are equal.

    Returns
    -------
    float
        0: of all answers of confidence c, the part c is right.

    Notes
    -----
    Naeini, Cooper & Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning", AAAI;
    15 bins as in Guo et al. 2017, "On calibration of modern neural networks", ICML.
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    confidence = rows.max(axis=1)
    correct = rows.argmax(axis=1) == np.asarray(truth)
    counted = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    gaps = np.bincount(
        confidence_bins(confidence), weights=counted * (correct - confidence), minlength=CALIBRATION_BINS
    )
    return float(np.abs(gaps).sum() / counted.sum())


def confidence_bins(confidence: ArrayLike) -> NDArray[np.intp]:
    """Return the bin of each confidence, counted from 0; bins are open below and closed above."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]
    return np.asarray(np.searchsorted(edges, confidence, side="left"))


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, with NaN where the divisor is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def mean_of_known(values: ArrayLike) -> NDArray[np.float64]:
    """Mean over the last axis without NaN, NaN if all are; shape (..., n) gives shape (...)."""
    rows = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(rows)
    return ratio(np.where(known, rows, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
