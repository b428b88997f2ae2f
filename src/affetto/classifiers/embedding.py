"""The small space in which voices are told from what they express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceStatistics
from affetto.classifiers.voices import VoiceSpace, VoiceSpaces

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    Each corpus has directions of its own: other speakers, in another language, differ in other ways. An emotion that
    a corpus lacks is expected where those that it shares with other corpora say. One more dimension for each further
    corpus tells among which corpus's voices an utterance lies.

    Parameters
    ----------
    shrinkage : float
        As in `DiscriminantProjection`.

    Attributes
    ----------
    scaler_ : ClippedScaler
        Standardizes the statistics.
    matrix_ : ndarray of shape (n_statistics, n_dimensions)
    offset_ : ndarray of shape (n_dimensions,)
        From these to the embedding: a product and a sum.
    spaces_ : VoiceSpaces
        How emotions and voices are spread there.
    """

    def __init__(self, *, shrinkage: float = 0.6) -> None:
        self.shrinkage = shrinkage

    def fit(
        self, X: Sequences, y: ArrayLike, *, voices: ArrayLike | None = None, corpora: ArrayLike | None = None
    ) -> Self:
        """Find the directions, and how voices are spread.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)
        y : array-like of int, shape (n_clips,)
        voices : array-like of shape (n_clips,), optional
            Whose voice each is; altered copies of a voice count as others. By default all are of one.
        corpora : array-like of shape (n_clips,), optional
            From which corpus each is. By default all are of one; a corpus in which only one emotion occurs is counted
            to the first one that has more.
        """
        statistics = SequenceStatistics().transform(X)
        self.scaler_ = ClippedScaler(limit=6.0).fit(statistics)
        rows = self.scaler_.transform(statistics).astype(np.float64)
        _, emotion = np.unique(np.asarray(y), return_inverse=True)
        voice = np.zeros(len(rows)) if voices is None else np.asarray(voices)
        names, corpus = _corpora(np.zeros(len(rows), int) if corpora is None else np.asarray(corpora), emotion)
        n_emotions = int(emotion.max()) + 1
        clips = [
            _Clips(rows[own], emotion[own], np.unique(voice[own], return_inverse=True)[1], n_emotions)
            for own in (corpus == number for number in range(len(names)))
        ]
        projections = [self._directions(own) for own in clips]
        spaces = tuple(_space(own, projection, clips) for own, projection in zip(clips, projections, strict=True))
        centres = np.zeros((1, 0))
        if len(clips) > 1:
            between = DiscriminantProjection(shrinkage=self.shrinkage, priors="uniform").fit(rows, corpus)
            places = between.transform(rows)
            centres = np.stack([places[corpus == number].mean(axis=0) for number in range(len(clips))])
            projections.append(between)
        self.spaces_ = VoiceSpaces(tuple(map(str, names)), spaces, centres)
        self.matrix_ = np.concatenate([projection.components_ for projection in projections]).T
        self.offset_ = -np.concatenate([projection.components_ @ projection.mean_ for projection in projections])
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
        rows = self.scaler_.transform(SequenceStatistics().transform(X))
        return np.asarray(rows @ self.matrix_ + self.offset_, dtype=np.float64)

    def _directions(self, clips: _Clips) -> DiscriminantProjection:
        _, peculiar = _decomposed(clips)
        projection = DiscriminantProjection(shrinkage=self.shrinkage, priors="uniform")
        return projection.fit(clips.rows - peculiar[clips.voice], clips.emotion)


class _Clips(NamedTuple):
    """Clips of one corpus: features, which of all emotions each expresses, and whose voice it is, all from 0 on."""

    rows: NDArray[np.float64]
    emotion: NDArray[np.intp]
    voice: NDArray[np.intp]
    n_emotions: int


def _corpora(corpora: NDArray[Any], emotion: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the corpora that have several emotions, and to which of them each clip counts."""
    names, corpus = np.unique(corpora, return_inverse=True)
    several = [number for number in range(len(names)) if len(np.unique(emotion[corpus == number])) > 1]
    if not several:
        return names[:1], np.zeros(len(corpus), dtype=np.intp)
    counted = np.zeros(len(names), dtype=np.intp)
    counted[several] = np.arange(len(several))
    return names[several], counted[corpus]


def _space(own: _Clips, projection: DiscriminantProjection, clips: Sequence[_Clips]) -> VoiceSpace:
    """Tell how a corpus's emotions and voices are spread; what it lacks of the emotions, other corpora tell."""
    embedded = own._replace(rows=projection.transform(own.rows))
    means, peculiar = _decomposed(embedded)
    rest = embedded.rows - means[own.emotion] - peculiar[own.voice]
    guesses = []
    for other in clips:
        there, _ = _decomposed(other._replace(rows=projection.transform(other.rows)))
        # The other's voices lie elsewhere, by as much as the emotions do that both have.
        shared = np.isfinite(there).all(axis=1) & np.isfinite(means).all(axis=1)
        here, elsewhere = (means[shared], there[shared]) if shared.any() else (means, there)
        guesses.append(there + np.nanmean(here, axis=0) - np.nanmean(elsewhere, axis=0))
    lacking = ~np.isfinite(means)
    means[lacking] = np.nanmean(np.stack(guesses), axis=0)[lacking]
    identity = np.eye(means.shape[1])
    return VoiceSpace(
        means=means,
        within=rest.T @ rest / len(rest) + _WITHIN_FLOOR * identity,
        between=peculiar.T @ peculiar / len(peculiar) + _BETWEEN_FLOOR * identity,
    )


def _decomposed(clips: _Clips) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split features into means of the emotions and peculiarities of the voices, which add up to a voice's own means.

    Every emotion of a voice counts the same, however often it occurs. Means of what does not occur are no numbers.
    """
    n_voices = clips.voice.max() + 1
    cell = clips.voice * clips.n_emotions + clips.emotion
    counts = np.bincount(cell, minlength=n_voices * clips.n_emotions)
    sums = np.zeros((len(counts), clips.rows.shape[1]))
    np.add.at(sums, cell, clips.rows)
    own = (sums / np.maximum(counts, 1)[:, None]).reshape(n_voices, clips.n_emotions, -1)
    occurs = (counts > 0).reshape(n_voices, clips.n_emotions, 1).astype(np.float64)
    often = occurs.sum(axis=0)
    peculiar = np.zeros((n_voices, clips.rows.shape[1]))
    means = np.zeros((clips.n_emotions, clips.rows.shape[1]))
    for _ in range(_ROUNDS):
        means = ((own - peculiar[:, None]) * occurs).sum(axis=0) / np.maximum(often, 1)
        peculiar = ((own - means) * occurs).sum(axis=1) / occurs.sum(axis=1)
        peculiar -= peculiar.mean(axis=0)
    means[often[:, 0] == 0] = np.nan
    return means, peculiar
