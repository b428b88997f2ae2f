"""From hundreds of correlated features to a few directions, for a classifier that has seen few speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.linalg
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
from sklearn.covariance import shrunk_covariance
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class ClippedScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize each feature and clip outliers, so that no single value decides.

    Parameters
    ----------
    limit : float
        Standard deviations beyond which values are clipped.
    block_weights : sequence of float, optional
        One weight for each of several blocks of features of equal size. Features are multiplied by it after clipping.
        A classifier with shrinkage relies less on a block of smaller weight.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each feature; 1 for a constant one.
    weights_ : ndarray of shape (n_features,)

    Examples
    --------
    >>> ClippedScaler(limit=1.0).fit_transform([[0.0], [1.0], [2.0]]).ravel()
    array([-1.,  0.,  1.])
    """

    def __init__(self, *, limit: float = 4.0, block_weights: Sequence[float] | None = None) -> None:
        self.limit = limit
        self.block_weights = block_weights

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Learn mean and deviation of samples of shape (n_samples, n_features)."""
        if not self.limit > 0:
            raise ValueError(f"limit is {self.limit!r}; it must be above 0")
        rows = validate_data(self, X, dtype=[np.float64, np.float32])
        blocks = np.ones(1) if self.block_weights is None else np.asarray(self.block_weights, dtype=np.float64)
        if not len(blocks) or not (blocks > 0).all() or rows.shape[1] % len(blocks):
            raise ValueError(
                f"block_weights is {self.block_weights!r}; it must be numbers above 0, whose count divides the "
                f"{rows.shape[1]} features"
            )
        self.weights_ = np.repeat(blocks, rows.shape[1] // len(blocks))
        self.mean_ = rows.mean(axis=0, dtype=np.float64)
        scale = rows.std(axis=0, dtype=np.float64)
        # The deviation of a constant feature is a rounding error. Dividing by it would amplify noise.
        constant = scale <= 10 * np.finfo(rows.dtype).eps * np.abs(self.mean_)
        self.scale_ = np.where(constant | (scale == 0), 1.0, scale)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Standardize and clip samples of shape (n_samples, n_features)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        scaled = self.weights_ * np.clip((rows - self.mean_) / self.scale_, -self.limit, self.limit)
        return np.asarray(scaled.astype(rows.dtype, copy=False))


class DiscriminantProjection(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Project onto the directions that separate the classes best, with a covariance shrunk towards the identity.

    Clips of one speaker are far from independent, so there are fewer independent samples than features. Shrinkage makes
    the projection work all the same. The directions are those of scikit-learn's `LinearDiscriminantAnalysis` with the
    eigen solver, which takes ten times as long for hundreds of features.

    Parameters
    ----------
    shrinkage : float
        From 0 (the empirical covariance) to 1 (a multiple of the identity).
    max_variance : float
        Upper limit of the total variance of the projected samples; a larger one is scaled down. With few samples the
        projection spreads them further apart than new ones, too far for kernels and mixtures.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Subtracted first.
    components_ : ndarray of shape (n_components, n_features)
        The directions, one fewer than there are classes.

    References
    ----------
    J. H. Friedman: Regularized discriminant analysis. Journal of the American Statistical Association 84, 1989.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> DiscriminantProjection().fit_transform(X, y).shape
    (150, 2)
    """

    def __init__(self, *, shrinkage: float = 0.5, max_variance: float = np.inf) -> None:
        self.shrinkage = shrinkage
        self.max_variance = max_variance

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the directions from samples of shape (n_samples, n_features) and their classes."""
        if not 0 <= self.shrinkage <= 1:
            raise ValueError(f"shrinkage is {self.shrinkage!r}; it must be 0 to 1")
        if not self.max_variance > 0:
            raise ValueError(f"max_variance is {self.max_variance!r}; it must be above 0")
        rows, classes = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(classes)
        labels, encoded, counts = np.unique(classes, return_inverse=True, return_counts=True)
        if len(labels) < 2:
            raise ValueError(f"all samples are of one class, {labels[0]!r}; at least two are needed")
        rows = rows.astype(np.float64)
        means = np.stack([rows[encoded == c].mean(axis=0) for c in range(len(labels))])
        weights = counts / len(rows)
        self.mean_ = weights @ means
        residuals = rows - means[encoded]
        within = np.asarray(shrunk_covariance(residuals.T @ residuals / len(rows), self.shrinkage))
        # A feature that never varies within its classes must not lead to a division by zero.
        within[np.diag_indices_from(within)] += 1e-9 * np.trace(within) / len(within) + np.finfo(float).tiny
        # The class means span the solution: one linear solve for each class, not an eigenproblem of all features.
        between = np.sqrt(weights)[:, None] * (means - self.mean_)
        solved = scipy.linalg.solve(within, between.T, assume_a="pos")
        strengths, mixing = np.linalg.eigh(between @ solved)
        strongest = np.argsort(-strengths)[: min(len(labels) - 1, rows.shape[1])]
        # Unit variance within the classes along each direction.
        scale = np.sqrt(np.maximum(strengths[strongest], np.finfo(float).tiny))
        components = (solved @ mixing[:, strongest] / scale).T
        variance = np.var((rows - self.mean_) @ components.T, axis=0).sum()
        self.components_ = np.ascontiguousarray(components / np.sqrt(max(1.0, variance / self.max_variance)))
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Project samples of shape (n_samples, n_features); the result has the shape (n_samples, n_components)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray((rows - self.mean_) @ self.components_.T)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
