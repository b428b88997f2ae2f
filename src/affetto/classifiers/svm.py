"""Support vector machine on acoustic features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.svm import SVC

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
    # The margins of pairs can be summed. One-versus-rest votes hardly show confidence.
    return projected(SVC(decision_function_shape="ovo"))


RECIPE = Recipe(
    front_end=acoustic_front_end,
    classifier=_classifier,
    input="features",
    augmentations=VOCAL_TRACT_AUGMENTATIONS,
    grid={
        "project__shrinkage": SHRINKAGES,
        "project__max_variance": MAX_VARIANCES,
        "classify__C": [0.03, 0.1, 0.5],
        "classify__gamma": [0.01, 0.03],
    },
    min_recordings=4,
)
