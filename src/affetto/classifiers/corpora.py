"""A classifier that learns from several corpora at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from affetto.classifiers.tempered import log_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class CorpusMarginalClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Tells apart every emotion of every corpus, and answers with the sum over the corpora.

    Anger in one corpus is not what it is in another: other actors, language, and microphones. One class for both
    would be too wide, and an emotion that only one corpus has would be told by that corpus's microphones. Where all
    samples are of one corpus, this is the plain classifier.

    Parameters
    ----------
    classifier : estimator
        Its classes are the pairs of corpus and emotion.

    Attributes
    ----------
    classifier_ : estimator
        The fitted classifier.
    membership_ : ndarray of shape (n_pairs, n_classes)
        1 where a pair is of the class, otherwise 0.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: Sequence[Any], y: ArrayLike, *, corpora: ArrayLike | None = None) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : sequence of samples
        y : array-like of shape (n_samples,)
        corpora : array-like of shape (n_samples,), optional
            The corpus of each sample; by default all are of one.
        """
        self.classes_, encoded = np.unique(np.asarray(y), return_inverse=True)
        corpus_of = np.zeros(len(encoded), int)
        if corpora is not None:
            corpus_of = np.unique(np.asarray(corpora), return_inverse=True)[1]
        pairs, pair_of = np.unique(corpus_of * len(self.classes_) + encoded, return_inverse=True)
        self.membership_ = np.eye(len(self.classes_))[pairs % len(self.classes_)]
        self.classifier_ = clone(self.classifier).fit(X, pair_of)
        return self

    def predict_proba(self, X: Sequence[Any]) -> NDArray[np.float64]:
        """Return the probability of each class, whatever the corpus.

        Parameters
        ----------
        X : sequence of samples

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Sequence[Any]) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, also where that is too small for a number."""
        check_is_fitted(self)
        pairs = log_probabilities(self.classifier_, X)
        return np.asarray(logsumexp(pairs[:, :, None], axis=1, b=self.membership_))

    def predict(self, X: Sequence[Any]) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : sequence of samples

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
