"""Gaussian mixture models, one for each emotion, on acoustic features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier
from affetto.classifiers.front_ends import (
    MAX_VARIANCES,
    SHRINKAGES,
    VOCAL_TRACT_AUGMENTATIONS,
    acoustic_front_end,
    projected,
)
from affetto.classifiers.recipe import Recipe

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def _classifier() -> Pipeline:
    return projected(GaussianMixtureClassifier(random_state=0))


def _grid(n_components: int, covariance_type: str, reg_covar: float) -> dict[str, list[Any]]:
    return {
        "classify__n_components": [n_components],
        "classify__covariance_type": [covariance_type],
        "classify__reg_covar": [reg_covar],
        "project__shrinkage": SHRINKAGES,
        "project__max_variance": MAX_VARIANCES,
    }


RECIPE = Recipe(
    front_end=acoustic_front_end,
    classifier=_classifier,
    input="features",
    augmentations=VOCAL_TRACT_AUGMENTATIONS,
    grid=[_grid(1, "diag", 1.0), _grid(2, "diag", 0.3), _grid(2, "full", 1.0)],
    min_recordings=4,
)
