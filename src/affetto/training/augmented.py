"""Training on altered copies of each recording: more voices than the corpus has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from affetto.classifiers.estimators.temperature import log_probabilities
from affetto.training.fit import fit_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.speech import Source


class AugmentedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
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
    balanced : bool
        Of larger corpora only as many recordings are copied as the smallest corpus has: more would be no new voices,
        but more time. Otherwise all are.

    Attributes
    ----------
    classifier_ : estimator
        The same, fitted.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(
        self,
        front_end: Any,
        classifier: Any,
        *,
        copies: Sequence[Mapping[str, Any]] = (),
        balanced: bool = True,
    ) -> None:
        self.front_end = front_end
        self.classifier = classifier
        self.copies = copies
        self.balanced = balanced

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
            From which corpus each is.
        """
        front_ends = [self.front_end, *(clone(self.front_end).set_params(**copy) for copy in self.copies)]
        chosen = _copied(X, len(front_ends), corpora if self.balanced else None)
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
        self.classifier_ = fit_pipeline(
            clone(self.classifier),
            rows,
            labels,
            speakers=speakers,
            corpora=corpus_of,
            copies=copy,
            recordings=source,
        )
        self.classes_ = self.classifier_.classes_
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
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Sequence[Source] | NDArray[Any]) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, also where that is too small for a number.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        """
        return log_probabilities(self.classifier_, self.front_end.transform(X))

    def embeddings(self, X: Sequence[Source] | NDArray[Any]) -> NDArray[np.float64]:
        """Return where recordings lie in the space of the classifier's `OffsetModel`.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_dimensions)

        Raises
        ------
        AttributeError
            If the classifier has no such model.
        """
        return np.asarray(self.classifier_.transform(self.front_end.transform(X)))

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
    """Return for each kind of copy which recordings are copied so; the first kind is the recording as it is.

    All recordings of the smallest corpus are copied in all ways. Larger corpora give about as many copies each.
    """
    _, corpus_of, sizes = np.unique(
        np.zeros(len(X)) if corpora is None else np.asarray(corpora), return_inverse=True, return_counts=True
    )
    # By name, so that a recording is copied alike whatever others are there, and wherever the corpus lies.
    place = np.array([_place(source, index) for index, source in enumerate(X)])
    share = sizes.min() / sizes
    copied = [(place // (kind + 1) % 1000) / 1000 < share[corpus_of] for kind in range(1, n_kinds)]
    return [np.arange(len(X)), *map(np.flatnonzero, copied)]


def _place(source: Source, index: int) -> int:
    return crc32(Path(source).name.encode()) if isinstance(source, str | os.PathLike) else index
