"""Probabilities from scores: as sure as a temperature says."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class TemperatureScaledClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """The softmax of a classifier's scores, multiplied by a factor: below 1 less sure than they are, above 1 surer.

    Parameters
    ----------
    estimator : estimator
        A classifier that has `predict_proba` or `decision_function`.
    inverse_temperature : float
        The factor, the inverse of the temperature.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    classes_ : ndarray of shape (n_classes,)

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML, 2017.
    """

    def __init__(self, estimator: Any, *, inverse_temperature: float = 1.0) -> None:
        self.estimator = estimator
        self.inverse_temperature = inverse_temperature

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        """
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, also where that is too small for a number."""
        check_is_fitted(self)
        return np.asarray(log_softmax(self.inverse_temperature * log_scores(self.estimator_, X), axis=1))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def log_scores(estimator: Any, X: ArrayLike) -> NDArray[np.float64]:
    """Return scores whose softmax is how probable a fitted classifier takes its classes to be.

    Parameters
    ----------
    estimator : estimator
    X : array-like of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        The logarithms of its probabilities, or where it gives none its decision function: of a classifier of pairs,
        the sum of each class's margins over the others.
    """
    if hasattr(estimator, "predict_proba"):
        return log_probabilities(estimator, X)
    decision = np.asarray(estimator.decision_function(X), dtype=np.float64)
    if decision.ndim == 1:
        return np.stack([-decision, decision], axis=1)
    signs = signs_of_pairs(estimator)
    return decision if signs is None else decision @ signs


def log_probabilities(estimator: Any, X: Any) -> NDArray[np.float64]:
    """Return the logarithms of a fitted classifier's probabilities.

    By its own `predict_log_proba` where it has one: a probability that is too small for a number has a logarithm all
    the same, and two recordings for which a classifier rules a class out differ in how far it does.

    Parameters
    ----------
    estimator : estimator
    X : array-like of shape (n_samples, ...)

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        Minus infinity becomes that of the smallest number.
    """
    with np.errstate(divide="ignore"):
        if hasattr(estimator, "predict_log_proba"):
            logarithms = np.asarray(estimator.predict_log_proba(X), dtype=np.float64)
        else:
            logarithms = np.log(np.asarray(estimator.predict_proba(X), dtype=np.float64))
    return np.where(np.isneginf(logarithms), np.log(np.finfo(np.float64).tiny), logarithms)


def signs_of_pairs(estimator: Any) -> NDArray[np.float64] | None:
    """Return for which class a margin between two speaks, where a classifier gives one for each pair of classes.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    ndarray of shape (n_pairs, n_classes), or None
        1 for the first of the pair, -1 for the second, else 0. None where it gives a score for each class.
    """
    final = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    n_classes = len(estimator.classes_)
    if n_classes == 2 or getattr(final, "decision_function_shape", None) != "ovo":
        return None
    one = np.eye(n_classes)
    return np.stack([one[first] - one[second] for first, second in combinations(range(n_classes), 2)])
