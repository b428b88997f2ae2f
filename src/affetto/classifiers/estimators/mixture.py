"""Gaussian mixtures as a classifier: one mixture for each class, and Bayes' rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from affetto.classifiers.estimators.base import LogProbabilityClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class GaussianMixtureClassifier(LogProbabilityClassifier):
    """Class-conditional Gaussian mixtures. Every class has the same prior probability.

    Parameters
    ----------
    n_components : int
        Gaussians in each class's mixture. A class with fewer samples gets as many as it has samples.
    covariance_type : {"full", "tied", "diag", "spherical"}
        Form of the covariances, as in `sklearn.mixture.GaussianMixture`.
    reg_covar : float
        Added to the diagonals of the covariances.
    random_state : int, RandomState instance or None
        Seed of the mixtures' initialization.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    mixtures_ : list of GaussianMixture
        One for each class.

    References
    ----------
    D. A. Reynolds, R. C. Rose: Robust text-independent speaker identification using Gaussian mixture speaker models.
    IEEE Transactions on Speech and Audio Processing 3(1), 1995. (Speakers there, emotions here.)

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> round(GaussianMixtureClassifier(random_state=0).fit(X, y).score(X, y), 2)
    0.98
    """

    def __init__(
        self,
        *,
        n_components: int = 1,
        covariance_type: str = "full",
        reg_covar: float = 1e-3,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.reg_covar = reg_covar
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit a mixture to the samples of each class; X has the shape (n_samples, n_features)."""
        rows, classes = validate_data(self, X, y, ensure_min_samples=2)
        check_classification_targets(classes)
        self.classes_, encoded = np.unique(classes, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all samples are of one class, {self.classes_[0]!r}; a classifier needs at least two")
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=len(self.classes_))
        self.mixtures_ = [self._mixture(rows[encoded == c], seed) for c, seed in enumerate(seeds)]
        return self

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of each class's posterior probability, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False)
        scores = np.stack([mixture.score_samples(rows) for mixture in self.mixtures_], axis=1)
        return np.asarray(log_softmax(scores, axis=1))

    def _mixture(self, X: NDArray[Any], seed: int) -> GaussianMixture:
        if len(X) == 1:
            # A single sample has no variance. With two equal samples `reg_covar` becomes the variance.
            X = np.repeat(X, 2, axis=0)
        return GaussianMixture(
            min(self.n_components, len(X)),
            covariance_type=self.covariance_type,
            reg_covar=self.reg_covar,
            max_iter=200,
            random_state=seed,
        ).fit(X)
