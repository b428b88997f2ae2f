"""Temperature scaling of a classifier's scores."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from affetto.classifiers.estimators.base import LogProbabilityClassifier, log_probabilities

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class TemperatureScaledClassifier(MetaEstimatorMixin, LogProbabilityClassifier):
    """Softmax of a classifier's scores, multiplied by an inverse temperature.

    Parameters
    ----------
    estimator : estimator
        A classifier with `predict_log_proba` or `decision_function`.
    inverse_temperature : float
        Below 1 the probabilities are less extreme than the classifier's own, above 1 more.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    classes_ : ndarray of shape (n_classes,)

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML, 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> scaled = TemperatureScaledClassifier(SVC(), inverse_temperature=0.5).fit(X, y)
    >>> scaled.predict_proba(X[:1]).round(2)
    array([[0.53, 0.31, 0.15]])
    """

    def __init__(self, estimator: Any, *, inverse_temperature: float = 1.0) -> None:
        self.estimator = estimator
        self.inverse_temperature = inverse_temperature

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the classifier to samples of shape (n_samples, n_features) and their labels."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of each class's probability, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        return np.asarray(log_softmax(self.inverse_temperature * log_scores(self.estimator_, X), axis=1))


def log_scores(classifier: Any, X: ArrayLike) -> NDArray[np.float64]:
    """Return a fitted classifier's scores, shape (n_samples, n_classes).

    These are log-probabilities, or the decision function of a classifier without probabilities. If that has one value
    for each pair of classes, a class's score is the sum of its margins over the others.
    """
    if hasattr(classifier, "predict_log_proba"):
        return log_probabilities(classifier, X)
    decision = np.asarray(classifier.decision_function(X), dtype=np.float64)
    if decision.ndim == 1:
        return np.stack([-decision, decision], axis=1)
    final = classifier[-1] if isinstance(classifier, Pipeline) else classifier
    return decision @ pair_signs(len(classifier.classes_)) if final.decision_function_shape == "ovo" else decision


def pair_signs(n_classes: int) -> NDArray[np.float64]:
    """Return 1 for the first class of each pair, -1 for the second, else 0; shape (n_pairs, n_classes)."""
    one = np.eye(n_classes)
    return np.stack([one[first] - one[second] for first, second in combinations(range(n_classes), 2)])
