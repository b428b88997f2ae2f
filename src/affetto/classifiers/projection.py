"""What stands between hundreds of correlated features and a classifier that sees twenty speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class ClippedScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Standardize each feature and clip what lies far outside, so that no single odd value decides.

    Parameters
    ----------
    limit : float
        Standard deviations beyond which values are clipped.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of each feature; 1 for a constant one.
    """

    def __init__(self, *, limit: float = 4.0) -> None:
        self.limit = limit

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Learn mean and deviation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        """
        if not self.limit > 0:
            raise ValueError(f"limit is {self.limit!r}; it must be above 0")
        rows = validate_data(self, X, dtype=[np.float64, np.float32])
        self.mean_ = rows.mean(axis=0, dtype=np.float64)
        scale = rows.std(axis=0, dtype=np.float64)
        # A constant column's deviation is rounding noise, which must not be blown up.
        constant = scale <= 10 * np.finfo(rows.dtype).eps * np.abs(self.mean_)
        self.scale_ = np.where(constant | (scale == 0), 1.0, scale)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Standardize and clip.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        scaled = np.clip((rows - self.mean_) / self.scale_, -self.limit, self.limit)
        return np.asarray(scaled.astype(rows.dtype, copy=False))


class DiscriminantProjection(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Project onto the directions that separate the classes best, with a covariance shrunk towards the identity.

    Shrinkage is what makes it work with more features than independent samples: clips of one speaker are far from
    independent. `sklearn.discriminant_analysis.LinearDiscriminantAnalysis` does the fitting; as a step before another
    classifier, and converted to ONNX, it is a plain affine map.

    Parameters
    ----------
    shrinkage : float or "auto"
        From 0 (the empirical covariance) to 1 (a diagonal one); "auto": by Ledoit and Wolf.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Subtracted first.
    components_ : ndarray of shape (n_components, n_features)
        The directions; there is one fewer than there are classes.

    References
    ----------
    J. H. Friedman: Regularized discriminant analysis. Journal of the American Statistical Association 84, 1989.
    """

    def __init__(self, *, shrinkage: float | str = 0.5) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Raises
        ------
        ValueError
            If there is only one class.
        """
        rows, classes = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(classes)
        analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=self.shrinkage).fit(rows, classes)
        n_components = min(len(analysis.classes_) - 1, rows.shape[1])
        self.mean_ = rows.mean(axis=0, dtype=np.float64)
        self.components_ = np.ascontiguousarray(analysis.scalings_[:, :n_components].T)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Project.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
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
