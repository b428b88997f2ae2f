"""Training on altered copies of each recording: more voices than the corpus has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from affetto.training.fitting import fit_chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

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

    Attributes
    ----------
    classifier_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(self, front_end: Any, classifier: Any, *, copies: Sequence[Mapping[str, Any]] = ()) -> None:
        self.front_end = front_end
        self.classifier = classifier
        self.copies = copies

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
        rows = np.concatenate([front_end.transform(X) for front_end in front_ends])
        labels = np.tile(np.asarray(y), len(front_ends))
        speakers, corpus_of = (
            None if values is None else np.tile(np.asarray(values), len(front_ends)) for values in (groups, corpora)
        )
        self.classifier_ = fit_chain(clone(self.classifier), rows, labels, speakers=speakers, corpora=corpus_of)
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
        return np.asarray(self.classifier_.predict_proba(self.front_end.transform(X)))

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
