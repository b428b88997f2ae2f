from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier
from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier
from affetto.errors import BundleError
from affetto.training.export.features import export_classifier, onnx_probabilities

SVM = SVC(decision_function_shape="ovo")
MLP = MLPClassifier((20, 10), solver="lbfgs", max_iter=100, random_state=0)
GMM = GaussianMixtureClassifier(n_components=2, reg_covar=0.1, random_state=0)


@pytest.mark.parametrize(
    ("classifier", "parameters", "n_classes"),
    [
        *((SVM, {}, n_classes) for n_classes in (2, 3, 10)),
        (MLP, {}, 2),
        (MLP, {}, 3),
        *((GMM, {"covariance_type": kind}, 3) for kind in ("full", "diag")),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_exported_model_gives_the_same_probabilities(
    classifier: Any, parameters: dict[str, str], n_classes: int
) -> None:
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    X, half = X.astype(np.float32), len(X) // 2
    scored = make_pipeline(
        ClippedScaler(block_weights=(0.5, 2.0)), DiscriminantProjection(), clone(classifier).set_params(**parameters)
    )
    model = TemperatureScaledClassifier(scored, inverse_temperature=0.3).fit(X[:half], y[:half])
    exported = onnx_probabilities(export_classifier(model, X[half:]), X[half:])
    assert exported == pytest.approx(model.predict_proba(X[half:]), abs=1e-4)
    assert (exported.argmax(axis=1) == y[half:]).mean() > 0.7


def test_a_model_with_other_probabilities_is_refused() -> None:
    X, y = load_digits(n_class=2, return_X_y=True)

    class Biased(GaussianMixtureClassifier):
        def predict_proba(self, X: Any) -> np.ndarray:
            return super().predict_proba(X)[:, ::-1]

    with pytest.raises(BundleError, match="differ"):
        export_classifier(make_pipeline(ClippedScaler(), DiscriminantProjection(), Biased()).fit(X, y), X)
