from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier


@parametrize_with_checks([GaussianMixtureClassifier(random_state=0)])  # type: ignore[untyped-decorator] # scikit-learn is untyped
def test_is_a_proper_scikit_learn_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_class_with_two_modes_needs_two_components() -> None:
    generator = np.random.default_rng(0)
    outer = np.concatenate([generator.normal(-4, 1, (200, 1)), generator.normal(4, 1, (200, 1))])
    X = np.concatenate([outer, generator.normal(0, 1, (400, 1))])
    y = np.repeat(["outer", "inner"], 400)

    def scored(n_components: int) -> float:
        return float(GaussianMixtureClassifier(n_components=n_components, random_state=0).fit(X, y).score(X, y))

    assert scored(2) > 0.95
    assert scored(2) > scored(1)


def test_classes_have_equal_prior_probabilities() -> None:
    X = np.random.default_rng(0).normal(size=(100, 1))
    y = np.array(["rare"] * 10 + ["frequent"] * 90)
    probabilities = GaussianMixtureClassifier(reg_covar=1e3).fit(X, y).predict_proba([[0.0]])
    assert probabilities == pytest.approx(np.array([[0.5, 0.5]]), abs=0.01)
