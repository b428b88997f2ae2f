"""The chains that Affetto trains: from recordings to probabilities, for each kind of classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.errors import ParameterError
from affetto.features import AcousticFeatures, CachedTransformer
from affetto.preprocessing import DCRemoval, LevelNormalization, PreEmphasis, ReadSpeech, SilenceTrimming
from affetto.training.augmentation import AugmentedClassifier
from affetto.training.tuning import TunedClassifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sklearn.base import BaseEstimator

    Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]

CLASSIFIERS = ("mlp", "svm", "gmm")
"""The kinds of classifier that `make_chain` makes."""

VIRTUAL_SPEAKERS = (0.9, 1.1)
"""Factors of the vocal tract's length by which each training clip is also heard."""


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
    return AugmentedClassifier(
        CachedTransformer(front_end or make_front_end(), n_jobs=n_jobs),
        TunedClassifier(projected, grid, n_jobs=n_jobs),
        copies=[{"transformer__features__warp": factor} for factor in VIRTUAL_SPEAKERS],
    )


# The shrinkage of the projection is searched for all of them. It is the parameter that matters most: unshrunk, the
# directions are those of the training speakers.
_SHRINKAGES = [0.2, 0.5]


def _svm() -> tuple[BaseEstimator, Grid]:
    return SVC(), {"project__shrinkage": _SHRINKAGES, "classify__C": [0.03, 0.1, 0.5], "classify__gamma": [0.01, 0.03]}


def _gmm() -> tuple[BaseEstimator, Grid]:
    mixtures: list[dict[str, list[Any]]] = [
        {"classify__n_components": [1], "classify__covariance_type": ["diag"], "classify__reg_covar": [1.0]},
        {"classify__n_components": [2], "classify__covariance_type": ["diag"], "classify__reg_covar": [0.3]},
        {"classify__n_components": [2], "classify__covariance_type": ["full"], "classify__reg_covar": [1.0]},
    ]
    return GaussianMixtureClassifier(random_state=0), [m | {"project__shrinkage": _SHRINKAGES} for m in mixtures]


def _mlp() -> tuple[BaseEstimator, Grid]:
    # After the projection little is left to learn and much to overfit to: strong decay, fitted to its optimum by
    # L-BFGS, which needs no number of epochs and so does for sixty clips as for thousands.
    network = MLPClassifier((32,), solver="lbfgs", max_iter=1000, random_state=0)
    return network, {"project__shrinkage": _SHRINKAGES, "classify__alpha": [10.0, 100.0]}
