from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks

from affetto.classifiers.gmm import GaussianMixtureClassifier


@parametrize_with_checks([GaussianMixtureClassifier(random_state=0)])  # type: ignore[untyped-decorator] # scikit-learn is untyped
def test_is_a_proper_scikit_learn_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_two_bumps_of_one_class_need_two_components() -> None:
    generator = np.random.default_rng(0)
    outer = np.concatenate([generator.normal(-4, 1, (200, 1)), generator.normal(4, 1, (200, 1))])
    X = np.concatenate([outer, generator.normal(0, 1, (400, 1))])
    y = np.repeat(["outer", "inner"], 400)

    def scored(n_components: int) -> float:
        return float(GaussianMixtureClassifier(n_components=n_components, random_state=0).fit(X, y).score(X, y))

    assert scored(2) > 0.95
    assert scored(2) > scored(1)


def test_priors_follow_the_training_set_only_when_asked() -> None:
    X = np.zeros((100, 1)) + np.random.default_rng(0).normal(size=(100, 1))
    y = np.array(["rare"] * 10 + ["frequent"] * 90)
    uniform = GaussianMixtureClassifier(reg_covar=1e3).fit(X, y).predict_proba([[0.0]])
    empirical = GaussianMixtureClassifier(reg_covar=1e3, priors="empirical").fit(X, y).predict_proba([[0.0]])
    assert uniform == pytest.approx(np.array([[0.5, 0.5]]), abs=0.01)
    assert empirical == pytest.approx(np.array([[0.9, 0.1]]), abs=0.01)


def test_temperature_softens_and_keeps_the_ranking() -> None:
    X, y = load_iris(return_X_y=True)
    sharp = GaussianMixtureClassifier(random_state=0).fit(X, y).predict_proba(X)
    soft = GaussianMixtureClassifier(random_state=0, temperature=5).fit(X, y).predict_proba(X)
    assert (sharp.argmax(1) == soft.argmax(1)).all()
    assert soft.max(1).mean() < sharp.max(1).mean() - 0.02


@pytest.mark.parametrize(("name", "value"), [("priors", "even"), ("temperature", 0.0)])
def test_a_senseless_parameter_is_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value!r}"):
        GaussianMixtureClassifier(**{name: value}).fit([[0.0], [1.0]], [0, 1])
