"""The chains that Affetto trains: from recordings to probabilities, for each kind of classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.errors import ParameterError
from affetto.features import AcousticFeatures, CachedTransformer
from affetto.preprocessing import DCRemoval, LevelNormalization, PreEmphasis, ReadSpeech, SilenceTrimming
from affetto.training.augmentation import AugmentedClassifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sklearn.base import BaseEstimator

CLASSIFIERS = ("mlp", "svm", "gmm")
"""The kinds of classifier that `make_chain` makes."""

VIRTUAL_SPEAKERS = (0.9, 1.1)
"""Factors of the vocal tract's length by which each training clip is also heard."""

_INNER_FOLDS = 4


def make_front_end() -> Pipeline:
    """Return what comes before every classifier: from recordings to features.

    The steps that are there, and those that are not, are what the ablation in ``benchmarks/ablation.py`` decided.
    """
    return Pipeline(
        [
            ("speech", ReadSpeech()),
            ("dc", DCRemoval()),
            ("trim", SilenceTrimming()),
            ("emphasis", PreEmphasis()),
            ("level", LevelNormalization()),
            ("features", AcousticFeatures()),
        ]
    )


def make_chain(classifier: str, *, front_end: Pipeline | None = None, n_jobs: int | None = -1) -> AugmentedClassifier:
    """Return an unfitted chain: recordings in, probabilities out.

    Everything that it chooses or calibrates while it is fitted, it does on speakers that were left out: pass the
    speakers as `groups` to its `fit`, as `affetto.training.fitting.fit_chain` does.

    Parameters
    ----------
    classifier : {"mlp", "svm", "gmm"}
        The kind of classifier.
    front_end : Pipeline, optional
        Steps from recordings to features, the last called "features"; by default `make_front_end()`.
    n_jobs : int, optional
        Processes for features and search, as in joblib; all cores by default.

    Returns
    -------
    AugmentedClassifier

    Raises
    ------
    ParameterError
        If there is no classifier of that name.
    """
    match classifier:
        case "mlp":
            final, grid = _mlp()
        case "svm":
            final, grid = _svm()
        case "gmm":
            final, grid = _gmm()
        case _:
            raise ParameterError(f"there is no classifier {classifier!r}; choose one of {', '.join(CLASSIFIERS)}")
    projected = Pipeline([("scale", ClippedScaler()), ("project", DiscriminantProjection()), ("classify", final)])
    search = GridSearchCV(
        projected, dict(grid), scoring="recall_macro", cv=StratifiedGroupKFold(_INNER_FOLDS), n_jobs=n_jobs
    )
    return AugmentedClassifier(
        CachedTransformer(front_end or make_front_end(), n_jobs=n_jobs),
        CalibratedClassifierCV(search, ensemble=False, cv=StratifiedGroupKFold(_INNER_FOLDS)),
        copies=[{"transformer__features__warp": factor} for factor in VIRTUAL_SPEAKERS],
    )


def _svm() -> tuple[BaseEstimator, Mapping[str, list[Any]]]:
    return SVC(gamma=0.02), {"project__shrinkage": [0.2, 0.5], "classify__C": [0.1, 1.0]}


def _gmm() -> tuple[BaseEstimator, Mapping[str, list[Any]]]:
    mixture = GaussianMixtureClassifier(covariance_type="diag", random_state=0)
    return mixture, {
        "project__shrinkage": [0.2, 0.5],
        "classify__n_components": [1, 2],
        "classify__reg_covar": [0.3, 1],
    }


def _mlp() -> tuple[BaseEstimator, Mapping[str, list[Any]]]:
    network = MLPClassifier((64,), max_iter=100, random_state=0)
    return network, {"project__shrinkage": [0.2, 0.5], "classify__alpha": [1.0, 10.0]}
