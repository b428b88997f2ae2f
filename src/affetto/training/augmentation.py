"""Training on altered copies of each recording: more voices than the corpus has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from affetto.classifiers.tempered import log_probabilities
from affetto.training.fitting import fit_chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.embedding import VoiceEmbedding
    from affetto.speech import Source


class AugmentedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """A front end and a classifier, fitted on each recording and on altered copies of it.

    A scikit-learn pipeline cannot do that: its steps keep the number of rows. Everything else is as there: the input
    is a sequence of recordings, and the parameters of both parts are reachable by name.

    Parameters
    ----------
    front_end : transformer
        From recordings to rows of features.
    classifier : estimator
        From rows of features to probabilities.
    copies : sequence of mapping
        For each altered copy the parameters of the front end that make it. Recognition never uses them.
    embedding : VoiceEmbedding, optional
        From rows of features to the space in which answers are adapted to a voice. A copy's voices are others.

    Attributes
    ----------
    classifier_, embedding_ : estimator
        The same, fitted; `embedding_` is None where there is none.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(
        self,
        front_end: Any,
        classifier: Any,
        *,
        copies: Sequence[Mapping[str, Any]] = (),
        embedding: VoiceEmbedding | None = None,
    ) -> None:
        self.front_end = front_end
        self.classifier = classifier
        self.copies = copies
        self.embedding = embedding

    def fit(
        self,
        X: Sequence[Source],
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : sequence of recordings
        y : array-like of shape (n_recordings,)
        groups : array-like of shape (n_recordings,), optional
            Who speaks in each: whatever is chosen within the classifier is chosen on speakers left out, and all
            copies of a recording stay on its speaker's side.
        corpora : array-like of shape (n_recordings,), optional
            From which corpus each is. Recordings of large corpora are heard in fewer copies each.
        """
        front_ends = [self.front_end, *(clone(self.front_end).set_params(**copy) for copy in self.copies)]
        chosen = _copied(X, len(front_ends), corpora)
        recordings: Any = X
        if not isinstance(X, np.ndarray):
            recordings = np.empty(len(X), dtype=object)
            recordings[:] = list(X)
        rows = np.concatenate(
            [front_end.transform(recordings[which]) for front_end, which in zip(front_ends, chosen, strict=True)]
        )
        source = np.concatenate(chosen)
        labels = np.asarray(y)[source]
        speakers, corpus_of = (None if values is None else np.asarray(values)[source] for values in (groups, corpora))
        copy = np.repeat(np.arange(len(front_ends)), [len(which) for which in chosen])
        self.classifier_ = fit_chain(
            clone(self.classifier), rows, labels, speakers=speakers, corpora=corpus_of, copies=copy
        )
        self.classes_ = self.classifier_.classes_
        self.embedding_ = None
        if self.embedding is not None:
            voices = np.zeros(len(labels), dtype=int)
            if speakers is not None:
                voices = np.unique(speakers, return_inverse=True)[1] * len(front_ends) + copy
            self.embedding_ = clone(self.embedding).fit(rows, labels, voices=voices, corpora=corpus_of)
        return self

    def predict_proba(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        """
        return np.exp(self.hear(X)[0])

    def hear(self, X: Sequence[Source] | NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the logarithm of the probability of each class, and the embeddings.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        ndarray of shape (n_recordings, n_dimensions), or None
            None where there is no embedding.
        """
        rows = self.front_end.transform(X)
        embeddings = None if self.embedding_ is None else self.embedding_.transform(rows)
        return log_probabilities(self.classifier_, rows), embeddings

    def predict(self, X: Sequence[Source]) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings,)
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def _copied(X: Sequence[Source], n_kinds: int, corpora: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Tell for each kind of copy which recordings are heard so.

    The smallest corpus is heard in all kinds. One that is twice as large is heard in half of them, each recording in
    others: more would be no new voices, but more time.
    """
    _, corpus_of, sizes = np.unique(
        np.zeros(len(X)) if corpora is None else np.asarray(corpora), return_inverse=True, return_counts=True
    )
    kept = np.maximum(1, n_kinds * sizes.min() // sizes)
    # By name, so that a recording is heard the same whatever others are there, and wherever the corpus lies.
    place = np.array([_place(source, index) for index, source in enumerate(X)])
    return [np.flatnonzero((kind - place) % n_kinds < kept[corpus_of]) for kind in range(n_kinds)]


def _place(source: Source, index: int) -> int:
    return crc32(Path(source).name.encode()) if isinstance(source, str | os.PathLike) else index
