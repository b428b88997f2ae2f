from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier, log_scores


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize(
    "estimator",
    [SVC(), make_pipeline(SVC(decision_function_shape="ovo")), GaussianNB()],
    ids=["votes", "margins", "probabilities"],
)
def test_the_factor_changes_the_confidence_and_not_the_class(estimator: Any, n_classes: int) -> None:
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    labels = np.array(list("abcdef"))[y]
    models = [
        TemperatureScaledClassifier(estimator, inverse_temperature=inverse_temperature).fit(X, labels)
        for inverse_temperature in (0.1, 1.0, 3.0)
    ]
    probabilities = [model.predict_proba(X) for model in models]
    for one in probabilities:
        assert np.allclose(one.sum(axis=1), 1)
    dull, plain, sharp = (one.max(axis=1).mean() for one in probabilities)
    assert dull < plain <= sharp
    assert all((model.predict(X) == models[1].estimator_.predict(X)).mean() > 0.99 for model in models)
    assert models[0].classes_.tolist() == list("abcdef")[:n_classes]


def test_probabilities_stay_the_same_at_temperature_1() -> None:
    X, y = load_digits(n_class=3, return_X_y=True)
    plain = LogisticRegression(C=1e-3, max_iter=1000).fit(X, y)
    tempered = TemperatureScaledClassifier(LogisticRegression(C=1e-3, max_iter=1000)).fit(X, y)
    assert np.abs(tempered.predict_proba(X) - plain.predict_proba(X)).max() < 1e-4
    assert np.isfinite(log_scores(plain, 1e6 * X)).all()
