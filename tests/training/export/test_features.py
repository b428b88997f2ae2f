from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier
from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier
from affetto.training.export.features import export_classifier, onnx_probabilities

CLASSIFIERS = {
    "mlp": MLPClassifier((20,), max_iter=30, random_state=0),
    "mlps": VotingClassifier(
        [(str(s), MLPClassifier((20,), max_iter=30, random_state=s)) for s in (1, 2)],
        voting="soft",
        flatten_transform=False,
    ),
    **{
        f"gmm-{kind}": make_pipeline(
            DiscriminantProjection(), GaussianMixtureClassifier(n_components=2, covariance_type=kind, random_state=0)
        )
        for kind in ("full", "tied", "diag", "spherical")
    },
}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_saved_model_gives_the_probabilities_of_scikit_learn(name: str) -> None:
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32)
    model: Any = make_pipeline(ClippedScaler(), PCA(30), CLASSIFIERS[name]).fit(X[:1000], y[:1000])
    exported = onnx_probabilities(export_classifier(model, X[1000:]), X[1000:])
    assert exported.shape == (len(X) - 1000, 10)
    assert np.abs(exported - model.predict_proba(X[1000:])).max() < 1e-4
    assert (exported.argmax(1) == y[1000:]).mean() > 0.7


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("kind", ["svm", "svm-pairs", "mlp", "gmm"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_temperature_is_saved_too(kind: str, n_classes: int) -> None:
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    X = X.astype(np.float32)
    final = {
        "svm": SVC(),
        "svm-pairs": SVC(decision_function_shape="ovo"),
        "mlp": MLPClassifier((20,), max_iter=30, random_state=0),
        "gmm": GaussianMixtureClassifier(covariance_type="diag", reg_covar=0.1, random_state=0),
    }[kind]
    scored = make_pipeline(ClippedScaler(block_weights=(0.5, 2.0)), PCA(20), final)
    half = len(X) // 2
    saved = {}
    for inverse_temperature in (0.3, 2.0):
        model = TemperatureScaledClassifier(scored, inverse_temperature=inverse_temperature).fit(X[:half], y[:half])
        saved[inverse_temperature] = onnx_probabilities(export_classifier(model, X[half:]), X[half:])
        assert np.abs(saved[inverse_temperature] - model.predict_proba(X[half:])).max() < 1e-4
    assert saved[0.3].max(axis=1).mean() < saved[2.0].max(axis=1).mean()
    assert (saved[2.0].argmax(axis=1) == y[half:]).mean() > 0.6
