"""Sequences of frames: one for each recording, of different lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Sequences = Sequence[NDArray[Any]] | NDArray[Any]


class SequenceScaler(TransformerMixin, BaseEstimator):
    """Standardize each feature over all frames of all recordings, and clip outliers.

    Parameters
    ----------
    limit : float
        Standard deviations beyond which values are clipped.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each feature; 1 for a constant one.

    Examples
    --------
    >>> (scaled,) = SequenceScaler().fit_transform([np.array([[0.0], [2.0]])])
    >>> scaled.ravel()
    array([-1.,  1.], dtype=float32)
    """

    def __init__(self, *, limit: float = 8.0) -> None:
        self.limit = limit

    def fit(self, X: Sequences, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Learn mean and deviation of sequences, each of shape (n_frames, n_features)."""
        if not self.limit > 0:
            raise ValueError(f"limit is {self.limit!r}; it must be above 0")
        count = sum(len(sequence) for sequence in X)
        total, squares = np.zeros(X[0].shape[1]), np.zeros(X[0].shape[1])
        for sequence in X:
            frames = sequence.astype(np.float64)
            total += frames.sum(axis=0)
            squares += np.square(frames).sum(axis=0)
        self.mean_ = total / count
        deviation = np.sqrt(np.maximum(squares / count - self.mean_**2, 0))
        self.scale_ = np.where(deviation > 1e-6 * (1 + np.abs(self.mean_)), deviation, 1.0)
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        """Standardize and clip sequences. The result is an array of float32 sequences, shape (n_recordings,)."""
        check_is_fitted(self)
        mean, scale = self.mean_.astype(np.float32), self.scale_.astype(np.float32)
        sequences = np.empty(len(X), dtype=object)
        for index, sequence in enumerate(X):
            sequences[index] = np.clip((sequence.astype(np.float32) - mean) / scale, -self.limit, self.limit)
        return sequences
