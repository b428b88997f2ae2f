"""Sequences of frames, one for each recording, each of its own length: statistics of them, and their components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Sequences = Sequence[NDArray[Any]] | NDArray[Any]


class SequenceStatistics(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Mean and standard deviation of each feature over a recording's frames."""

    def fit(self, X: Sequences, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, X: Sequences) -> NDArray[np.float32]:
        """Return the statistics.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of float32, shape (n_recordings, 2 * n_features)
            Means, then deviations.
        """
        rows = np.empty((len(X), 2 * X[0].shape[1]), dtype=np.float32)
        for row, sequence in zip(rows, X, strict=True):
            frames = sequence.astype(np.float32)
            row[:] = np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
        return rows

    def __sklearn_is_fitted__(self) -> bool:
        return True


class SequenceScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Standardize each feature over all frames of all recordings, and clip what lies far outside.

    Parameters
    ----------
    limit : float
        Standard deviations beyond which values are clipped.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each feature; 1 for a constant one.
    """

    def __init__(self, *, limit: float = 8.0) -> None:
        self.limit = limit

    def fit(self, X: Sequences, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Learn mean and deviation.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)
        """
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
        """Standardize and clip.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of shape (n_recordings,)
            Of ndarrays of float32, shape (n_frames, n_features).
        """
        check_is_fitted(self)
        return _each(self.standardized, X)

    def standardized(self, sequence: NDArray[Any]) -> NDArray[np.float32]:
        """Standardize and clip one sequence."""
        scaled = (sequence.astype(np.float32) - self.mean_.astype(np.float32)) / self.scale_.astype(np.float32)
        return np.clip(scaled, -self.limit, self.limit)


class SequenceComponents(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Principal components of standardized frames, partly whitened.

    Whitening makes every component equally loud, also those that are noise; none leaves a network to learn from a few
    loud ones. Half-way works best.

    Parameters
    ----------
    n_components : int
        Components kept; fewer where the frames have fewer features.
    whitening : float
        From 0 (none) to 1 (each component of unit variance).

    Attributes
    ----------
    scaler_ : SequenceScaler
        Applied first. It is a part, not a step of its own, since standardized frames of a whole corpus are large.
    components_ : ndarray of shape (n_components, n_features)
        Applied to standardized frames; what comes out has unit variance on the whole.
    """

    def __init__(self, *, n_components: int = 320, whitening: float = 0.5) -> None:
        self.n_components = n_components
        self.whitening = whitening

    def fit(self, X: Sequences, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Find the components.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)
        """
        if self.n_components < 1:
            raise ValueError(f"n_components is {self.n_components!r}; it must be at least 1")
        if not 0 <= self.whitening <= 1:
            raise ValueError(f"whitening is {self.whitening!r}; it must be 0 to 1")
        self.scaler_ = SequenceScaler().fit(X)
        width = X[0].shape[1]
        moments = np.zeros((width, width), dtype=np.float32)
        for start in range(0, len(X), 64):
            frames = np.concatenate([self.scaler_.standardized(sequence) for sequence in X[start : start + 64]])
            moments += frames.T @ frames
        variances, directions = np.linalg.eigh(moments / sum(len(sequence) for sequence in X))
        kept = slice(-1, -1 - min(self.n_components, width), -1)
        variances, directions = np.maximum(variances[kept], 1e-6), directions[:, kept]
        # The sign of a direction is arbitrary and differs between libraries; the network's start should not.
        directions = directions * np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(len(variances))])
        loudness = np.sqrt((variances ** (1 - self.whitening)).mean())
        weights = directions * variances ** (-self.whitening / 2) / loudness
        self.components_ = np.ascontiguousarray(weights.T.astype(np.float32))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        """Return the components of each frame.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of shape (n_recordings,)
            Of ndarrays of float32, shape (n_frames, n_components).
        """
        check_is_fitted(self)
        return _each(lambda sequence: self.scaler_.standardized(sequence) @ self.components_.T, X)


def _each(function: Callable[[NDArray[Any]], NDArray[Any]], X: Sequences) -> NDArray[Any]:
    sequences = np.empty(len(X), dtype=object)
    for index, sequence in enumerate(X):
        sequences[index] = function(sequence)
    return sequences
