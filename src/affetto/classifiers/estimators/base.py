"""The interface of a classifier, and the predictions that all of ours derive alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ProbabilisticClassifier(Protocol):
    """A scikit-learn classifier with probabilities: its parameters, `fit`, and its predictions."""

    classes_: NDArray[Any]

    def fit(self, *args: Any, **metadata: Any) -> Self:
        """Learn from samples `X`, labels `y`, and the metadata that the classifier knows."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each sample."""

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_samples, n_classes)."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, by default also those of the parts."""

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name."""


class LogProbabilityClassifier(ClassifierMixin, BaseEstimator):
    """Base of classifiers that define `fit`, `classes_` and `predict_log_proba`.

    Logarithms stay finite where a probability is too small for a floating-point number.
    """

    classes_: NDArray[Any]

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of each class's probability, shape (n_samples, n_classes)."""
        raise NotImplementedError

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each sample."""
        best: NDArray[np.intp] = self.predict_log_proba(X).argmax(axis=1)
        return self.classes_[best]


def log_probabilities(classifier: Any, X: Any) -> NDArray[np.float64]:
    """Return a classifier's log-probabilities, with the logarithm of the smallest number for minus infinity."""
    with np.errstate(divide="ignore"):
        logarithms = np.asarray(classifier.predict_log_proba(X), dtype=np.float64)
    return np.where(np.isneginf(logarithms), np.log(np.finfo(np.float64).tiny), logarithms)
