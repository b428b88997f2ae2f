from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection


@parametrize_with_checks([ClippedScaler(), DiscriminantProjection()])  # type: ignore[untyped-decorator] # scikit-learn is untyped
def test_is_a_proper_scikit_learn_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_scaler_standardizes_and_clips() -> None:
    X = np.random.default_rng(0).normal(7, 3, (1000, 2))
    scaler = ClippedScaler(limit=2).fit(X)
    scaled = scaler.transform(X)
    assert np.abs(scaled).max() == 2
    inside = np.abs(X - X.mean(0)) < 2 * X.std(0)
    assert np.allclose(scaled[inside], ((X - X.mean(0)) / X.std(0))[inside])


def test_blocks_of_features_are_weighted_after_clipping() -> None:
    X = np.random.default_rng(0).normal(7, 3, (1000, 6))
    plain = ClippedScaler(limit=2).fit_transform(X)
    assert np.allclose(
        ClippedScaler(limit=2, block_weights=(0.5, 1, 3)).fit_transform(X), plain * [0.5, 0.5, 1, 1, 3, 3]
    )


@pytest.mark.parametrize("weights", [(1, 2, 3), (1, 0), (1, -1), (1, float("nan")), ()])
def test_weights_that_are_not_positive_or_too_many_are_named(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="block_weights is"):
        ClippedScaler(block_weights=weights).fit(np.eye(4))


def test_scaler_leaves_a_constant_feature_alone() -> None:
    X = np.full((50, 1), 0.1, np.float32)
    assert np.allclose(ClippedScaler().fit(X).transform(X + 1), 1)


def test_projection_is_that_of_scikit_learn() -> None:
    X, y = load_digits(return_X_y=True)
    # scikit-learn shrinks the covariance of standardized features class by class; one spread makes both the same.
    X = X[:, X.std(axis=0) > 1]
    ours = DiscriminantProjection(shrinkage=0).fit(X, y).transform(X)
    theirs = LinearDiscriminantAnalysis(solver="eigen", shrinkage=None).fit(X, y).transform(X)
    assert ours.shape == (len(X), 9)
    signs = np.sign((ours * theirs).sum(axis=0))
    assert np.allclose(ours - ours[0], signs * (theirs - theirs[0]), atol=1e-5)


def test_shrinkage_helps_where_there_are_more_features_than_samples() -> None:
    X, y = load_digits(return_X_y=True)
    X = np.concatenate([X, np.random.default_rng(0).normal(0, 3, (len(X), 200))], axis=1)

    def accuracy(shrinkage: float) -> float:
        projection = DiscriminantProjection(shrinkage=shrinkage).fit(X[:200], y[:200])
        train, test = projection.transform(X[:200]), projection.transform(X[200:])
        return float(KNeighborsClassifier(5).fit(train, y[:200]).score(test, y[200:]))

    assert accuracy(0.5) > accuracy(0.0) + 0.1


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1])
def test_a_shrinkage_outside_0_to_1_is_named(shrinkage: float) -> None:
    with pytest.raises(ValueError, match="shrinkage is"):
        DiscriminantProjection(shrinkage=shrinkage).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_that_is_not_positive_is_named(limit: float) -> None:
    with pytest.raises(ValueError, match="limit is"):
        ClippedScaler(limit=limit).fit([[0.0], [1.0]])
