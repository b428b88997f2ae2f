from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from affetto.classifiers.pool import LogarithmicPool

RANDOM = np.random.default_rng(0)
Y = np.repeat(["a", "b", "c"], 40)
X = RANDOM.normal(size=(120, 2)) + 1.2 * np.repeat(np.eye(3, 2), 40, axis=0)


def pool(weights: list[float] | None = None) -> LogarithmicPool:
    return LogarithmicPool([("linear", LogisticRegression()), ("bayes", GaussianNB())], weights=weights)


@pytest.mark.parametrize("weights", [None, [1.2, 0.5], [0.0, 2.0]])
def test_probabilities_are_products_of_powers(weights: list[float] | None) -> None:
    fitted = clone(pool(weights)).fit(X, Y)
    parts = [clone(part).fit(X, Y).predict_proba(X) for _, part in pool().estimators]
    powers = [p**w for p, w in zip(parts, weights or [1, 1], strict=True)]
    wanted = powers[0] * powers[1]
    assert fitted.predict_proba(X) == pytest.approx(wanted / wanted.sum(axis=1, keepdims=True), rel=1e-3, abs=1e-5)
    assert (fitted.predict(X) == np.array(["a", "b", "c"])[wanted.argmax(axis=1)]).all()


def test_of_two_that_one_rules_out_the_farther_is_less_probable() -> None:
    far = np.array([[60.0, 0.0], [61.0, 0.0], [600.0, 0.0]])
    fitted = pool([0.01, 0.01]).fit(X, Y)
    assert fitted.estimators_[1].predict_proba(far)[:2].max(axis=1).min() == 1
    assert fitted.estimators_[1].predict_proba(far)[2].min() == 0
    least = fitted.predict_proba(far).min(axis=1)
    assert least[0] > 1.005 * least[1] > 1.005 * least[2] > 0
    assert np.isfinite(fitted.predict_log_proba(far)).all()
