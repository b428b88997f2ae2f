"""The small space in which voices are told from what they express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceStatistics
from affetto.classifiers.voices import VoiceSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.sequences import Sequences

_ROUNDS = 10
# What the training voices do not show: unknown voices vary more than those that the directions were found on.
_WITHIN_FLOOR, _BETWEEN_FLOOR = 0.5, 0.1


class VoiceEmbedding(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Project statistics of frames onto the directions that tell emotions apart once the voice is known.

    What is peculiar to each training voice is subtracted before the directions are found, so that none is wasted on
    telling voices apart. The peculiarity is what remains of a voice's mean when its emotions' means are taken off, so
    it does not matter which emotions a voice expressed, or how often.

    Parameters
    ----------
    shrinkage : float
        As in `DiscriminantProjection`.

    Attributes
    ----------
    scaler_ : ClippedScaler
        Standardizes the statistics.
    projection_ : DiscriminantProjection
        From these to the embedding.
    space_ : VoiceSpace
        How emotions and voices are spread there.
    """

    def __init__(self, *, shrinkage: float = 0.6) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: Sequences, y: ArrayLike, *, voices: ArrayLike | None = None) -> Self:
        """Find the directions, and how voices are spread.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)
        y : array-like of int, shape (n_clips,)
        voices : array-like of shape (n_clips,), optional
            Whose voice each is; altered copies of a voice count as others. By default all are of one.
        """
        statistics = SequenceStatistics().transform(X)
        self.scaler_ = ClippedScaler(limit=6.0).fit(statistics)
        rows = self.scaler_.transform(statistics).astype(np.float64)
        _, emotion = np.unique(np.asarray(y), return_inverse=True)
        given = np.zeros(len(rows)) if voices is None else np.asarray(voices)
        _, voice = np.unique(given, return_inverse=True)
        _, peculiar = _decomposed(rows, emotion, voice)
        self.projection_ = DiscriminantProjection(shrinkage=self.shrinkage, priors="uniform")
        self.projection_.fit(rows - peculiar[voice], emotion)
        embedded = self.projection_.transform(rows)
        means, peculiar = _decomposed(embedded, emotion, voice)
        rest = embedded - means[emotion] - peculiar[voice]
        identity = np.eye(embedded.shape[1])
        self.space_ = VoiceSpace(
            means=means,
            within=rest.T @ rest / len(rest) + _WITHIN_FLOOR * identity,
            between=peculiar.T @ peculiar / len(peculiar) + _BETWEEN_FLOOR * identity,
        )
        return self

    def transform(self, X: Sequences) -> NDArray[np.float64]:
        """Return the embeddings.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of shape (n_clips, n_dimensions)
        """
        check_is_fitted(self)
        statistics = SequenceStatistics().transform(X)
        return np.asarray(self.projection_.transform(self.scaler_.transform(statistics)), dtype=np.float64)


def _decomposed(
    rows: NDArray[np.float64], emotion: NDArray[np.intp], voice: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split rows into means of the emotions and peculiarities of the voices, which add up to each voice's own means.

    Every emotion of a voice counts the same, however often it occurs.
    """
    n_emotions, n_voices = emotion.max() + 1, voice.max() + 1
    cell = voice * n_emotions + emotion
    counts = np.bincount(cell, minlength=n_voices * n_emotions)
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, cell, rows)
    own = (sums / np.maximum(counts, 1)[:, None]).reshape(n_voices, n_emotions, -1)
    occurs = (counts > 0).reshape(n_voices, n_emotions, 1).astype(np.float64)
    peculiar = np.zeros((n_voices, rows.shape[1]))
    means = np.zeros((n_emotions, rows.shape[1]))
    for _ in range(_ROUNDS):
        means = ((own - peculiar[:, None]) * occurs).sum(axis=0) / occurs.sum(axis=0)
        peculiar = ((own - means) * occurs).sum(axis=1) / occurs.sum(axis=1)
        peculiar -= peculiar.mean(axis=0)
    return means, peculiar
