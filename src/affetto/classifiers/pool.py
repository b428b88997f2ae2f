"""Several classifiers' answers as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_softmax
from sklearn.ensemble import VotingClassifier

from affetto.classifiers.tempered import log_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class LogarithmicPool(VotingClassifier):  # type: ignore[misc] # scikit-learn is untyped
    """Multiply the classifiers' probabilities, each raised to its weight.

    Unlike an average it holds where one of them is sure that a class is wrong, and a weight above or below 1 corrects a
    classifier that is less or more sure of itself than it should be.

    Parameters
    ----------
    estimators : sequence of (str, estimator)
    weights : sequence of float, optional
        By default all are 1.

    References
    ----------
    G. E. Hinton: Training products of experts by minimizing contrastive divergence. Neural Computation 14, 2002.
    """

    def __init__(self, estimators: Sequence[tuple[str, Any]], *, weights: Sequence[float] | None = None) -> None:
        super().__init__(estimators, voting="soft", weights=weights)

    def predict_proba(self, X: Sequence[Any]) -> NDArray[np.float64]:
        """Return the probability of each class.

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
        weights = self.weights or [1.0] * len(self.estimators_)
        parts = [
            weight * log_probabilities(estimator, X)
            for estimator, weight in zip(self.estimators_, weights, strict=True)
        ]
        return np.asarray(log_softmax(np.sum(parts, axis=0), axis=1))
